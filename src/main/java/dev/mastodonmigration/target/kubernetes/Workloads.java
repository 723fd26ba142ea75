package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.Kubernetes;
import dev.mastodonmigration.api.MastodonMigrationSpec.Workload;
import dev.mastodonmigration.mastodon.TargetEnvironment;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentStrategy;
import io.fabric8.kubernetes.api.model.apps.DeploymentStrategyBuilder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Everything that runs a Mastodon on Kubernetes, as it should be: two Services, one Secret, and a Deployment for web, streaming and each Sidekiq entry.
 * Nothing has an ownerReference: who deletes a finished migration must not delete the instance that it moved. {@link KubernetesCompute#remove} is the only way.
 *
 * @param secret      the environment
 * @param services    what an Ingress or a proxy is pointed at
 * @param deployments web, streaming, then Sidekiq with 0 replicas: a Sidekiq that starts before GoLive would mail and federate beside the old one
 */
public record Workloads(Secret secret, List<Service> services, List<Deployment> deployments) {
    /**
     * Plans the workloads.
     *
     * @param environment of {@link TargetEnvironment}
     * @throws IllegalArgumentException when not exactly one Sidekiq process, with one replica, serves the scheduler queue
     */
    public static Workloads of(MastodonMigration migration, SortedMap<String, String> environment) {
        var names = WorkloadNames.of(migration);
        var kubernetes = migration.getSpec().target().compute().kubernetes();
        var instance = migration.getSpec().instance();
        var hash = Digest.of(environment);
        var deployments = new ArrayList<Deployment>();
        deployments.add(deployment(names, WorkloadNames.WEB, replicas(kubernetes.web()), rolling(), hash, WebProcesses.web(instance, environment)));
        deployments.add(deployment(names, WorkloadNames.STREAMING, replicas(kubernetes.streaming()), rolling(), hash, WebProcesses.streaming(instance, environment)));
        for (var process : sidekiq(kubernetes)) {
            deployments.add(deployment(names, WorkloadNames.sidekiqComponent(process.name()), 0, recreate(), hash, process.container(instance.image())));
        }
        return new Workloads(secret(names, environment),
                List.of(service(names, WorkloadNames.WEB, WebProcesses.WEB_PORT), service(names, WorkloadNames.STREAMING, WebProcesses.STREAMING_PORT)),
                List.copyOf(deployments));
    }

    /** The Sidekiq processes; repeats the schema's rule, because not every API server runs it and two schedulers would publish and delete twice. */
    static List<SidekiqProcess> sidekiq(Kubernetes kubernetes) {
        var processes = SidekiqProcess.of(kubernetes);
        if (processes.stream().filter(SidekiqProcess::servesScheduler).mapToInt(SidekiqProcess::replicas).sum() != 1) {
            throw new IllegalArgumentException("spec.target.compute.kubernetes.sidekiq: exactly one entry, with one replica, must serve the scheduler queue");
        }
        if (processes.stream().map(SidekiqProcess::name).distinct().count() != processes.size()) {
            throw new IllegalArgumentException("spec.target.compute.kubernetes.sidekiq: two entries have the same name");
        }
        return processes;
    }

    private static int replicas(Workload workload) {
        return Optional.ofNullable(workload).map(Workload::replicas).orElse(1);
    }

    private static DeploymentStrategy rolling() {
        return new DeploymentStrategyBuilder().withType("RollingUpdate")
                .withNewRollingUpdate().withMaxSurge(new IntOrString(1)).withMaxUnavailable(new IntOrString(0)).endRollingUpdate().build();
    }

    /** Never an old and a new scheduler side by side. */
    private static DeploymentStrategy recreate() {
        return new DeploymentStrategyBuilder().withType("Recreate").build();
    }

    private static Deployment deployment(WorkloadNames names, String component, int replicas, DeploymentStrategy strategy, String environmentHash, ContainerBuilder container) {
        return new DeploymentBuilder()
                .withNewMetadata().withNamespace(names.namespace()).withName(names.of(component)).withLabels(names.labels(component)).endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withStrategy(strategy)
                .withNewSelector().withMatchLabels(names.selector(component)).endSelector()
                .withTemplate(MastodonPod.of(names, component, environmentHash, container))
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

    private static Secret secret(WorkloadNames names, Map<String, String> environment) {
        var data = new TreeMap<String, String>();
        environment.forEach((name, value) -> data.put(name, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8))));
        return new SecretBuilder()
                .withNewMetadata().withNamespace(names.namespace()).withName(names.environment()).withLabels(names.labels("environment")).endMetadata()
                .withType("Opaque")
                .withData(data)
                .build();
    }
}
