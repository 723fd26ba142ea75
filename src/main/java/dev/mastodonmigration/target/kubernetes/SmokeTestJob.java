package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.Instance;
import dev.mastodonmigration.api.PodTemplate;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import dev.mastodonmigration.mastodon.SmokeTestCommand;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One half of the smoke test: one of the instance's images in a pod as its Deployment makes it, with a program that only reads. The migration owns it, unlike what the
 * instance runs on: it is of no use to anybody when the migration is gone.
 */
enum SmokeTestJob {
    INSTANCE("smoke-web", SmokeTestCommand.instance()) {
        @Override
        ContainerBuilder container(Instance instance, Map<String, String> environment) {
            return new ContainerBuilder().withImage(instance.image()).withResources(MastodonPod.resources("250m", 384, 1536));
        }

        @Override
        Optional<PodTemplate> podTemplate(MastodonMigration migration) {
            return Workloads.podTemplate(migration.getSpec().target().compute().kubernetes().web());
        }
    },
    STREAMING("smoke-streaming", SmokeTestCommand.streaming()) {
        @Override
        ContainerBuilder container(Instance instance, Map<String, String> environment) {
            return new ContainerBuilder().withImage(MastodonProcesses.streamingImage(instance)).withEnv(MastodonPod.env(MastodonProcesses.streamingEnvironment(environment)))
                    .withResources(MastodonPod.resources("100m", 128, 512));
        }

        @Override
        Optional<PodTemplate> podTemplate(MastodonMigration migration) {
            return Workloads.podTemplate(migration.getSpec().target().compute().kubernetes().streaming());
        }
    };

    private static final String REPORT = "/dev/termination-log";
    /** Of the pod, each after twice the pause of the one before: a network that is away for a moment is no answer. */
    private static final int FAILURES = 2;

    private final String component;
    private final List<String> command;

    SmokeTestJob(String component, List<String> command) {
        this.component = component;
        this.command = command;
    }

    abstract ContainerBuilder container(Instance instance, Map<String, String> environment);

    abstract Optional<PodTemplate> podTemplate(MastodonMigration migration);

    /** At most 63 characters, because {@link WorkloadNames} limits the migration's name: Jobs' pods carry it as a label. */
    String name(WorkloadNames names, String revision) {
        return names.of(component) + "-" + revision;
    }

    static boolean isOne(Job job) {
        var component = Optional.ofNullable(job.getMetadata().getLabels()).map(labels -> labels.get(WorkloadNames.COMPONENT)).orElse("");
        return List.of(values()).stream().anyMatch(half -> half.component.equals(component));
    }

    /** @param environment that the instance runs with */
    Job of(MastodonMigration migration, String revision, Map<String, String> environment) {
        var names = WorkloadNames.of(migration);
        var template = Workloads.overlaid(MastodonPod.of(names, component, environment, container(migration.getSpec().instance(), environment).withName(component)), names, component,
                Optional.ofNullable(migration.getSpec().target().compute().kubernetes().podTemplate()).map(SmokeTestJob::withoutResources),
                podTemplate(migration).map(SmokeTestJob::withoutResources));
        var container = template.getSpec().getContainers().getFirst();
        container.setCommand(command);
        container.setTerminationMessagePath(REPORT);
        // Not the log's end when there is no message: a stack trace may show anything.
        container.setTerminationMessagePolicy("File");
        var own = SmokeTestCommand.environment(REPORT);
        own.put(SmokeTestCommand.BEFORE_THE_COPY, String.valueOf(SpecDefaults.dumpsPostgres(migration.getSpec())));
        container.getEnv().removeIf(variable -> own.containsKey(variable.getName()));
        container.getEnv().addAll(MastodonPod.env(own));
        template.getSpec().setRestartPolicy("Never");
        return new JobBuilder()
                .withNewMetadata().withNamespace(names.namespace()).withName(name(names, revision)).withLabels(names.labels(component))
                .withOwnerReferences(new OwnerReferenceBuilder().withApiVersion(migration.getApiVersion()).withKind(migration.getKind())
                        .withName(migration.getMetadata().getName()).withUid(names.uid()).withController(true).build())
                .endMetadata()
                .withNewSpec()
                .withCompletions(1).withParallelism(1).withBackoffLimit(FAILURES)
                .withNewPodFailurePolicy()
                .addNewRule().withAction("Ignore").addNewOnPodCondition().withType("DisruptionTarget").withStatus("True").endOnPodCondition().endRule()
                .addNewRule().withAction("FailJob").withNewOnExitCodes().withContainerName(component).withOperator("In").withValues(SmokeTestCommand.REFUSED).endOnExitCodes().endRule()
                .endPodFailurePolicy()
                .withTemplate(template)
                .endSpec()
                .build();
    }

    /** Those are for a server under load. */
    private static PodTemplate withoutResources(PodTemplate template) {
        return new PodTemplate(template.labels(), template.annotations(), null, template.env(), template.volumes(), template.volumeMounts(), template.nodeSelector(), template.tolerations(),
                template.affinity(), template.topologySpreadConstraints(), template.serviceAccountName(), template.imagePullSecrets(), template.securityContext());
    }
}
