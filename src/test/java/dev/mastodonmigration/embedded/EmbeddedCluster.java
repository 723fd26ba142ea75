package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.client.KubernetesClient;

/** An API server and what stands behind it, as slow and as unkind as {@link ClusterSettings} say, without an instance and without the operator. */
public final class EmbeddedCluster implements AutoCloseable {
    private final EmbeddedApiServer apiServer;
    private final JobRunner jobRunner;

    private EmbeddedCluster(EmbeddedApiServer apiServer, JobRunner jobRunner) {
        this.apiServer = apiServer;
        this.jobRunner = jobRunner;
    }

    public static EmbeddedCluster start(String namespace, ClusterSettings settings) {
        var apiServer = EmbeddedApiServer.startWithOlderCrd(settings.unknownFields().toArray(String[]::new));
        return new EmbeddedCluster(apiServer, JobRunner.start(apiServer.client(), namespace, settings));
    }

    public EmbeddedApiServer apiServer() {
        return apiServer;
    }

    public KubernetesClient client() {
        return apiServer.client();
    }

    public JobRunner jobRunner() {
        return jobRunner;
    }

    public PodFaults faults() {
        return jobRunner.faults();
    }

    @Override
    public void close() {
        jobRunner.close();
        apiServer.close();
    }
}
