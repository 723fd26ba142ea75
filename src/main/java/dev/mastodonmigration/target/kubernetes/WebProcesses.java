package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigrationSpec.Instance;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.HTTPHeader;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The two processes that answer HTTP: Puma and the streaming server. */
final class WebProcesses {
    static final String PORT_NAME = "http";
    private static final int PUMA_WORKERS_BY_DEFAULT = 2;
    private static final long MEBIBYTES_PER_PUMA_WORKER = 384;

    private WebProcesses() {}

    static ContainerBuilder web(Instance instance, Map<String, String> environment) {
        var workers = Optional.ofNullable(environment.get("WEB_CONCURRENCY")).filter(text -> text.matches("[1-9][0-9]?")).map(Integer::parseInt)
                .orElse(PUMA_WORKERS_BY_DEFAULT);
        // Mastodon answers 403 to an unknown Host and 301 to plain HTTP (config/initializers/1_hosts.rb, force_ssl).
        var headers = List.of(new HTTPHeader("Host", Optional.ofNullable(instance.webDomain()).orElse(instance.localDomain())), new HTTPHeader("X-Forwarded-Proto", "https"));
        return http("web", instance.image(), MastodonProcesses.WEB_PORT, MastodonProcesses.WEB_HEALTH, headers)
                .withCommand(MastodonProcesses.web())
                .withResources(MastodonPod.resources("250m", 256 + workers * MEBIBYTES_PER_PUMA_WORKER, 1024 + 2 * workers * MEBIBYTES_PER_PUMA_WORKER));
    }

    static ContainerBuilder streaming(Instance instance, Map<String, String> environment) {
        return http("streaming", MastodonProcesses.streamingImage(instance), MastodonProcesses.STREAMING_PORT, MastodonProcesses.STREAMING_HEALTH, List.of())
                .withCommand(MastodonProcesses.streaming())
                .withEnv(MastodonPod.env(MastodonProcesses.streamingEnvironment(environment)))
                .withResources(MastodonPod.resources("100m", 128, 1024));
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
