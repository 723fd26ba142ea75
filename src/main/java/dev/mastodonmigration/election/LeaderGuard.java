package dev.mastodonmigration.election;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Lets no write reach the API server while this operator may not act: a process that was asleep wakes up in the middle of a step. Reading harms nobody. */
final class LeaderGuard implements Interceptor {
    private final Leadership leadership;

    LeaderGuard(Leadership leadership) {
        this.leadership = leadership;
    }

    @Override
    public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
        if (!request.method().equals("GET") && !leadership.mayAct()) {
            throw new KubernetesClientException("not written, because this operator does not hold its Lease at the moment: " + request.method() + " " + request.uri().getPath());
        }
    }

    /** The client of everything in this process but the election itself. */
    static class GuardedClient {
        @Produces
        @Singleton
        KubernetesClient guarded(Config config, KubernetesSerialization serialization, Leadership leadership) {
            return new KubernetesClientBuilder().withConfig(config).withKubernetesSerialization(serialization)
                    .withHttpClientBuilderConsumer(http -> http.addOrReplaceInterceptor("leader", new LeaderGuard(leadership))).build();
        }
    }
}
