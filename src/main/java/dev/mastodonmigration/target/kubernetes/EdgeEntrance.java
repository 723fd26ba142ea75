package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigrationSpec.EdgeGateway;
import dev.mastodonmigration.api.MastodonMigrationSpec.EdgeIngress;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.outside.Findings;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LoadBalancerStatus;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceStatus;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteStatus;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.RouteParentStatus;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressLoadBalancerStatus;
import io.fabric8.kubernetes.api.model.networking.v1.IngressStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What users come by to the edge's two Services, where the spec leaves that to the operator: an Ingress, or routes of a Gateway. It stays when the migration has ended, as the Services do, which lead to web
 * and streaming then.
 */
final class EdgeEntrance {
    private static final String CLASS_ANNOTATION = "kubernetes.io/ingress.class";
    private static final int HTTPS = 443;
    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|.*:.*");
    private static final String REFUSES = "False";
    /** Of a route's conditions those that say whether requests come by it; others, and controllers' own, may be false where all is well. */
    private static final Set<String> NEEDED = Set.of("Accepted", "ResolvedRefs");
    private final EdgeEntranceObjects plan;
    private final OwnedObjects objects;
    private final List<String> domains;
    private final Optional<EdgeIngress> ingress;
    private final Optional<EdgeGateway> gateway;
    /** What was chosen when the migration began. */
    private final Map<String, String> accepted;

    EdgeEntrance(EdgeObjects edge, OwnedObjects objects) {
        var spec = edge.migration().getSpec();
        this.plan = new EdgeEntranceObjects(edge);
        this.objects = objects;
        this.domains = SpecDefaults.hosts(spec);
        this.ingress = Optional.ofNullable(spec.edge()).map(chosen -> chosen.ingress());
        this.gateway = Optional.ofNullable(spec.edge()).map(chosen -> chosen.gateway());
        this.accepted = Optional.ofNullable(edge.migration().getStatus()).map(status -> status.internal.accepted).orElse(Map.of());
    }

    /** By kind and name; none where the admin has something in front. */
    Map<String, Class<? extends HasMetadata>> places() {
        var places = new TreeMap<String, Class<? extends HasMetadata>>();
        ingress.ifPresent(chosen -> places.put("Ingress/" + plan.ingress(), Ingress.class));
        gateway.ifPresent(chosen -> plan.routes(chosen).forEach(route -> places.put("HTTPRoute/" + route.getMetadata().getName(), HTTPRoute.class)));
        return places;
    }

    /** What users come by, for messages; empty where that is the admin's. */
    Optional<String> name() {
        return ingress.map(chosen -> "Ingress " + plan.ingress()).or(() -> gateway.map(chosen -> "Gateway " + plan.named(chosen)));
    }

    /** With its address, where that is known. */
    Optional<String> words() {
        return name().map(name -> ingress.isPresent() ? name + reached() : name);
    }

    private String reached() {
        var addresses = ofIngress();
        return addresses.isEmpty() ? "" : " (" + String.join(", ", addresses) + ")";
    }

    /** Where its controller says that the world reaches it, which it does now in this order, now in that; some never say. */
    private List<String> ofIngress() {
        return objects.ours(Ingress.class, plan.ingress()).map(Ingress::getStatus).map(IngressStatus::getLoadBalancer).map(IngressLoadBalancerStatus::getIngress).orElse(List.of()).stream()
                .flatMap(point -> named(point.getHostname(), point.getIp())).sorted().toList();
    }

    /** What users come by to that domain: as far as Kubernetes knows it, which knows nothing of where a Gateway of another namespace is. */
    Optional<FrontAddress> address(String domain) {
        return ingress.isPresent() ? address(ofIngress()) : gateway.isPresent() ? Optional.empty() : objects.ours(Service.class, plan.edge().front(domain)).filter(EdgeEntrance::takesTls).map(Service::getStatus)
                .map(ServiceStatus::getLoadBalancer).map(LoadBalancerStatus::getIngress).flatMap(points -> address(points.stream().flatMap(point -> named(point.getHostname(), point.getIp())).toList()));
    }

    /** Where the admin has a load balancer of the cloud's made for it, which ends TLS. */
    private static boolean takesTls(Service service) {
        return service.getSpec().getPorts().stream().anyMatch(port -> port.getPort() == HTTPS);
    }

    private static Stream<String> named(String hostname, String ip) {
        return Stream.of(Optional.ofNullable(hostname).orElse(""), Optional.ofNullable(ip).orElse("")).filter(address -> !address.isEmpty()).limit(1);
    }

    private static Optional<FrontAddress> address(List<String> of) {
        return of.stream().filter(address -> !ADDRESS.matcher(address).matches()).sorted().findFirst().<FrontAddress>map(name -> new FrontAddress.Named(name, Optional.empty()))
                .or(() -> of.isEmpty() ? Optional.empty() : Optional.of(new FrontAddress.Fixed(of.stream().sorted().toList())));
    }

    Findings preflight() {
        return ingress.map(this::certificate).or(() -> gateway.map(this::gateway)).orElse(Findings.NONE);
    }

    private Findings certificate(EdgeIngress chosen) {
        var field = "spec.edge.ingress.tlsSecretName: Secret " + plan.namespace() + "/" + chosen.tlsSecretName() + " ";
        var fault = objects.get(Secret.class, chosen.tlsSecretName()).map(secret -> TlsSecret.fault(secret, domains)).orElseGet(() -> Optional.of("does not exist"));
        if (chosen.className() != null && Optional.ofNullable(chosen.annotations()).orElse(Map.of()).containsKey(CLASS_ANNOTATION)) {
            return new Findings(List.of("spec.edge.ingress: className and the annotation " + CLASS_ANNOTATION + " say the same, and Kubernetes refuses both together. Remove the annotation."), List.of());
        }
        return fault.map(why -> new Findings(List.of(field + why + ". It has to hold a certificate for " + String.join(" and ", domains) + " before DNS leads here: one that is obtained by DNS-01, or your own."), List.of()))
                .orElseGet(() -> note("The operator makes Ingress " + plan.ingress() + ", by which users come. Its controller has to let bodies of 99 MB through, unbuffered, and answers that last an hour: where it does not"
                        + " by itself, say so with spec.edge.ingress.annotations."));
    }

    private Findings gateway(EdgeGateway chosen) {
        return objects.isServed(HTTPRoute.class) ? note("The operator makes routes of Gateway " + plan.named(chosen) + ", by which users come. Its listener has to end TLS for " + String.join(" and ", domains)
                + ", to let bodies of 99 MB through, unbuffered, and answers that last an hour: some end a request after 15 s.")
                : new Findings(List.of("spec.edge.gateway: this cluster has no HTTPRoutes of gateway.networking.k8s.io/v1. Install the Gateway API and a controller of it, or set spec.edge.ingress."), List.of());
    }

    private static Findings note(String words) {
        return new Findings(List.of(), List.of(words + " It stays when the migration has ended."));
    }

    /** Once the Services are there. */
    void ensure() {
        ingress.ifPresent(chosen -> objects.ensure(Ingress.class, plan.ingress(chosen), EdgeEntrance::keepItsClass));
        gateway.ifPresent(chosen -> plan.routes(chosen).forEach(route -> objects.ensure(HTTPRoute.class, route, EdgeEntrance::keepWhatIsItsControllers)));
    }

    /** Where none is chosen the API server fills in the default one, once: when it is created. */
    private static void keepItsClass(Ingress found, Ingress intent) {
        keepWhatIsItsControllers(found, intent);
        if (intent.getSpec().getIngressClassName() == null) {
            intent.getSpec().setIngressClassName(found.getSpec().getIngressClassName());
        }
    }

    /** A controller's finalizer takes with it what it made outside of the cluster. */
    private static void keepWhatIsItsControllers(HasMetadata found, HasMetadata intent) {
        intent.getMetadata().setFinalizers(found.getMetadata().getFinalizers());
    }

    /** Why users do not come by it yet, as far as its controller says that: that of an Ingress does not. */
    Optional<String> refused() {
        return gateway.flatMap(chosen -> plan.routes(chosen).stream().map(route -> route.getMetadata().getName()).flatMap(name -> objects.find(HTTPRoute.class, name).stream())
                .flatMap(route -> refused(route).map(why -> "Gateway " + plan.named(chosen) + " does not take HTTPRoute " + route.getMetadata().getName() + why).stream()).findFirst());
    }

    private static Optional<String> refused(HTTPRoute route) {
        var parents = Optional.ofNullable(route.getStatus()).map(HTTPRouteStatus::getParents).orElse(List.of());
        if (parents.isEmpty()) {
            return Optional.of(" yet: no controller has looked at it. Is there such a Gateway, and does its listener allow routes from this namespace?");
        }
        return parents.stream().map(RouteParentStatus::getConditions).flatMap(List::stream).filter(condition -> NEEDED.contains(condition.getType()) && REFUSES.equals(condition.getStatus()) && isOf(route, condition))
                .map(EdgeEntrance::words).findFirst();
    }

    /** And not of what the route was before it was edited. */
    private static boolean isOf(HTTPRoute route, Condition condition) {
        return condition.getObservedGeneration() == null || route.getMetadata().getGeneration() == null || condition.getObservedGeneration() >= route.getMetadata().getGeneration();
    }

    private static String words(Condition condition) {
        return ": " + condition.getType() + " is false, " + condition.getReason() + " (" + condition.getMessage() + ")";
    }

    /** Also where somebody took it from the spec since the migration began. Of a kind that was never chosen nothing is asked: the operator may have no right to. */
    void remove() {
        if (ingress.isPresent() || wasChosen(SpecDefaults.EDGE_INGRESS)) {
            objects.delete(Ingress.class, plan.ingress());
        }
        if (gateway.isPresent() || wasChosen(SpecDefaults.EDGE_GATEWAY)) {
            plan.routeNames().forEach(name -> objects.delete(HTTPRoute.class, name));
        }
    }

    private boolean wasChosen(String field) {
        return !accepted.getOrDefault(field, "").isEmpty();
    }
}
