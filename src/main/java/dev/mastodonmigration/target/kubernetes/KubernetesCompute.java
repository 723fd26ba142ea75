package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.mastodon.Feeds;
import dev.mastodonmigration.target.Readiness;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Runs Mastodon as Deployments in the migration's namespace. Every method may be called again at any time; API errors come through as they are. */
public final class KubernetesCompute {
    /** On the Secret: every Deployment we may have made, so that one whose Sidekiq entry left the spec is found without listing. */
    private static final String DEPLOYMENTS_ANNOTATION = "mastodonmigration.dev/deployments";

    private final KubernetesClient client;

    public KubernetesCompute(KubernetesClient client) {
        this.client = client;
    }

    /**
     * Brings Secret, Services and Deployments to what the spec and the environment say; Sidekiq keeps the replicas it has, 0 at first.
     * A changed environment rolls the pods. Deployments of Sidekiq entries that left the spec are deleted.
     *
     * @throws ForeignObjectException   when an object of one of our names is not ours; nothing of it is touched
     * @throws IllegalArgumentException when the spec's Sidekiq entries break the scheduler rule
     */
    public void ensure(MastodonMigration migration, SortedMap<String, String> environment) {
        var names = WorkloadNames.of(migration);
        var objects = new OwnedObjects(client, names);
        var workloads = Workloads.of(migration, environment);
        refuseForeign(objects, workloads);
        var wanted = workloads.deployments().stream().map(deployment -> deployment.getMetadata().getName()).collect(Collectors.toCollection(TreeSet::new));
        var known = recorded(objects, names);
        known.addAll(wanted);
        ensureSecret(objects, workloads.secret(), known);
        workloads.services().forEach(service -> objects.ensure(Service.class, service, KubernetesCompute::keepAddresses));
        known.stream().filter(name -> !wanted.contains(name)).forEach(name -> objects.delete(Deployment.class, name));
        var sidekiq = Workloads.sidekiq(migration.getSpec().target().compute().kubernetes()).stream()
                .collect(Collectors.toMap(process -> names.sidekiq(process.name()), process -> process));
        workloads.deployments().forEach(deployment -> objects.ensure(Deployment.class, deployment,
                (found, intent) -> Optional.ofNullable(sidekiq.get(intent.getMetadata().getName())).ifPresent(process -> keepReplicas(process, found, intent))));
        ensureSecret(objects, Workloads.of(migration, environment).secret(), wanted);
    }

    /** Gives every Sidekiq Deployment its replicas. The caller has proved that no Sidekiq runs on the source any more. */
    public void startSidekiq(MastodonMigration migration) {
        var names = WorkloadNames.of(migration);
        var objects = new OwnedObjects(client, names);
        for (var process : Workloads.sidekiq(migration.getSpec().target().compute().kubernetes())) {
            var name = names.sidekiq(process.name());
            var found = objects.find(Deployment.class, name).orElseThrow(() -> new IllegalStateException(
                    "Deployment " + names.namespace() + "/" + name + " is gone. It is created anew when the migration goes on."));
            if (found.getSpec().getReplicas() != process.replicas()) {
                var version = found.getMetadata().getResourceVersion();
                found.getSpec().setReplicas(process.replicas());
                client.resource(found).lockResourceVersion(version).update();
            }
        }
    }

    /**
     * Whether the name of the Job of {@link #startFeeds} is free, asked while nothing is frozen yet: later a stranger's Job may hold up no more than the feeds.
     *
     * @throws ForeignObjectException when a Job of that name is not ours; it is not touched
     */
    public void refuseForeignFeedsJob(MastodonMigration migration) {
        var names = WorkloadNames.of(migration);
        new OwnedObjects(client, names).find(Job.class, FeedsJob.name(names));
    }

    /** Has Mastodon build its feeds from the database, unless that was begun before. */
    public void startFeeds(MastodonMigration migration) {
        var names = WorkloadNames.of(migration);
        if (new OwnedObjects(client, names).find(Job.class, FeedsJob.name(names)).isEmpty()) {
            client.resource(FeedsJob.of(names, migration.getSpec().instance())).create();
        }
    }

    /** How far it is with them. */
    public Feeds feeds(MastodonMigration migration) {
        var names = WorkloadNames.of(migration);
        return FeedsJob.state(new OwnedObjects(client, names).find(Job.class, FeedsJob.name(names)));
    }

    /** What builds them, as kubectl wants it. */
    public static String feedsJob(MastodonMigration migration) {
        var names = WorkloadNames.of(migration);
        return "-n " + names.namespace() + " job/" + FeedsJob.name(names);
    }

    /** Deletes the Job of {@link #startFeeds} once it has ended well; the log of one that failed is still to be read, and it goes by itself after a month. */
    public void removeFeedsJob(MastodonMigration migration) {
        if (feeds(migration) == Feeds.ENDED) {
            var names = WorkloadNames.of(migration);
            new OwnedObjects(client, names).delete(Job.class, FeedsJob.name(names));
        }
    }

    /** Reads how far the pods are. Before {@link #startSidekiq}, Sidekiq counts as ready with 0 of 0. */
    public Readiness ready(MastodonMigration migration) {
        var names = WorkloadNames.of(migration);
        var objects = new OwnedObjects(client, names);
        var found = new LinkedHashMap<String, Optional<Deployment>>();
        deploymentNames(migration, names).forEach(name -> found.put(name, objects.find(Deployment.class, name)));
        return DeploymentReadiness.of(found);
    }

    /** Deletes what {@link #ensure} made, and only that: objects of these names that are not ours stay. */
    public void remove(MastodonMigration migration) {
        var names = WorkloadNames.of(migration);
        var objects = new OwnedObjects(client, names);
        var known = new LinkedHashSet<>(deploymentNames(migration, names));
        Optional.ofNullable(client.secrets().inNamespace(names.namespace()).withName(names.environment()).get())
                .filter(secret -> Ownership.isOf(names, secret)).ifPresent(secret -> known.addAll(recorded(secret)));
        known.forEach(name -> objects.delete(Deployment.class, name));
        List.of(names.web(), names.streaming()).forEach(name -> objects.delete(Service.class, name));
        objects.delete(Secret.class, names.environment());
    }

    /** All or nothing: an instance of which only half could be made helps nobody. */
    private static void refuseForeign(OwnedObjects objects, Workloads workloads) {
        objects.find(Secret.class, workloads.secret().getMetadata().getName());
        workloads.services().forEach(service -> objects.find(Service.class, service.getMetadata().getName()));
        workloads.deployments().forEach(deployment -> objects.find(Deployment.class, deployment.getMetadata().getName()));
    }

    private static void ensureSecret(OwnedObjects objects, Secret secret, Set<String> deployments) {
        OwnedObjects.annotate(secret, Map.of(DEPLOYMENTS_ANNOTATION, String.join(",", deployments)));
        objects.ensure(Secret.class, secret, (found, intent) -> {});
    }

    /** Running or not is {@link #startSidekiq}'s decision, except that an entry which is given the scheduler queue may never run twice. */
    private static void keepReplicas(SidekiqProcess process, Deployment found, Deployment intent) {
        var running = found.getSpec().getReplicas();
        intent.getSpec().setReplicas(process.servesScheduler() ? Math.min(running, process.replicas()) : running);
    }

    /** Given by the API server, which refuses to change them. */
    private static void keepAddresses(Service found, Service intent) {
        intent.getSpec().setClusterIP(found.getSpec().getClusterIP());
        intent.getSpec().setClusterIPs(found.getSpec().getClusterIPs());
        intent.getSpec().setIpFamilies(found.getSpec().getIpFamilies());
        intent.getSpec().setIpFamilyPolicy(found.getSpec().getIpFamilyPolicy());
    }

    private static Set<String> recorded(OwnedObjects objects, WorkloadNames names) {
        return objects.find(Secret.class, names.environment()).map(KubernetesCompute::recorded).orElseGet(TreeSet::new);
    }

    private static Set<String> recorded(Secret secret) {
        return Optional.ofNullable(OwnedObjects.annotations(secret).get(DEPLOYMENTS_ANNOTATION)).filter(names -> !names.isEmpty())
                .map(names -> new TreeSet<>(List.of(names.split(",")))).orElseGet(TreeSet::new);
    }

    private static List<String> deploymentNames(MastodonMigration migration, WorkloadNames names) {
        var all = new ArrayList<>(List.of(names.web(), names.streaming()));
        SidekiqProcess.of(migration.getSpec().target().compute().kubernetes()).forEach(process -> all.add(names.sidekiq(process.name())));
        return all;
    }
}
