package dev.mastodonmigration.compute;

import dev.mastodonmigration.api.MastodonMigrationSpec.Instance;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;

/** Builds every active user's home and list feeds from the database, as Mastodon does it itself (docs.joinmastodon.org/admin/tootctl, feeds build). */
final class FeedsJob {
    private static final String COMPONENT = "feeds";
    /** Of the pod, each after twice the pause of the one before; what was built stays, and building it again does no harm. */
    private static final int FAILURES = 3;
    /** For who wants to read its log. */
    private static final int KEPT_SECONDS = 86_400;

    private FeedsJob() {}

    /** @param attempt a Job can not be changed, so each attempt has one of its own */
    static String name(WorkloadNames names, int attempt) {
        return names.of(COMPONENT + "-" + attempt);
    }

    static Job of(WorkloadNames names, Instance instance, int attempt) {
        var container = new ContainerBuilder().withName(COMPONENT).withImage(instance.image())
                .withCommand("tootctl", "feeds", "build", "--all")
                .withResources(MastodonPod.resources("250m", 512, 2048));
        return new JobBuilder()
                .withNewMetadata().withNamespace(names.namespace()).withName(name(names, attempt)).withLabels(names.labels(COMPONENT)).endMetadata()
                .withNewSpec()
                .withCompletions(1).withParallelism(1)
                .withBackoffLimit(FAILURES)
                .withTtlSecondsAfterFinished(KEPT_SECONDS)
                .withTemplate(MastodonPod.of(names, COMPONENT, "", container))
                .editTemplate().editSpec().withRestartPolicy("Never").endSpec().endTemplate()
                .endSpec()
                .build();
    }
}
