package dev.mastodonmigration.itinerary;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.mastodon.Example;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What was created on AWS is found again by these, and would else be another. */
class ImmutableFieldsTest {
    private static final String REDIS = "      existing:                                   # empty, Redis 7.0 or newer, maxmemory-policy noeviction\n        urlSecretRef: {name: target-redis, key: url}";
    private static final String CACHE = "elastiCache: {nodeType: cache.t4g.small, engineVersion: '8.0', replicas: 1, subnetIds: [subnet-a], securityGroupIds: [sg-a]}";

    private static MastodonMigrationSpec spec(String from, String to) {
        return Example.migration(REDIS, "      " + CACHE.replace(from, to), "  strategy:\n", "  aws: {region: eu-central-1}\n".replace(from, to) + "  strategy:\n").getSpec();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            t4g.small    | t4g.medium   | spec.target.redis.elastiCache.nodeType is immutable
            8.0          | 9.0          | spec.target.redis.elastiCache.engineVersion is immutable
            replicas: 1  | replicas: 2  | spec.target.redis.elastiCache.replicas is immutable
            subnet-a     | subnet-b     | spec.target.redis.elastiCache.subnetIds is immutable
            eu-central-1 | eu-central-2 | spec.aws.region is immutable
            """)
    void anEditOfWhatElastiCacheWasAskedForIsRefused(String from, String to, String words) {
        assertThat(ImmutableFields.changed(spec(from, to), ImmutableFields.of(spec("", "")))).get().asString().contains(words).contains("Put it back");
    }

    @Test
    void whatWasCreatedOnAwsAndIsNoLongerNamedIsToldWithThePathBack() {
        var accepted = ImmutableFields.of(spec("", ""));
        assertThat(ImmutableFields.disownedDatabases(spec("", ""), accepted)).isEmpty();
        assertThat(ImmutableFields.disownedDatabases(spec("t4g.small", "t4g.medium"), accepted)).as("it is found by its name").isEmpty();
        assertThat(ImmutableFields.disownedDatabases(Example.migration().getSpec(), accepted)).hasValueSatisfying(words -> assertThat(words).contains("spec.target.redis was \"elastiCache\"", "target-redis/url", "Put it back"));
        assertThat(ImmutableFields.disownedDatabases(spec("", ""), ImmutableFields.of(Example.migration().getSpec()))).as("what was yours was not created").isEmpty();
    }

    @Test
    void aDomainThatIsLedAlongIsNotLeftOnTheWay() {
        assertThat(ImmutableFields.of(Example.migration().getSpec())).as("left open: Preflight may say that it is needed").doesNotContainKey("spec.instance.moveLocalDomain");
        var moves = Example.migration("    webDomain:", "    moveLocalDomain: true\n    webDomain:").getSpec();
        assertThat(ImmutableFields.changed(Example.migration().getSpec(), ImmutableFields.of(moves))).get().asString().contains("spec.instance.moveLocalDomain is immutable");
        assertThat(SpecDefaults.hosts(moves)).containsExactly("www.example.social", "example.social", "streaming.example.social");
        assertThat(SpecDefaults.hosts(Example.migration().getSpec())).containsExactly("www.example.social", "streaming.example.social");
        assertThat(SpecDefaults.movesLocalDomain(Example.migration("    webDomain: www.example.social", "    moveLocalDomain: true").getSpec())).as("it is the web domain").isFalse();
    }

    @Test
    void whatCanBeChangedLaterAndADefaultThatIsSpeltOutAreNoEdit() {
        assertThat(ImmutableFields.changed(spec("sg-a", "sg-b"), ImmutableFields.of(spec("", "")))).isEmpty();
        assertThat(ImmutableFields.changed(spec("replicas: 1, ", ""), ImmutableFields.of(spec("", "")))).isEmpty();
    }

    @Test
    void anEdgeThatUsersComeThroughIsNotForgottenWithTheSpecThatNamedIt() {
        var with = Specs.valid();
        with = new MastodonMigrationSpec(with.instance(), with.source(), with.target(), null, new MastodonMigrationSpec.Edge(null, null, null, null, null), with.strategy(), null, null, null, null, null);
        var accepted = ImmutableFields.of(with);
        assertThat(ImmutableFields.hasEdge(Specs.valid(), accepted)).isTrue();
        assertThat(ImmutableFields.changed(Specs.valid(), accepted)).hasValueSatisfying(words -> assertThat(words).startsWith("spec.edge is immutable"));
        assertThat(ImmutableFields.hasEdge(Specs.valid(), ImmutableFields.of(Specs.valid()))).isFalse();
        assertThat(SpecDefaults.edgeReplicas(Specs.valid())).isEqualTo(2);
    }

    @Test
    void whatTheOperatorMadeInFrontOfTheEdgeStaysTheOneThatUsersComeBy() {
        var ingress = edge(new MastodonMigrationSpec.EdgeIngress("nginx", "tls", null), null);
        var gateway = edge(null, new MastodonMigrationSpec.EdgeGateway("public", null, null));
        assertThat(ImmutableFields.changed(gateway, ImmutableFields.of(ingress)).orElseThrow()).startsWith("spec.edge.ingress is immutable");
        assertThat(ImmutableFields.changed(edge(null, new MastodonMigrationSpec.EdgeGateway("other", null, null)), ImmutableFields.of(gateway)).orElseThrow()).startsWith("spec.edge.gateway is immutable");
        assertThat(ImmutableFields.changed(edge(new MastodonMigrationSpec.EdgeIngress("nginx", "renewed", Map.of("a", "b")), null), ImmutableFields.of(ingress))).isEmpty();
    }

    @Test
    void addressesThatTheAppsAreToTrustMayBeOthersAndNotNone() {
        var accepted = ImmutableFields.of(egress("203.0.113.7/32"));
        assertThat(ImmutableFields.changed(egress("198.51.100.4/32", "203.0.113.7/32"), accepted)).isEmpty();
        assertThat(ImmutableFields.changed(egress(), accepted).orElseThrow()).startsWith("spec.edge.egressCidrs is immutable");
        assertThat(ImmutableFields.changed(egress("203.0.113.7/32"), ImmutableFields.of(egress()))).isEmpty();
    }

    private static MastodonMigrationSpec egress(String... addresses) {
        var with = Specs.valid();
        return new MastodonMigrationSpec(with.instance(), with.source(), with.target(), null, new MastodonMigrationSpec.Edge(null, null, null, null, List.of(addresses)), with.strategy(), null, null, null, null, null);
    }

    @Test
    void theNamesThatUsersComeByStay() {
        var accepted = ImmutableFields.of(named("www.example.social", "streaming.example.social"));
        assertThat(ImmutableFields.changed(named("web.example.social", "streaming.example.social"), accepted).orElseThrow()).startsWith("spec.instance.webDomain is immutable").contains("www.example.social");
        assertThat(ImmutableFields.changed(named("www.example.social", null), accepted).orElseThrow()).startsWith("spec.instance.streamingDomain is immutable");
        assertThat(ImmutableFields.changed(named("example.social", null), ImmutableFields.of(named(null, null)))).as("a default that is spelt out").isEmpty();
    }

    private static MastodonMigrationSpec named(String web, String streaming) {
        var with = Specs.valid();
        var instance = new MastodonMigrationSpec.Instance(with.instance().localDomain(), web, streaming, with.instance().image(), with.instance().streamingImage(), null);
        return new MastodonMigrationSpec(instance, with.source(), with.target(), null, null, with.strategy(), null, null, null, null, null);
    }

    private static MastodonMigrationSpec edge(MastodonMigrationSpec.EdgeIngress ingress, MastodonMigrationSpec.EdgeGateway gateway) {
        var with = Specs.valid();
        return new MastodonMigrationSpec(with.instance(), with.source(), with.target(), null, new MastodonMigrationSpec.Edge(null, null, ingress, gateway, null), with.strategy(), null, null, null, null, null);
    }
}
