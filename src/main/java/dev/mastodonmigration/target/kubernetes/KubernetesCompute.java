package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.Kubernetes;
import dev.mastodonmigration.cost.Charge;
import dev.mastodonmigration.mastodon.Building;
import dev.mastodonmigration.mastodon.MastodonEnvironment;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.probe.Endpoint;
import dev.mastodonmigration.target.Compute;
import dev.mastodonmigration.target.Readiness;
import dev.mastodonmigration.target.Readiness.Count;
import dev.mastodonmigration.target.SmokeTest;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Runs Mastodon as Deployments in the migration's namespace. */
final class KubernetesCompute implements Compute {
    /** On the Secret: every Deployment we may have made, so that one whose Sidekiq entry left the spec is found without listing. */
    private static final String DEPLOYMENTS_ANNOTATION = "mastodonmigration.dev/deployments";

    private static final String BURST_ANNOTATION = "mastodonmigration.dev/burst";

    private final MastodonMigration migration;
    private final WorkloadNames names;
    private final OwnedObjects objects;
    private final SmokeTests smokeTests;
    private final CronJobs cronJobs;

    KubernetesCompute(KubernetesClient client, MastodonMigration migration) {
        this.migration = migration;
        this.names = WorkloadNames.of(migration);
        this.objects = new OwnedObjects(client, names);
        this.smokeTests = new SmokeTests(objects, migration);
        this.cronJobs = new CronJobs(objects, migration);
    }

    private Kubernetes spec() {
        return migration.getSpec().target().compute().kubernetes();
    }

    @Override
    public List<String> violations() {
        return WorkloadFindings.violations(migration);
    }

    @Override
    public List<Charge> charges() {
        return List.of(Charge.unknown("web, streaming and Sidekiq in your cluster", "what the cluster costs is between you and its provider"));
    }

    @Override
    public Findings preflight() {
        var foreign = new ArrayList<String>();
        places().forEach((name, kind) -> {
            try {
                objects.find(kind, name.substring(name.indexOf('/') + 1));
            } catch (ForeignObjectException e) {
                foreign.add(e.getMessage());
            }
        });
        return WorkloadFindings.of(migration).and(new Findings(foreign, List.of()));
    }

    /**
     * A changed environment rolls the pods; Sidekiq keeps the replicas it has, 0 at first. Deployments of Sidekiq entries that left the spec are deleted.
     *
     * @throws ForeignObjectException when an object of one of our names is not ours; nothing of it is touched
     */
    @Override
    public Provisioned ensure(SortedMap<String, String> environment) {
        var workloads = Workloads.of(migration, environment);
        // All or nothing: an instance of which only half could be made helps nobody.
        places().forEach((name, kind) -> objects.find(kind, name.substring(name.indexOf('/') + 1)));
        var wanted = workloads.deployments().stream().map(deployment -> deployment.getMetadata().getName()).collect(Collectors.toCollection(TreeSet::new));
        var known = objects.find(Secret.class, names.environment()).map(KubernetesCompute::recorded).orElseGet(TreeSet::new);
        known.addAll(wanted);
        ensureSecret(workloads.environment(), known);
        workloads.certificates().ifPresentOrElse(secret -> objects.ensure(Secret.class, secret, (found, intent) -> {}), () -> objects.delete(Secret.class, names.certificates()));
        workloads.services().forEach(service -> objects.ensure(Service.class, service, KubernetesCompute::keepAddresses));
        known.stream().filter(name -> !wanted.contains(name)).forEach(name -> objects.delete(Deployment.class, name));
        var sidekiq = Workloads.sidekiq(spec()).stream().collect(Collectors.toMap(process -> names.sidekiq(process.name()), process -> process));
        workloads.deployments().forEach(deployment -> objects.ensure(Deployment.class, deployment,
                (found, intent) -> Optional.ofNullable(sidekiq.get(intent.getMetadata().getName())).ifPresent(process -> keepReplicas(process, found, intent))));
        ensureBudgets(workloads.budgets());
        ensureSecret(Workloads.of(migration, environment).environment(), wanted);
        return new Provisioned.Ready("");
    }

    private void ensureBudgets(List<PodDisruptionBudget> budgets) {
        var wanted = budgets.stream().map(budget -> budget.getMetadata().getName()).toList();
        budgets.forEach(budget -> objects.ensure(PodDisruptionBudget.class, budget, (found, intent) -> {}));
        List.of(names.web(), names.streaming()).stream().filter(name -> !wanted.contains(name)).forEach(name -> objects.delete(PodDisruptionBudget.class, name));
    }

    @Override
    public Readiness ready() {
        var revision = revision();
        var parts = new TreeMap<String, Count>();
        var late = new ArrayList<Deployment>();
        var missing = new ArrayList<String>();
        for (var name : deploymentNames()) {
            objects.find(Deployment.class, name).ifPresentOrElse(deployment -> {
                parts.put(name, DeploymentReadiness.of(deployment, revision));
                if (!parts.get(name).complete()) {
                    late.add(deployment);
                }
            }, () -> missing.add(name));
        }
        return new Readiness(parts, missing.stream().sorted().toList(), late.isEmpty() ? List.of() : troubles(late));
    }

    private List<String> troubles(List<Deployment> late) {
        var troubles = new Troubles(objects);
        return late.stream().flatMap(deployment -> troubles.of(deployment).stream()).toList();
    }

    @Override
    public String revision() {
        return objects.find(Secret.class, names.environment()).map(secret -> OwnedObjects.annotations(secret).get(Workloads.REVISION_ANNOTATION)).orElse("");
    }

    @Override
    public SmokeTest smokeTest() {
        var revision = revision();
        return revision.isEmpty() ? new SmokeTest.Running("the instance is not deployed yet") : smokeTests.look(revision, environment());
    }

    @Override
    public void removeSmokeTest() {
        smokeTests.remove();
    }

    @Override
    public boolean runsSidekiq() {
        return Workloads.sidekiq(spec()).stream().flatMap(process -> objects.find(Deployment.class, names.sidekiq(process.name())).stream())
                .anyMatch(deployment -> deployment.getSpec().getReplicas() > 0);
    }

    @Override
    public void startSidekiq() {
        for (var process : Workloads.sidekiq(spec())) {
            var name = names.sidekiq(process.name());
            var found = objects.find(Deployment.class, name).orElseThrow(() -> new OutsideException(
                    "Deployment " + names.namespace() + "/" + name + " is gone. It is created anew when the migration goes on.", true));
            if (burst(found).isEmpty() ? found.getSpec().getReplicas() != process.replicas() : isEditedSince(found, process)) {
                var more = process.burst().filter(wanted -> burst(found).isPresent());
                giveUsual(found, process);
                more.ifPresent(wanted -> giveMore(found, process, wanted));
                objects.replace(found, found);
            }
        }
    }

    /** On the Deployment itself, so that whoever looks later knows what we made of it, out of what, and whether somebody else has scaled it since. */
    private static Optional<String> burst(Deployment deployment) {
        return Optional.ofNullable(OwnedObjects.annotations(deployment).get(BURST_ANNOTATION));
    }

    private static String burst(int replicas, int more) {
        return more + " instead of " + replicas;
    }

    /** Whether the spec says otherwise than when it was given more pods. */
    private static boolean isEditedSince(Deployment deployment, SidekiqProcess process) {
        return !burst(deployment).equals(process.burst().map(more -> burst(process.replicas(), more)));
    }

    private static void giveUsual(Deployment deployment, SidekiqProcess process) {
        deployment.getSpec().setReplicas(process.replicas());
        forgetBurst(deployment);
    }

    private static void forgetBurst(Deployment deployment) {
        Optional.ofNullable(deployment.getMetadata().getAnnotations()).ifPresent(annotations -> annotations.remove(BURST_ANNOTATION));
    }

    private static void giveMore(Deployment deployment, SidekiqProcess process, int more) {
        deployment.getSpec().setReplicas(more);
        OwnedObjects.annotate(deployment, Map.of(BURST_ANNOTATION, burst(process.replicas(), more)));
    }

    /** Whether it still has as many as it was given. */
    private static boolean isAsGiven(Deployment deployment) {
        return burst(deployment).filter(words -> words.startsWith(deployment.getSpec().getReplicas() + " ")).isPresent();
    }

    @Override
    public List<String> burstSidekiq() {
        var bursting = new ArrayList<String>();
        for (var process : Workloads.sidekiq(spec())) {
            var found = objects.find(Deployment.class, names.sidekiq(process.name())).filter(deployment -> process.burst().isPresent());
            if (found.filter(deployment -> burst(deployment).isEmpty() && deployment.getSpec().getReplicas() == process.replicas()).isPresent()) {
                giveMore(found.get(), process, process.burst().get());
                objects.replace(found.get(), found.get());
            }
            found.filter(deployment -> burst(deployment).isPresent()).ifPresent(deployment -> bursting.add(deployment.getMetadata().getName()));
        }
        return List.copyOf(bursting);
    }

    @Override
    public List<String> calmSidekiq() {
        var byHand = new ArrayList<String>();
        for (var process : Workloads.sidekiq(spec())) {
            objects.find(Deployment.class, names.sidekiq(process.name())).filter(deployment -> burst(deployment).isPresent()).ifPresent(deployment -> {
                if (isAsGiven(deployment)) {
                    giveUsual(deployment, process);
                } else {
                    byHand.add(deployment.getMetadata().getName());
                    forgetBurst(deployment);
                }
                objects.replace(deployment, deployment);
            });
        }
        return List.copyOf(byHand);
    }

    @Override
    public Entrances entrances() {
        return new Entrances("what stands in front of Service " + names.web() + ":" + MastodonProcesses.WEB_PORT, "what stands in front of Service " + names.streaming() + ":" + MastodonProcesses.STREAMING_PORT);
    }

    @Override
    public Optional<Endpoint> endpoint() {
        return Optional.of(new Endpoint(service(names.web(), MastodonProcesses.WEB_PORT), service(names.streaming(), MastodonProcesses.STREAMING_PORT)));
    }

    private URI service(String name, int port) {
        return URI.create("http://" + name + "." + names.namespace() + ".svc:" + port);
    }

    @Override
    public List<String> ensureCronJobs() {
        cronJobs.ensure(environment());
        return cronJobs.wanted();
    }

    @Override
    public Provisioned remove() {
        smokeTests.remove();
        var known = new LinkedHashSet<>(deploymentNames());
        objects.ours(Secret.class, names.environment()).ifPresent(secret -> known.addAll(recorded(secret)));
        known.forEach(name -> objects.delete(Deployment.class, name));
        List.of(names.web(), names.streaming()).forEach(name -> {
            objects.delete(Service.class, name);
            objects.delete(PodDisruptionBudget.class, name);
        });
        cronJobs.remove();
        objects.delete(Secret.class, names.certificates());
        objects.delete(Secret.class, names.environment());
        return new Provisioned.Ready("Web, streaming and Sidekiq are gone from the target");
    }

    @Override
    public void refuseForeignFeeds() {
        objects.find(Job.class, InstanceJob.FEEDS.name(names));
    }

    @Override
    public void startFeeds() {
        if (objects.find(Job.class, InstanceJob.FEEDS.name(names)).isEmpty()) {
            objects.create(InstanceJob.FEEDS.of(names, migration.getSpec(), environment()));
        }
    }

    @Override
    public Building feeds() {
        return InstanceJob.state(objects.find(Job.class, InstanceJob.FEEDS.name(names)));
    }

    @Override
    public String feedsJob() {
        return "-n " + names.namespace() + " job/" + InstanceJob.FEEDS.name(names);
    }

    /** The log of one that failed is still to be read, and it goes by itself after a month. */
    @Override
    public void removeFeeds() {
        if (feeds() == Building.ENDED) {
            objects.delete(Job.class, InstanceJob.FEEDS.name(names));
        }
    }

    @Override
    public void startSearch() {
        if (Boolean.TRUE.equals(spec().searchDeploy()) && objects.find(Job.class, InstanceJob.SEARCH.name(names)).isEmpty()) {
            var environment = environment();
            if (MastodonProcesses.searches(environment)) {
                objects.create(InstanceJob.SEARCH.of(names, migration.getSpec(), environment));
            }
        }
    }

    @Override
    public Building search() {
        return InstanceJob.state(Optional.ofNullable(spec().searchDeploy()).filter(Boolean.TRUE::equals).flatMap(wanted -> objects.ours(Job.class, InstanceJob.SEARCH.name(names))));
    }

    @Override
    public String searchJob() {
        return "-n " + names.namespace() + " job/" + InstanceJob.SEARCH.name(names);
    }

    @Override
    public void removeSearch() {
        if (search() == Building.ENDED) {
            objects.delete(Job.class, InstanceJob.SEARCH.name(names));
        }
    }

    /** Where we put something, as Kind/name, with its kind. */
    private Map<String, Class<? extends HasMetadata>> places() {
        var places = new LinkedHashMap<String, Class<? extends HasMetadata>>();
        List.of(names.environment(), names.certificates()).forEach(name -> places.put("Secret/" + name, Secret.class));
        List.of(names.web(), names.streaming()).forEach(name -> {
            places.put("Service/" + name, Service.class);
            places.put("PodDisruptionBudget/" + name, PodDisruptionBudget.class);
        });
        deploymentNames().forEach(name -> places.put("Deployment/" + name, Deployment.class));
        cronJobs.wanted().forEach(name -> places.put("CronJob/" + name, CronJob.class));
        return places;
    }

    /** What the pods get now, from the Secrets that {@link #ensure} wrote. */
    private Map<String, String> environment() {
        var environment = new TreeMap<String, String>();
        objects.find(Secret.class, names.environment()).map(Secret::getData).ifPresent(data -> data.forEach((name, value) -> environment.put(name, decode(value))));
        objects.find(Secret.class, names.certificates()).map(Secret::getData).flatMap(data -> data.values().stream().findFirst())
                .ifPresent(pem -> environment.put(MastodonEnvironment.CA_CERTIFICATES, decode(pem)));
        return environment;
    }

    private static String decode(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }

    private void ensureSecret(Secret secret, Set<String> deployments) {
        OwnedObjects.annotate(secret, Map.of(DEPLOYMENTS_ANNOTATION, String.join(",", deployments)));
        objects.ensure(Secret.class, secret, (found, intent) -> {});
    }

    /** Running or not is {@link #startSidekiq}'s decision, except that an entry which is given the scheduler queue may never run twice. */
    private static void keepReplicas(SidekiqProcess process, Deployment found, Deployment intent) {
        var running = found.getSpec().getReplicas();
        intent.getSpec().setReplicas(process.servesScheduler() ? Math.min(running, process.replicas()) : running);
    }

    /** Given by the API server, which refuses to change them. */
    static void keepAddresses(Service found, Service intent) {
        intent.getSpec().setClusterIP(found.getSpec().getClusterIP());
        intent.getSpec().setClusterIPs(found.getSpec().getClusterIPs());
        intent.getSpec().setIpFamilies(found.getSpec().getIpFamilies());
        intent.getSpec().setIpFamilyPolicy(found.getSpec().getIpFamilyPolicy());
    }

    private static Set<String> recorded(Secret secret) {
        return Optional.ofNullable(OwnedObjects.annotations(secret).get(DEPLOYMENTS_ANNOTATION)).filter(names -> !names.isEmpty())
                .map(names -> new TreeSet<>(List.of(names.split(",")))).orElseGet(TreeSet::new);
    }

    private List<String> deploymentNames() {
        var all = new ArrayList<>(List.of(names.web(), names.streaming()));
        SidekiqProcess.of(spec()).forEach(process -> all.add(names.sidekiq(process.name())));
        return all;
    }
}
