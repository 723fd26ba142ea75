package dev.mastodonmigration.embedded;

import dev.mastodonmigration.api.MastodonMigration;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * The Kubernetes API of the demo and the tests: Fabric8's CRUD server on a loopback port over plain HTTP, so that other processes
 * reach it, with what it lacks added by {@link ClusterLikeDispatcher}.
 */
public final class EmbeddedApiServer implements AutoCloseable {
    private final KubernetesMockServer server;
    private final ClusterLikeDispatcher dispatcher;
    private final KubernetesClient client;

    private EmbeddedApiServer(KubernetesMockServer server, ClusterLikeDispatcher dispatcher) {
        this.server = server;
        this.dispatcher = dispatcher;
        this.client = server.createClient();
    }

    public static EmbeddedApiServer start() {
        var migrations = new CustomResourceDefinitionContext.Builder()
                .withGroup(MastodonMigration.GROUP).withVersion(MastodonMigration.VERSION).withKind(MastodonMigration.KIND)
                .withPlural(HasMetadata.getPlural(MastodonMigration.class)).withScope("Namespaced").withStatusSubresource(true).build();
        var dispatcher = new ClusterLikeDispatcher(List.of(migrations));
        var server = new KubernetesMockServer(new Context(), new MockWebServer(), new HashMap<>(), dispatcher, false);
        server.init(InetAddress.getLoopbackAddress(), 0);
        return new EmbeddedApiServer(server, dispatcher);
    }

    /** Base URL for other processes, without a slash at the end. */
    public String url() {
        return "http://127.0.0.1:" + server.getPort();
    }

    /** A client with every right; closed with the server. */
    public KubernetesClient client() {
        return client;
    }

    /** Called when a request was carried out and watchers were told, before its answer is sent: an answer may be slow. */
    public void beforeAnswering(BiConsumer<RecordedRequest, MockResponse> then) {
        dispatcher.beforeAnswering(then);
    }

    /** Environment that makes a Quarkus process use this server and no kubeconfig or service account of the machine. */
    public Map<String, String> environment(String namespace) {
        return Map.of(
                "QUARKUS_KUBERNETES_CLIENT_API_SERVER_URL", url(),
                "QUARKUS_KUBERNETES_CLIENT_NAMESPACE", namespace,
                "QUARKUS_KUBERNETES_CLIENT_TRUST_CERTS", "false",
                "KUBERNETES_AUTH_TRYKUBECONFIG", "false",
                "KUBERNETES_AUTH_TRYSERVICEACCOUNT", "false",
                "KUBERNETES_TRYNAMESPACEPATH", "false",
                "KUBECONFIG", "/dev/null");
    }

    @Override
    public void close() {
        client.close();
        server.destroy();
    }
}
