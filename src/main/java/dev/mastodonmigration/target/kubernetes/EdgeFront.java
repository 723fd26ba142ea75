package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.cost.Charge;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.edge.FrontProbe;
import dev.mastodonmigration.edge.ObservedFront;
import dev.mastodonmigration.edge.proxy.EdgeClient;
import dev.mastodonmigration.edge.proxy.EdgeReport;
import dev.mastodonmigration.edge.proxy.EdgeState;
import dev.mastodonmigration.edge.proxy.EdgeState.Mode;
import dev.mastodonmigration.edge.proxy.Routes;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.KeptSecret;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Pods of ours in the migration's namespace that pass users' requests on: to the source first, to the target after the cutover, to nobody in between. What they are to do is written down in a Secret before
 * any pod is told, so that a pod that is made later, and an operator that was killed, know it.
 */
final class EdgeFront implements ObservedFront {
    private static final String FRONT = "spec.target.dns.route53.front";
    /** The source may take longer for a request; the freeze does not wait for it. */
    private static final Duration LONGEST_REQUEST = Duration.ofSeconds(5);
    private static final int TOKEN_BYTES = 32;
    private final MastodonMigration migration;
    private final EdgeObjects plan;
    private final OwnedObjects objects;
    private final KeptSecret secret;
    private final EdgeClient client;
    private final FrontProbe probe;
    private final Function<List<String>, Map<String, URI>> source;

    /** @param source where the source takes requests for these domains; may throw {@link OutsideException} */
    EdgeFront(MastodonMigration migration, EdgeObjects plan, OwnedObjects objects, KeptSecret secret, EdgeClient client, FrontProbe probe, Function<List<String>, Map<String, URI>> source) {
        this.migration = migration;
        this.plan = plan;
        this.objects = objects;
        this.secret = secret;
        this.client = client;
        this.probe = probe;
        this.source = source;
    }

    @Override
    public List<String> violations() {
        var violations = new ArrayList<String>();
        var target = migration.getSpec().target();
        if (target.compute() == null || target.compute().kubernetes() == null) {
            violations.add("spec.edge passes users' requests on to web and streaming in this cluster, so it needs spec.target.compute.kubernetes: remove spec.edge.");
        }
        if (target.dns() != null && target.dns().route53() != null && target.dns().route53().front() == null) {
            violations.add(FRONT + " is required: where the world reaches the load balancer that you have in front of " + entrances() + ".");
        }
        return List.copyOf(violations);
    }

    private String entrances() {
        return "Service " + plan.frontOfWeb() + " and Service " + plan.frontOfStreaming();
    }

    /** Part of what the cluster costs, of which compute says that nobody knows it. */
    @Override
    public List<Charge> charges() {
        return List.of();
    }

    @Override
    public Findings preflight() {
        var blockers = new ArrayList<String>();
        places().forEach((name, kind) -> {
            try {
                objects.find(kind, name.substring(name.indexOf('/') + 1));
            } catch (ForeignObjectException foreign) {
                blockers.add(foreign.getMessage());
            }
        });
        try {
            source.apply(SpecDefaults.hosts(migration.getSpec()));
        } catch (OutsideException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            blockers.add(refused.getMessage());
        }
        return new Findings(blockers, List.of("Users come through pods of the operator's while the instance moves (spec.edge). Have your load balancer or Ingress send requests for "
                + String.join(" and ", SpecDefaults.hosts(migration.getSpec())) + " to Service " + plan.frontOfWeb() + ", and those whose path begins with /api/v1/streaming, or that are for a domain of streaming's own, to Service "
                + plan.frontOfStreaming() + ", with a valid certificate, bodies of 99 MB, and without buffering. These two Services stay when the migration has ended; they lead to web and streaming then."));
    }

    private Map<String, Class<? extends HasMetadata>> places() {
        var places = new TreeMap<String, Class<? extends HasMetadata>>();
        places.put("Deployment/" + plan.edge(), Deployment.class);
        places.put("PodDisruptionBudget/" + plan.edge(), PodDisruptionBudget.class);
        List.of(plan.edge(), plan.frontOfWeb(), plan.frontOfStreaming()).forEach(name -> places.put("Service/" + name, Service.class));
        return places;
    }

    @Override
    public Provisioned ensure() {
        var deployment = create();
        var count = DeploymentReadiness.of(deployment, OwnedObjects.annotations(deployment).get(Workloads.REVISION_ANNOTATION));
        return count.complete() ? new Provisioned.Ready("")
                : new Provisioned.Working("waiting for " + plan.edge() + ": " + count.ready() + "/" + count.total() + new Troubles(objects).of(deployment).map(trouble -> " (" + trouble + ")").orElse(""));
    }

    /** Puts there what is not there, and changes what the spec says otherwise now. @return the Deployment */
    private Deployment create() {
        places().forEach((name, kind) -> objects.find(kind, name.substring(name.indexOf('/') + 1)));
        if (secret.read().isEmpty()) {
            write(newToken(), new EdgeState(Mode.SOURCE, 1));
        }
        var routes = routes();
        objects.ensure(Service.class, plan.peers(), KubernetesCompute::keepAddresses);
        plan.fronts().forEach(front -> objects.ensure(Service.class, front, KubernetesCompute::keepAddresses));
        objects.ensure(PodDisruptionBudget.class, plan.budget(), (found, intent) -> {});
        objects.ensure(Deployment.class, plan.deployment(routes), (found, intent) -> {});
        return objects.find(Deployment.class, plan.edge()).orElseThrow(() -> new OutsideException("Deployment " + plan.edge() + " was deleted just now. It is created again.", true));
    }

    private Routes routes() {
        var found = source.apply(SpecDefaults.hosts(migration.getSpec()));
        return new Routes(found.entrySet().stream().map(entrance -> new Routes.Route(entrance.getKey(), "/", entrance.getValue())).toList(), plan.toTarget());
    }

    private static String newToken() {
        var bytes = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private void write(String token, EdgeState state) {
        secret.keep(Map.of(EdgeObjects.TOKEN, token, EdgeObjects.STATE, EdgeClient.json(state)));
    }

    private Optional<EdgeState> wanted() {
        return secret.read().map(values -> EdgeClient.state(values.get(EdgeObjects.STATE)));
    }

    @Override
    public Optional<FrontAddress> address() {
        return FrontAddress.of(migration.getSpec());
    }

    @Override
    public Edge.Side before() {
        return Edge.Side.SOURCE;
    }

    @Override
    public Provisioned hold() {
        var brought = bring(Mode.HOLD);
        if (brought.told().isPresent()) {
            return new Provisioned.Working(brought.told().get());
        }
        var busy = brought.reports().stream().filter(report -> report.stateMillis() < LONGEST_REQUEST.toMillis()).flatMap(report -> report.underWay().values().stream()).mapToInt(Integer::intValue).sum();
        return busy == 0 ? new Provisioned.Ready("requests are held") : new Provisioned.Working("requests are held; " + busy + " that came before are being answered");
    }

    @Override
    public Provisioned letGo(Edge.Side side) {
        if (wanted().isEmpty()) {
            // Nobody was ever led here.
            return new Provisioned.Ready("");
        }
        var mode = side == Edge.Side.SOURCE ? Mode.SOURCE : Mode.TARGET;
        var now = wanted().get().mode();
        if (now != Mode.HOLD && now != mode) {
            var held = bring(Mode.HOLD);
            if (held.told().isPresent()) {
                return new Provisioned.Working(held.told().get());
            }
        }
        return bring(mode).told().<Provisioned>map(Provisioned.Working::new).orElseGet(() -> new Provisioned.Ready(""));
    }

    /** @param told what is still to wait for; empty once every pod had the state before this look */
    private record Brought(Optional<String> told, List<EdgeReport> reports) {}

    private record Asked(String pod, String address, EdgeClient.Answer answer) {}

    /**
     * One look: writes the state down, asks every pod that runs, and tells those that have another. Only a look that finds nobody to tell is the end: a pod that did not listen yet in such a look
     * learns the state from its peers, before it is ready.
     */
    private Brought bring(Mode mode) {
        var values = secret.read().orElseThrow(() -> new OutsideException("Secret " + plan.secret() + ", by which the edge's pods are told what to do, is not there.", true));
        var token = values.get(EdgeObjects.TOKEN);
        var now = EdgeClient.state(values.get(EdgeObjects.STATE));
        var state = now.mode() == mode ? now : new EdgeState(mode, now.generation() + 1);
        write(token, state);
        if (objects.find(Deployment.class, plan.edge()).isEmpty()) {
            create();
        }
        var asked = ask(token);
        var others = asked.stream().filter(pod -> pod.answer() instanceof EdgeClient.Told told && !told.report().state().equals(state)).toList();
        others.stream().map(pod -> client.tell(pod.address(), token, state)).toList().forEach(CompletableFuture::join);
        var silent = asked.stream().filter(pod -> pod.answer() instanceof EdgeClient.Silent).map(pod -> pod.pod() + " (" + ((EdgeClient.Silent) pod.answer()).why() + ")").toList();
        return new Brought(!silent.isEmpty() ? Optional.of("waiting for the edge's pod " + String.join(", ", silent)) : !others.isEmpty() ? Optional.of("telling the edge's pods") : Optional.empty(),
                asked.stream().flatMap(pod -> pod.answer() instanceof EdgeClient.Told told ? List.of(told.report()).stream() : List.<EdgeReport>of().stream()).toList());
    }

    private List<Asked> ask(String token) {
        var answers = new TreeMap<String, CompletableFuture<Asked>>();
        pods().forEach(pod -> {
            var name = pod.getMetadata().getName();
            var ip = pod.getStatus().getPodIP();
            var address = "http://" + (ip.contains(":") ? "[" + ip + "]" : ip) + ":" + EdgeObjects.CONTROL_PORT;
            answers.put(name, client.ask(address, token).thenApply(answer -> new Asked(name, address, answer)));
        });
        return answers.values().stream().map(CompletableFuture::join).toList();
    }

    /** Those with a container that runs, those that are about to end included: users may still come to them. */
    private List<Pod> pods() {
        return objects.pods().stream().filter(pod -> EdgeObjects.COMPONENT.equals(pod.getMetadata().getLabels().get(WorkloadNames.COMPONENT)))
                .filter(pod -> pod.getStatus() != null && "Running".equals(pod.getStatus().getPhase()) && pod.getStatus().getPodIP() != null).toList();
    }

    @Override
    public Map<String, Duration> lastRequests() {
        var last = new TreeMap<String, Duration>();
        secret.read().ifPresent(values -> ask(values.get(EdgeObjects.TOKEN)).forEach(pod -> {
            if (pod.answer() instanceof EdgeClient.Told told) {
                told.report().arrivals().forEach((domain, millis) -> last.merge(domain, Duration.ofMillis(millis), (one, other) -> one.compareTo(other) < 0 ? one : other));
            }
        }));
        return last;
    }

    @Override
    public String entrance(String domain) {
        return "what you have in front of Service " + (domain.equals(SpecDefaults.webDomain(migration.getSpec())) ? plan.frontOfWeb() : plan.frontOfStreaming());
    }

    /** Its load balancer is asked only while the source answers: a request that is held tells nothing. */
    @Override
    public Optional<String> unhealthy() {
        var wanted = wanted();
        if (wanted.isEmpty()) {
            return Optional.empty();
        }
        var deployment = objects.find(Deployment.class, plan.edge());
        if (deployment.isEmpty()) {
            return Optional.of("Deployment " + plan.edge() + " is gone");
        }
        if (DeploymentReadiness.of(deployment.get(), OwnedObjects.annotations(deployment.get()).get(Workloads.REVISION_ANNOTATION)).ready() == 0) {
            return Optional.of("no pod of Deployment " + plan.edge() + " is ready" + new Troubles(objects).of(deployment.get()).map(trouble -> ": " + trouble).orElse(""));
        }
        return wanted.get().mode() != Mode.SOURCE ? Optional.empty() : address().flatMap(front -> SpecDefaults.hosts(migration.getSpec()).stream()
                .flatMap(host -> probe.fault(front, host, host.equals(SpecDefaults.webDomain(migration.getSpec())) ? FrontProbe.WEB : FrontProbe.STREAMING).stream()).findFirst());
    }

    @Override
    public Provisioned remove() {
        objects.delete(Deployment.class, plan.edge());
        List.of(plan.frontOfWeb(), plan.frontOfStreaming()).forEach(name -> objects.delete(Service.class, name));
        return gone();
    }

    @Override
    public Provisioned handOver() {
        if (wanted().isEmpty()) {
            return new Provisioned.Ready("");
        }
        leadPast();
        return gone();
    }

    /** The Services that users come by stay, and lead to web and streaming themselves; then the edge's pods may end. */
    private void leadPast() {
        plan.handedOver().stream().filter(front -> objects.find(Service.class, front.getMetadata().getName()).isPresent())
                .forEach(front -> objects.ensure(Service.class, front, KubernetesCompute::keepAddresses));
        objects.delete(Deployment.class, plan.edge());
    }

    /** The Secret last: its pods have it mounted. */
    private Provisioned gone() {
        var left = pods().stream().map(pod -> pod.getMetadata().getName()).toList();
        if (!left.isEmpty()) {
            return new Provisioned.Working("the edge's pods answer their last requests: " + String.join(", ", left));
        }
        removeTheRest();
        return new Provisioned.Ready("the edge is gone");
    }

    private void removeTheRest() {
        objects.delete(Service.class, plan.edge());
        objects.delete(PodDisruptionBudget.class, plan.edge());
        secret.remove();
    }

    @Override
    public List<String> byHand(Edge.Side side) {
        return List.of();
    }

    /** Its pods are not waited for: whoever deletes a migration after the cutover wants its instance to run on, and nothing else. */
    @Override
    public void forget() {
        if (wanted().isPresent()) {
            leadPast();
            removeTheRest();
        }
    }
}
