package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.cost.Charge;
import dev.mastodonmigration.edge.DirectProbe;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.edge.EdgeFigures;
import dev.mastodonmigration.edge.Entrance;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.edge.FrontProbe;
import dev.mastodonmigration.edge.ObservedFront;
import dev.mastodonmigration.edge.proxy.EdgeState.Mode;
import dev.mastodonmigration.edge.proxy.Routes;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** Pods of ours in the migration's namespace that pass users' requests on: to the source first, to the target after the cutover, to nobody in between. */
final class EdgeFront implements ObservedFront {
    private static final String UNANSWERED = ". Does a NetworkPolicy keep the operator from port " + EdgeObjects.CONTROL_PORT + " of the edge's pods?";
    private static final String UNREACHED = ". Users would reach nobody when they are led there. Does a NetworkPolicy keep the edge's pods from those of web and streaming?";
    /** The source may take longer for a request; the freeze does not wait for it. */
    private static final Duration LONGEST_REQUEST = Duration.ofSeconds(5);
    private final MastodonMigration migration;
    private final EdgeObjects plan;
    private final OwnedObjects objects;
    private final EdgeEntrance entrance;
    private final EdgePods pods;
    private final FrontProbe probe;
    private final SourceEntrances source;
    private final EdgeRules rules;

    /** @param source where the source takes requests for these domains; may throw {@link OutsideException} */
    EdgeFront(MastodonMigration migration, EdgeObjects plan, OwnedObjects objects, EdgePods pods, FrontProbe probe, Function<List<String>, Map<String, URI>> source) {
        this.migration = migration;
        this.plan = plan;
        this.objects = objects;
        this.entrance = new EdgeEntrance(plan, objects);
        this.pods = pods;
        this.probe = probe;
        this.source = new SourceEntrances(migration, pods, source);
        this.rules = new EdgeRules(migration, plan, objects, entrance, this.source);
    }

    @Override
    public List<String> violations() {
        return rules.violations();
    }

    @Override
    public Findings preflight() {
        return rules.preflight(all());
    }

    /** Part of what the cluster costs, of which compute says that nobody knows it. */
    @Override
    public List<Charge> charges() {
        return List.of();
    }

    /** With what is in front of it. */
    private Map<String, Class<? extends HasMetadata>> all() {
        var all = places();
        all.putAll(entrance.places());
        return all;
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
        var deployment = create(Mode.SOURCE);
        entrance.ensure();
        var count = DeploymentReadiness.of(deployment, revision(deployment));
        if (!count.complete()) {
            return new Provisioned.Working("waiting for " + plan.edge() + ": " + count.ready() + "/" + count.total() + new Troubles(objects).of(deployment).map(trouble -> " (" + trouble + ")").orElse(""));
        }
        return pods.look().waitsFor().map(silent -> silent + UNANSWERED).or(entrance::refused).<Provisioned>map(Provisioned.Working::new).orElseGet(() -> new Provisioned.Ready(""));
    }

    private static String revision(Deployment deployment) {
        return OwnedObjects.annotations(deployment).get(Workloads.REVISION_ANNOTATION);
    }

    /** Somebody may have deleted one of the two by hand. */
    private boolean isMade() {
        return pods.values().isPresent() || objects.find(Deployment.class, plan.edge()).isPresent();
    }

    /** Puts there what is not there, and changes what the spec says otherwise now. @param mode of the first pods, and of those whose Secret somebody deleted @return the Deployment */
    private Deployment create(Mode mode) {
        places().forEach((name, kind) -> objects.find(kind, name.substring(name.indexOf('/') + 1)));
        var values = pods.values().orElseGet(() -> pods.begin(mode));
        if (isLeft()) {
            pods.note(EdgeObjects.LEFT, "");
        }
        var routes = new Routes(source.routes(values), plan.toTarget());
        objects.ensure(Service.class, plan.peers(), KubernetesCompute::keepAddresses);
        plan.fronts().forEach(front -> objects.ensure(Service.class, front, EdgeFront::keepWhatIsTheAdmins));
        objects.ensure(PodDisruptionBudget.class, plan.budget(), (found, intent) -> {});
        objects.ensure(Deployment.class, plan.deployment(routes, values.get(EdgeObjects.TOKEN)), (found, intent) -> {});
        return objects.find(Deployment.class, plan.edge()).orElseThrow(() -> new OutsideException("Deployment " + plan.edge() + " was deleted just now. It is created again.", true));
    }

    /** Type, ports of nodes, what a load balancer's controller holds on to: only where it leads is ours. */
    private static void keepWhatIsTheAdmins(Service found, Service intent) {
        var spec = found.getSpec();
        spec.setSelector(intent.getSpec().getSelector());
        var port = intent.getSpec().getPorts().getFirst();
        spec.getPorts().stream().filter(one -> one.getPort().equals(port.getPort())).forEach(one -> one.setTargetPort(port.getTargetPort()));
        intent.setSpec(spec);
        intent.getMetadata().setFinalizers(found.getMetadata().getFinalizers());
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
        if (brought.waitsFor().isPresent()) {
            return new Provisioned.Working(brought.waitsFor().get());
        }
        var busy = brought.reports().stream().filter(report -> report.stateMillis() < LONGEST_REQUEST.toMillis()).flatMap(report -> report.underWay().values().stream()).mapToInt(Integer::intValue).sum();
        return busy == 0 ? new Provisioned.Ready("requests are held") : new Provisioned.Working("requests are held; " + busy + " that came before are being answered");
    }

    @Override
    public Provisioned letGo(Edge.Side side) {
        if (!isMade()) {
            // Nobody was ever led here.
            return new Provisioned.Ready("");
        }
        var mode = side == Edge.Side.SOURCE ? Mode.SOURCE : Mode.TARGET;
        if (pods.wanted().filter(now -> now.mode() != mode).isPresent()) {
            // Not before each of them holds: else two of them would serve two sides.
            var held = bring(Mode.HOLD);
            if (held.waitsFor().isPresent()) {
                return new Provisioned.Working(held.waitsFor().get());
            }
        }
        return bring(mode).waitsFor().<Provisioned>map(Provisioned.Working::new).orElseGet(() -> new Provisioned.Ready(""));
    }

    /** Where somebody deleted what they are told by, or the Deployment, other pods come instead. */
    private EdgePods.Brought bring(Mode mode) {
        if (!isGoneForGood() && (pods.values().isEmpty() || objects.find(Deployment.class, plan.edge()).isEmpty())) {
            create(mode);
        }
        return pods.values().map(values -> pods.bring(values, mode)).orElse(EdgePods.Brought.NOBODY);
    }

    /** A namespace that is deleted takes the Deployment with it, and lets nobody put it back: what keeps its end waiting must not wait for that. */
    private boolean isGoneForGood() {
        return migration.isMarkedForDeletion() && objects.find(Deployment.class, plan.edge()).isEmpty();
    }

    @Override
    public Map<String, Duration> lastRequests() {
        var last = new TreeMap<String, Duration>();
        pods.look().reports().forEach(report -> report.arrivals().forEach((domain, millis) -> last.merge(domain, Duration.ofMillis(millis), (one, other) -> one.compareTo(other) < 0 ? one : other)));
        var seen = seen();
        if (!seen.containsAll(last.keySet())) {
            seen.addAll(last.keySet());
            pods.note(EdgeObjects.SEEN, String.join(",", seen));
        }
        return last;
    }

    /** Domains for which a request has ever come, whatever became of the pods that saw it. */
    private Set<String> seen() {
        return pods.values().map(values -> values.get(EdgeObjects.SEEN)).filter(text -> !text.isEmpty()).map(text -> new TreeSet<>(List.of(text.split(",")))).orElseGet(TreeSet::new);
    }

    /** Its pods are being removed: who comes while they end keeps them no longer, and has none of them put back. */
    private boolean isLeft() {
        return pods.values().filter(values -> !values.getOrDefault(EdgeObjects.LEFT, "").isEmpty()).isPresent();
    }

    @Override
    public Provisioned leftAlone(Duration since) {
        if (!isMade() || isGoneForGood() || isLeft()) {
            return new Provisioned.Ready("");
        }
        var still = lastRequests().entrySet().stream().filter(last -> last.getValue().compareTo(since) < 0).map(last -> last.getKey() + " (" + last.getValue().toSeconds() + " s ago)").toList();
        if (!still.isEmpty()) {
            return new Provisioned.Working("users still come through the edge, for " + String.join(", ", still));
        }
        if (seen().isEmpty() && pods.values().isPresent()) {
            return new Provisioned.Ready("");
        }
        var look = bring(Mode.SOURCE);
        var young = look.reports().stream().anyMatch(report -> report.upMillis() < since.toMillis());
        return look.waitsFor().<Provisioned>map(Provisioned.Working::new).orElseGet(() -> look.reports().isEmpty() || young
                ? new Provisioned.Working("whether users still come through the edge is not known yet, because its pods have not run for " + since.toMinutes() + " minutes") : new Provisioned.Ready(""));
    }

    @Override
    public String entrance(String domain) {
        return entrance.words().orElseGet(() -> "what you have in front of Service " + plan.front(domain));
    }

    /** Its load balancer is asked only while the source answers: a request that is held tells nothing. */
    @Override
    public Optional<String> unhealthy() {
        if (!isMade()) {
            return Optional.empty();
        }
        var missing = all().entrySet().stream().filter(place -> objects.find(place.getValue(), place.getKey().substring(place.getKey().indexOf('/') + 1)).isEmpty()).map(Map.Entry::getKey).toList();
        if (pods.values().isEmpty()) {
            return Optional.of("Secret " + plan.secret() + " is gone");
        }
        if (!missing.isEmpty()) {
            return Optional.of(String.join(", ", missing) + " is gone");
        }
        var deployment = objects.find(Deployment.class, plan.edge()).orElseThrow();
        if (DeploymentReadiness.of(deployment, revision(deployment)).ready() == 0) {
            return Optional.of("no pod of Deployment " + plan.edge() + " is ready" + new Troubles(objects).of(deployment).map(trouble -> ": " + trouble).orElse(""));
        }
        // Whoever asks while requests are held opens next: what is in front was looked at before, and its controller's word is not waited for then.
        var look = pods.look();
        return look.waitsFor().map(silent -> silent + UNANSWERED).or(() -> unreached(look)).or(() -> pods.wanted().filter(state -> state.mode() == Mode.SOURCE).flatMap(source -> entrance.refused().or(() -> address().flatMap(this::fault))));
    }

    /** That every pod there is ready says nothing of the way to it. */
    private static Optional<String> unreached(EdgePods.Brought look) {
        return look.unreached().isEmpty() ? Optional.empty() : Optional.of(String.join(", ", look.unreached()) + UNREACHED);
    }

    private Optional<String> fault(FrontAddress address) {
        var spec = migration.getSpec();
        return SpecDefaults.webDomains(spec).stream().flatMap(web -> probe.fault(address, web, FrontProbe.WEB).stream()).findFirst()
                .or(() -> SpecDefaults.streamingDomain(spec).flatMap(streaming -> probe.fault(address, streaming, FrontProbe.STREAMING)));
    }

    @Override
    public Optional<String> source(String domain) {
        return source.last(domain).map(URI::getHost);
    }

    @Override
    public DirectProbe probeSource() {
        var web = SpecDefaults.webDomain(migration.getSpec());
        var entrance = source.last(web).filter(uri -> "https".equals(uri.getScheme()) && uri.getPort() < 0);
        if (entrance.isEmpty()) {
            return new DirectProbe(Optional.of("where the source takes requests over TLS is not known"), 0);
        }
        return new SourceProbe(probe).ask(entrance.get().getHost(), web);
    }

    @Override
    public Optional<Entrance> entrance() {
        var web = SpecDefaults.webDomain(migration.getSpec());
        return pods.values().map(values -> new Entrance(entrance(web), addresses(), web, Optional.ofNullable(migration.getSpec().instance().streamingDomain()).orElse(web), Entrance.key(values.get(EdgeObjects.TOKEN))));
    }

    private Map<String, FrontAddress> addresses() {
        var addresses = new TreeMap<String, FrontAddress>();
        SpecDefaults.hosts(migration.getSpec()).forEach(domain -> address().or(() -> entrance.address(domain)).ifPresent(address -> addresses.put(domain, address)));
        return addresses;
    }

    @Override
    public Optional<EdgeFigures> measured() {
        return pods.values().map(values -> pods.look().figures());
    }

    /** Stragglers would get a 404 of whatever is in front, the admin's or ours, after which other servers give a post up for good; as long as there are any the edge has the source answer them. */
    @Override
    public Provisioned remove() {
        if (leftAlone(LEFT_ALONE) instanceof Provisioned.Working working) {
            return new Provisioned.Working(working.message() + "; " + entrance.name().map(name -> name + " is").orElseGet(() -> "its pods, " + plan.entrances() + " are") + " removed when nobody has come for " + LEFT_ALONE.toMinutes() + " minutes");
        }
        pods.note(EdgeObjects.LEFT, EdgeObjects.LEFT);
        entrance.remove();
        objects.delete(Deployment.class, plan.edge());
        List.of(plan.frontOfWeb(), plan.frontOfStreaming()).forEach(name -> objects.delete(Service.class, name));
        return gone();
    }

    /** The Services that users come by stay, and what the operator made in front of them, and lead to web and streaming themselves; a look later the edge's pods may end. */
    @Override
    public Provisioned handOver() {
        if (!isMade()) {
            return new Provisioned.Ready("");
        }
        if (leadPast()) {
            return new Provisioned.Working("users are led to web and streaming themselves");
        }
        objects.delete(Deployment.class, plan.edge());
        return gone();
    }

    /** @return whether they led elsewhere before */
    private boolean leadPast() {
        var past = plan.handedOver();
        var elsewhere = past.stream().anyMatch(front -> objects.find(Service.class, front.getMetadata().getName()).map(found -> found.getSpec().getSelector()).filter(front.getSpec().getSelector()::equals).isEmpty());
        past.forEach(front -> objects.ensure(Service.class, front, EdgeFront::keepWhatIsTheAdmins));
        return elsewhere;
    }

    /** The Secret last: its pods have it mounted. */
    private Provisioned gone() {
        var left = pods.running().stream().map(pod -> pod.getMetadata().getName()).toList();
        if (!left.isEmpty()) {
            return new Provisioned.Working("the edge's pods answer their last requests: " + String.join(", ", left));
        }
        removeTheRest();
        return new Provisioned.Ready("the edge is gone");
    }

    private void removeTheRest() {
        objects.delete(Service.class, plan.edge());
        objects.delete(PodDisruptionBudget.class, plan.edge());
        pods.secret().remove();
    }

    @Override
    public List<String> byHand(Edge.Side side) {
        return List.of();
    }

    /**
     * Its pods are not waited for: whoever deletes a migration after the cutover wants its instance to run on, and nothing else. Where the target does not answer, users are led nowhere: the edge stays, and
     * with it what it is told by.
     */
    @Override
    public void forget() {
        if (isGoneForGood()) {
            removeTheRest();
        } else if (pods.wanted().filter(state -> state.mode() == Mode.TARGET).isPresent()) {
            leadPast();
            objects.delete(Deployment.class, plan.edge());
            removeTheRest();
        }
    }
}
