package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigrationSpec.Instance;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.HTTPHeader;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The two processes that answer HTTP: Puma and the streaming server. */
final class WebProcesses {
    static final int WEB_PORT = 3000;
    static final int STREAMING_PORT = 4000;
    static final String PORT_NAME = "http";
    private static final int PUMA_WORKERS_BY_DEFAULT = 2;
    private static final long MEBIBYTES_PER_PUMA_WORKER = 384;
    private static final Set<String> LIBPQ_WITHOUT_TLS_PROMISE = Set.of("allow", "prefer");

    private WebProcesses() {}

    static ContainerBuilder web(Instance instance, Map<String, String> environment) {
        var workers = Optional.ofNullable(environment.get("WEB_CONCURRENCY")).filter(text -> text.matches("[1-9][0-9]?")).map(Integer::parseInt)
                .orElse(PUMA_WORKERS_BY_DEFAULT);
        var path = "/health";
        // Mastodon answers 403 to an unknown Host and 301 to plain HTTP (config/initializers/1_hosts.rb, force_ssl).
        var headers = List.of(new HTTPHeader("Host", Optional.ofNullable(instance.webDomain()).orElse(instance.localDomain())), new HTTPHeader("X-Forwarded-Proto", "https"));
        return http("web", instance.image(), WEB_PORT, path, headers)
                .withCommand("bundle", "exec", "puma", "-C", "config/puma.rb")
                .withResources(MastodonPod.resources("250m", 256 + workers * MEBIBYTES_PER_PUMA_WORKER, 1024 + 2 * workers * MEBIBYTES_PER_PUMA_WORKER));
    }

    static ContainerBuilder streaming(Instance instance, Map<String, String> environment) {
        return http("streaming", streamingImage(instance), STREAMING_PORT, "/api/v1/streaming/health", List.of())
                .withCommand("node", "./streaming/index.js")
                .withEnv(MastodonPod.env(nodeTls(environment)))
                .withResources(MastodonPod.resources("100m", 128, 1024));
    }

    /** Before 4.3 it was the same. */
    static String streamingImage(Instance instance) {
        return Optional.ofNullable(instance.streamingImage()).orElse(instance.image());
    }

    /** Says to Node what DB_SSLMODE says to libpq: require is TLS without verification, prefer and allow promise none (streaming/database.js). */
    static Map<String, String> nodeTls(Map<String, String> environment) {
        return Optional.ofNullable(environment.get("DB_SSLMODE"))
                .map(mode -> mode.equals("require") ? "no-verify" : LIBPQ_WITHOUT_TLS_PROMISE.contains(mode) ? "disable" : mode)
                .map(mode -> Map.of("DB_SSLMODE", mode)).orElse(Map.of());
    }

    private static ContainerBuilder http(String name, String image, int port, String path, List<HTTPHeader> headers) {
        return new ContainerBuilder().withName(name).withImage(image)
                .addNewPort().withName(PORT_NAME).withContainerPort(port).withProtocol("TCP").endPort()
                // Rails takes a minute and more to boot on a small node; five are given before the kubelet restarts it.
                .withStartupProbe(probe(path, headers, 5, 60))
                .withReadinessProbe(probe(path, headers, 5, 3))
                .withLivenessProbe(probe(path, headers, 20, 6));
    }

    private static Probe probe(String path, List<HTTPHeader> headers, int periodSeconds, int failures) {
        return new ProbeBuilder()
                .withNewHttpGet().withPath(path).withNewPort(PORT_NAME).withHttpHeaders(headers).endHttpGet()
                .withPeriodSeconds(periodSeconds).withFailureThreshold(failures).withTimeoutSeconds(5)
                .build();
    }
}
