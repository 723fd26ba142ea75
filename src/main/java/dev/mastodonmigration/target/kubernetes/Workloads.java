package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.Kubernetes;
import dev.mastodonmigration.api.MastodonMigrationSpec.Workload;
import dev.mastodonmigration.api.PodTemplate;
import dev.mastodonmigration.mastodon.MastodonEnvironment;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import dev.mastodonmigration.outside.OutsideException;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraintBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentStrategy;
import io.fabric8.kubernetes.api.model.apps.DeploymentStrategyBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Everything that runs a Mastodon on Kubernetes, as it should be: two Services, the Secrets, and a Deployment for web, streaming and each Sidekiq entry.
 * Nothing has an ownerReference: who deletes a finished migration must not delete the instance that it moved. {@link KubernetesCompute#remove} is the only way.
 *
 * @param revision     names image and configuration; on every Deployment and on the environment's Secret, so that what was brought about only in part is noticed
 * @param environment  the Secret that all pods take their variables from
 * @param certificates of the target's servers, where they need a file of their own
 * @param services     what an Ingress or a proxy is pointed at
 * @param deployments  web, streaming, then Sidekiq with 0 replicas: a Sidekiq that starts before GoLive would mail and federate beside the old one
 * @param budgets      so that a drained node takes one pod at a time of what has several
 */
record Workloads(String revision, Secret environment, Optional<Secret> certificates, List<Service> services, List<Deployment> deployments, List<PodDisruptionBudget> budgets) {
    static final String REVISION_ANNOTATION = "mastodonmigration.dev/revision";
    /** On a pod's template and on its pods: tells those of the present template from those that a rollout replaces. */
    static final String TEMPLATE_ANNOTATION = "mastodonmigration.dev/template";
    static final int SHORT = 12;

    /**
     * Plans the workloads.
     *
     * @param environment of {@link MastodonEnvironment}
     * @throws OutsideException when not exactly one Sidekiq process, with one replica, serves the scheduler queue
     */
    static Workloads of(MastodonMigration migration, SortedMap<String, String> environment) {
        var names = WorkloadNames.of(migration);
        var spec = migration.getSpec().target().compute().kubernetes();
        var instance = migration.getSpec().instance();
        var revision = revision(migration, environment);
        var plan = new Plan(names, environment, revision, Optional.ofNullable(spec.podTemplate()));
        var deployments = new ArrayList<Deployment>();
        deployments.add(plan.deployment(WorkloadNames.WEB, replicas(spec.web()), rolling(), WebProcesses.web(instance, environment), podTemplate(spec.web())));
        deployments.add(plan.deployment(WorkloadNames.STREAMING, replicas(spec.streaming()), rolling(), WebProcesses.streaming(instance, environment), podTemplate(spec.streaming())));
        for (var process : sidekiq(spec)) {
            deployments.add(plan.deployment(WorkloadNames.sidekiqComponent(process.name()), 0, recreate(), process.container(instance.image()), process.podTemplate()));
        }
        var variables = new TreeMap<>(environment);
        var certificates = Optional.ofNullable(variables.remove(MastodonEnvironment.CA_CERTIFICATES));
        var secret = secret(names, names.environment(), variables);
        OwnedObjects.annotate(secret, Map.of(REVISION_ANNOTATION, revision));
        return new Workloads(revision, secret,
                certificates.map(pem -> secret(names, names.certificates(), Map.of(MastodonEnvironment.CA_FILE.substring(MastodonEnvironment.CA_FILE.lastIndexOf('/') + 1), pem))),
                List.of(service(names, WorkloadNames.WEB, MastodonProcesses.WEB_PORT), service(names, WorkloadNames.STREAMING, MastodonProcesses.STREAMING_PORT)),
                List.copyOf(deployments),
                Stream.of(WorkloadNames.WEB, WorkloadNames.STREAMING).filter(component -> replicas(component.equals(WorkloadNames.WEB) ? spec.web() : spec.streaming()) > 1)
                        .map(component -> budget(names, component)).toList());
    }

    /** What all Deployments have in common. */
    private record Plan(WorkloadNames names, Map<String, String> environment, String revision, Optional<PodTemplate> ofAll) {
        Deployment deployment(String component, int replicas, DeploymentStrategy strategy, ContainerBuilder container, Optional<PodTemplate> own) {
            var pod = new PodTemplateSpecBuilder(MastodonPod.of(names, component, environment, container))
                    .editSpec().withTopologySpreadConstraints(spread(names, component, "kubernetes.io/hostname"), spread(names, component, "topology.kubernetes.io/zone")).endSpec().build();
            var merged = overlaid(pod, names, component, ofAll, own);
            merged.getMetadata().getAnnotations().put(TEMPLATE_ANNOTATION, Digest.of(merged).substring(0, SHORT));
            return new DeploymentBuilder()
                    .withNewMetadata().withNamespace(names.namespace()).withName(names.of(component)).withLabels(names.labels(component))
                    .addToAnnotations(REVISION_ANNOTATION, revision).endMetadata()
                    .withNewSpec()
                    .withReplicas(replicas)
                    .withStrategy(strategy)
                    .withNewSelector().withMatchLabels(names.selector(component)).endSelector()
                    .withTemplate(merged)
                    .endSpec()
                    .build();
        }
    }

    /** First what the admin wants of all pods, then what of these. */
    static PodTemplateSpec overlaid(PodTemplateSpec ours, WorkloadNames names, String component, Optional<PodTemplate> ofAll, Optional<PodTemplate> own) {
        var template = ours;
        for (var layer : Stream.of(ofAll, own).flatMap(Optional::stream).toList()) {
            template = PodOverlay.on(template, layer, names, component);
        }
        return template;
    }

    private static String revision(MastodonMigration migration, SortedMap<String, String> environment) {
        var instance = migration.getSpec().instance();
        var spec = migration.getSpec().target().compute().kubernetes();
        return Digest.of(Arrays.asList(instance.image(), instance.streamingImage(), environment, spec.podTemplate(), podTemplate(spec.web()).orElse(null),
                podTemplate(spec.streaming()).orElse(null), SidekiqProcess.of(spec).stream().map(process -> process.podTemplate().orElse(null)).toList())).substring(0, SHORT);
    }

    /** The Sidekiq processes; repeats the schema's rule, because not every API server runs it and two schedulers would publish and delete twice. */
    static List<SidekiqProcess> sidekiq(Kubernetes kubernetes) {
        var processes = SidekiqProcess.of(kubernetes);
        var violations = SidekiqProcess.violations(processes);
        if (!violations.isEmpty()) {
            throw new OutsideException(String.join(" ", violations), false);
        }
        return processes;
    }

    private static int replicas(Workload workload) {
        return Optional.ofNullable(workload).map(Workload::replicas).orElse(1);
    }

    static Optional<PodTemplate> podTemplate(Workload workload) {
        return Optional.ofNullable(workload).map(Workload::podTemplate);
    }

    static DeploymentStrategy rolling() {
        return new DeploymentStrategyBuilder().withType("RollingUpdate")
                .withNewRollingUpdate().withMaxSurge(new IntOrString(1)).withMaxUnavailable(new IntOrString(0)).endRollingUpdate().build();
    }

    /** Never an old and a new scheduler side by side. */
    private static DeploymentStrategy recreate() {
        return new DeploymentStrategyBuilder().withType("Recreate").build();
    }

    /** Where it can: on a cluster of one node the instance runs all the same. */
    static TopologySpreadConstraint spread(WorkloadNames names, String component, String over) {
        return new TopologySpreadConstraintBuilder().withMaxSkew(1).withTopologyKey(over).withWhenUnsatisfiable("ScheduleAnyway")
                .withNewLabelSelector().withMatchLabels(names.selector(component)).endLabelSelector().build();
    }

    /** One at a time may go, whatever their number; pods that do not serve anyway hold up no drain (kubernetes.io/docs/tasks/run-application/configure-pdb). */
    static PodDisruptionBudget budget(WorkloadNames names, String component) {
        return new PodDisruptionBudgetBuilder()
                .withNewMetadata().withNamespace(names.namespace()).withName(names.of(component)).withLabels(names.labels(component)).endMetadata()
                .withNewSpec()
                .withMaxUnavailable(new IntOrString(1))
                .withUnhealthyPodEvictionPolicy("AlwaysAllow")
                .withNewSelector().withMatchLabels(names.selector(component)).endSelector()
                .endSpec()
                .build();
    }

    private static Service service(WorkloadNames names, String component, int port) {
        return new ServiceBuilder()
                .withNewMetadata().withNamespace(names.namespace()).withName(names.of(component)).withLabels(names.labels(component)).endMetadata()
                .withNewSpec()
                .withType("ClusterIP")
                .withSelector(names.selector(component))
                .addNewPort().withName(WebProcesses.PORT_NAME).withPort(port).withNewTargetPort(WebProcesses.PORT_NAME).withProtocol("TCP").endPort()
                .endSpec()
                .build();
    }

    private static Secret secret(WorkloadNames names, String name, Map<String, String> values) {
        var data = new TreeMap<String, String>();
        values.forEach((key, value) -> data.put(key, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8))));
        return new SecretBuilder()
                .withNewMetadata().withNamespace(names.namespace()).withName(name).withLabels(names.labels("environment")).endMetadata()
                .withType("Opaque")
                .withData(data)
                .build();
    }
}
