package dev.mastodonmigration.target.kubernetes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
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
import dev.mastodonmigration.mastodon.AddressBlock;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** Pods of ours in the migration's namespace that pass users' requests on: to the source first, to the target after the cutover, to nobody in between. */
final class EdgeFront implements ObservedFront {
    private static final String FRONT = "spec.target.dns.route53.front";
    private static final String UNANSWERED = ". Does a NetworkPolicy keep the operator from port " + EdgeObjects.CONTROL_PORT + " of the edge's pods?";
    private static final String UNREACHED = ". Users would reach nobody when they are led there. Does a NetworkPolicy keep the edge's pods from those of web and streaming?";
    /** The source may take longer for a request; the freeze does not wait for it. */
    private static final Duration LONGEST_REQUEST = Duration.ofSeconds(5);
    /** With what else a freeze takes. */
    private static final Duration DYNOS_PROVED_GONE = Duration.ofSeconds(40);
    private static final Duration SHORTEST_HOLD = Duration.ofSeconds(1);
    private static final Duration LONGEST_HOLD = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();
    private final MastodonMigration migration;
    private final EdgeObjects plan;
    private final OwnedObjects objects;
    private final EdgeEntrance entrance;
    private final EdgePods pods;
    private final FrontProbe probe;
    private final Function<List<String>, Map<String, URI>> source;

    /** @param source where the source takes requests for these domains; may throw {@link OutsideException} */
    EdgeFront(MastodonMigration migration, EdgeObjects plan, OwnedObjects objects, EdgePods pods, FrontProbe probe, Function<List<String>, Map<String, URI>> source) {
        this.migration = migration;
        this.plan = plan;
        this.objects = objects;
        this.entrance = new EdgeEntrance(plan, objects);
        this.pods = pods;
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
            violations.add(FRONT + " is required: where the world reaches " + entrance.name().orElseGet(() -> "the load balancer that you have in front of " + entrances()) + ".");
        }
        SpecDefaults.edgeEgress(migration.getSpec()).stream().filter(range -> AddressBlock.of(range).isEmpty()).forEach(range -> violations.add("spec.edge.egressCidrs: " + range + " is no range of addresses. Write one as 203.0.113.7/32 or 2001:db8::/64."));
        var hold = SpecDefaults.edgeHold(migration.getSpec());
        if (hold.compareTo(SHORTEST_HOLD) < 0 || hold.compareTo(LONGEST_HOLD) > 0) {
            violations.add("spec.edge.hold must be between 1s and 60s: load balancers and browsers do not wait longer.");
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
        all().forEach((name, kind) -> {
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
        var notes = new ArrayList<String>();
        if (migration.getSpec().target().postgres() == null && SpecDefaults.edgeHold(migration.getSpec()).compareTo(DYNOS_PROVED_GONE) < 0) {
            notes.add("Postgres stays, so no write gate can stand for the proof that the source runs no more, which then takes 30 s: longer than the " + SpecDefaults.edgeHold(migration.getSpec()).toSeconds()
                    + " s for which a request waits (spec.edge.hold). Set it to 45s, or requests are answered with 503 in the freeze, which other servers try again and users see.");
        }
        var front = entrance.preflight();
        blockers.addAll(front.blockers());
        notes.addAll(front.notes());
        if (entrance.name().isEmpty()) {
            notes.add(byTheAdmin());
        }
        return new Findings(blockers, notes).and(ofLocalDomain());
    }

    /** What becomes of it, where it is another name and does not move. Whether it does cannot be changed once users are led here, so it is not left open. */
    private Findings ofLocalDomain() {
        var instance = migration.getSpec().instance();
        var local = instance.localDomain();
        if (SpecDefaults.hosts(migration.getSpec()).contains(local)) {
            return Findings.NONE;
        }
        try {
            source.apply(List.of(local));
        } catch (OutsideException elsewhere) {
            if (elsewhere.mayPass()) {
                throw elsewhere;
            }
            return note("The source takes no requests for " + local + ", so it is left where it leads: whoever serves it goes on to redirect /.well-known/webfinger to " + SpecDefaults.webDomain(migration.getSpec()) + ".");
        }
        var left = "The source takes requests for " + local + " as well, and they are not led along: other servers, which ask there for /.well-known/webfinger, are answered by its maintenance page from the freeze on, and by nobody when it is given up.";
        return instance.moveLocalDomain() == null ? blocker(left + " Set spec.instance.moveLocalDomain to true, and have what stands in front of the edge serve it too; or to false, if you lead it elsewhere yourself.")
                : note(left + " Lead it elsewhere before the cutover, as spec.instance.moveLocalDomain: false says that you do.");
    }

    private static Findings note(String words) {
        return new Findings(List.of(), List.of(words));
    }

    private static Findings blocker(String words) {
        return new Findings(List.of(words), List.of());
    }

    private String byTheAdmin() {
        return "Users come through pods of the operator's while the instance moves (spec.edge). Have your load balancer or Ingress send requests for "
                + String.join(" and ", SpecDefaults.hosts(migration.getSpec())) + " to Service " + plan.frontOfWeb() + ", and those whose path begins with /api/v1/streaming, or that are for a domain of streaming's own, to Service "
                + plan.frontOfStreaming() + ", with a valid certificate, bodies of 99 MB, and without buffering. These two Services stay when the migration has ended; they lead to web and streaming then.";
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
        var routes = new Routes(toSource(values), plan.toTarget());
        objects.ensure(Service.class, plan.peers(), KubernetesCompute::keepAddresses);
        plan.fronts().forEach(front -> objects.ensure(Service.class, front, EdgeFront::keepWhatIsTheAdmins));
        objects.ensure(PodDisruptionBudget.class, plan.budget(), (found, intent) -> {});
        objects.ensure(Deployment.class, plan.deployment(routes, values.get(EdgeObjects.TOKEN)), (found, intent) -> {});
        return objects.find(Deployment.class, plan.edge()).orElseThrow(() -> new OutsideException("Deployment " + plan.edge() + " was deleted just now. It is created again.", true));
    }

    /** As the source says now, or where it cannot be asked, as it said last: what is deleted by hand is put back all the same. */
    private List<Routes.Route> toSource(Map<String, String> values) {
        var known = Optional.ofNullable(values.get(EdgeObjects.SOURCE));
        Map<String, URI> entrances;
        try {
            entrances = source.apply(SpecDefaults.hosts(migration.getSpec()));
            var text = json(entrances);
            if (!known.equals(Optional.of(text))) {
                pods.note(EdgeObjects.SOURCE, text);
            }
        } catch (OutsideException unknown) {
            entrances = known.map(EdgeFront::entrances).orElseThrow(() -> unknown);
        }
        return entrances.entrySet().stream().map(entrance -> new Routes.Route(entrance.getKey(), "/", entrance.getValue())).toList();
    }

    private static String json(Map<String, URI> entrances) {
        try {
            return JSON.writeValueAsString(new TreeMap<>(entrances));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("names and addresses are always JSON", e);
        }
    }

    private static Map<String, URI> entrances(String json) {
        try {
            return JSON.readValue(json, new TypeReference<TreeMap<String, URI>>() {});
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("what we wrote down is not what we read", e);
        }
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

    /** As the source said last. */
    private Optional<URI> ofSource(String domain) {
        return pods.values().map(values -> values.get(EdgeObjects.SOURCE)).map(known -> entrances(known).get(domain));
    }

    @Override
    public Optional<String> source(String domain) {
        return ofSource(domain).map(URI::getHost);
    }

    @Override
    public DirectProbe probeSource() {
        var web = SpecDefaults.webDomain(migration.getSpec());
        var entrance = ofSource(web).filter(uri -> "https".equals(uri.getScheme()) && uri.getPort() < 0);
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
            return new Provisioned.Working(working.message() + "; " + entrance.name().map(name -> name + " is").orElseGet(() -> "its pods, " + entrances() + " are") + " removed when nobody has come for " + LEFT_ALONE.toMinutes() + " minutes");
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
