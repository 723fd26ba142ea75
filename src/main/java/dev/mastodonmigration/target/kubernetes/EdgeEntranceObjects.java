package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.api.MastodonMigrationSpec.EdgeGateway;
import dev.mastodonmigration.api.MastodonMigrationSpec.EdgeIngress;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteRule;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteRuleBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.HTTPIngressPath;
import io.fabric8.kubernetes.api.model.networking.v1.HTTPIngressPathBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.IngressRule;
import io.fabric8.kubernetes.api.model.networking.v1.IngressRuleBuilder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** An Ingress, or routes of a Gateway, to the edge's two Services. Nothing has an ownerReference, as with {@link EdgeObjects}. */
record EdgeEntranceObjects(EdgeObjects edge) {
    private static final String COMPONENT = "front";

    String namespace() {
        return edge.names().namespace();
    }

    /** Name of the Ingress. */
    String ingress() {
        return edge.names().of(COMPONENT);
    }

    /** One for each domain that there may be. */
    List<String> routeNames() {
        return List.of(edge.frontOfWeb(), edge.frontOfStreaming());
    }

    /** For messages. */
    String named(EdgeGateway gateway) {
        return Optional.ofNullable(gateway.namespace()).orElseGet(this::namespace) + "/" + gateway.name();
    }

    private List<String> web() {
        return SpecDefaults.webDomains(edge.migration().getSpec());
    }

    /** Streaming's own domain, where it has one. */
    private Stream<String> streaming() {
        return SpecDefaults.streamingDomain(edge.migration().getSpec()).stream();
    }

    private ObjectMeta metadata(String name, Map<String, String> annotations) {
        return new ObjectMetaBuilder().withNamespace(namespace()).withName(name).withLabels(edge.names().labels(COMPONENT)).withAnnotations(annotations).build();
    }

    Ingress ingress(EdgeIngress chosen) {
        return new IngressBuilder()
                .withMetadata(metadata(ingress(), Optional.ofNullable(chosen.annotations()).orElse(Map.of())))
                .withNewSpec()
                .withIngressClassName(chosen.className())
                .addNewTl().withHosts(SpecDefaults.hosts(edge.migration().getSpec())).withSecretName(chosen.tlsSecretName()).endTl()
                .withRules(Stream.concat(web().stream().map(domain -> rule(domain, path(EdgeObjects.STREAMING_PATH, edge.frontOfStreaming(), MastodonProcesses.STREAMING_PORT), path("/", edge.frontOfWeb(), MastodonProcesses.WEB_PORT))),
                        streaming().map(domain -> rule(domain, path("/", edge.frontOfStreaming(), MastodonProcesses.STREAMING_PORT)))).toList())
                .endSpec()
                .build();
    }

    private static IngressRule rule(String domain, HTTPIngressPath... paths) {
        return new IngressRuleBuilder().withHost(domain).withNewHttp().withPaths(paths).endHttp().build();
    }

    private static HTTPIngressPath path(String path, String service, int port) {
        return new HTTPIngressPathBuilder().withPath(path).withPathType("Prefix").withNewBackend().withNewService().withName(service).withNewPort().withNumber(port).endPort().endService().endBackend().build();
    }

    List<HTTPRoute> routes(EdgeGateway chosen) {
        return Stream.concat(Stream.of(route(edge.frontOfWeb(), chosen, web(), rule(EdgeObjects.STREAMING_PATH, edge.frontOfStreaming(), MastodonProcesses.STREAMING_PORT), rule("/", edge.frontOfWeb(), MastodonProcesses.WEB_PORT))),
                streaming().map(domain -> route(edge.frontOfStreaming(), chosen, List.of(domain), rule("/", edge.frontOfStreaming(), MastodonProcesses.STREAMING_PORT)))).toList();
    }

    private HTTPRoute route(String name, EdgeGateway chosen, List<String> domains, HTTPRouteRule... rules) {
        return new HTTPRouteBuilder()
                .withMetadata(metadata(name, Map.of()))
                .withNewSpec()
                .addNewParentRef().withGroup("gateway.networking.k8s.io").withKind("Gateway").withName(chosen.name()).withNamespace(chosen.namespace()).withSectionName(chosen.sectionName()).endParentRef()
                .withHostnames(domains)
                .withRules(rules)
                .endSpec()
                .build();
    }

    private static HTTPRouteRule rule(String path, String service, int port) {
        return new HTTPRouteRuleBuilder()
                .addNewMatch().withNewPath().withType("PathPrefix").withValue(path).endPath().endMatch()
                .addNewBackendRef().withGroup("").withKind("Service").withName(service).withPort(port).withWeight(1).endBackendRef()
                .build();
    }
}
