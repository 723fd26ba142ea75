package dev.mastodonmigration.mastodon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.outside.Findings;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MastodonFindingsTest {
    private static final String STREAMING_DOMAIN = "    streamingDomain: streaming.example.social ";
    private static final String OTHER_REDIS = "redis://:pw@redis-2.example.com:12345";

    @Test
    void aSoundPairOfAppsHasNothingToSay() {
        assertThat(of(Example.web(), Example.streaming())).isEqualTo(Findings.NONE);
    }

    static Stream<Arguments> blockers() {
        return Stream.of(
                Arguments.of("REDIS_NAMESPACE", "mastodon", "unset"),
                Arguments.of("SELF_DESTRUCT", "token", "unset"),
                Arguments.of("ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", null, "restore that very value"),
                Arguments.of("ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY", "  ", "restore that very value"),
                Arguments.of("ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT", null, "restore that very value"),
                Arguments.of("SECRET_KEY_BASE", null, "Set it"),
                Arguments.of("LOCAL_DOMAIN", "other.social", "spec.instance.localDomain is example.social"),
                Arguments.of("LOCAL_DOMAIN", null, "Set it"),
                Arguments.of("WEB_DOMAIN", "web.example.social", "spec.instance.webDomain to web.example.social"),
                Arguments.of("WEB_DOMAIN", null, "expects www.example.social"),
                Arguments.of("SIDEKIQ_REDIS_URL", "not a url", "is not a Redis URL"),
                Arguments.of("SIDEKIQ_REDIS_HOST", "no host", "is not a Redis URL"),
                Arguments.of("REDIS_SENTINELS", "a,b", "not supported yet"),
                Arguments.of("REDIS_URL", null, "Set REDIS_URL"),
                Arguments.of("REDIS_URL", "not a url", "Set REDIS_URL"),
                Arguments.of("DATABASE_URL", null, "Attach the database"),
                Arguments.of("DATABASE_URL", "mysql://h/d", "Attach the database"),
                Arguments.of("PRIMARY_DATABASE_URL", "postgres://u:p@other.example.com/d1", "unset PRIMARY_DATABASE_URL"),
                Arguments.of("S3_ENABLED", "false", "object store"),
                Arguments.of("S3_ENABLED", null, "object store"));
    }

    @ParameterizedTest
    @MethodSource("blockers")
    void oneMistakeIsOneBlockerThatNamesAppVariableAndFix(String name, String value, String fix) {
        var findings = of(Example.web(name, value), Map.of());
        assertThat(findings.blockers()).singleElement().asString().startsWith("Heroku app example-web: ").contains(name, fix);
    }

    @ParameterizedTest
    @CsvSource({"SIDEKIQ_REDIS_URL,not a url", "SIDEKIQ_REDIS_HOST,no host"})
    void whatNamesNoRedisIsNotSaidToNameOneOfSidekiqsOwn(String name, String value) {
        var findings = of(Example.web(name, value), Example.streaming());
        assertThat(findings.blockers()).singleElement().asString().contains("is not a Redis URL");
        assertThat(findings.notes()).isEmpty();
    }

    @Test
    void everythingIsSaidAtOnceAndNoSecretWithIt() {
        var web = Example.web("REDIS_NAMESPACE", "ns-value", "SELF_DESTRUCT", "token-value", "SECRET_KEY_BASE", null, "LOCAL_DOMAIN", "other.social", "S3_ENABLED", null,
                "PRIMARY_DATABASE_URL", "postgres://u:primary-secret@h/d", "SIDEKIQ_REDIS_URL", "redis://:sidekiq-secret@h", "EXTRA_URL", "postgres://u:extra-secret@h/d");
        var findings = of(web, Example.streaming("SECRET_KEY_BASE", "streaming-secret", "VAPID_PRIVATE_KEY", "vapid-secret"));
        assertThat(findings.blockers()).hasSize(8);
        assertThat(findings.toString()).doesNotContain("-secret", "ns-value", "token-value", "are-primary", "vapid-private");
    }

    @Test
    void namesakesOfTheMainRedisAreNoSecondRedis() {
        assertThat(of(Example.web("SIDEKIQ_REDIS_URL", "redis://other:user@REDIS-1.example.com:12345/0", "CACHE_REDIS_HOST", "redis-1.example.com", "CACHE_REDIS_PORT", "12345"),
                Map.of()).blockers()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"CACHE_REDIS_URL,redis://:pw@redis-2.example.com:12345", "CACHE_REDIS_URL,redis://redis-1.example.com:12345/1", "CACHE_REDIS_HOST,redis-1.example.com"})
    void aRedisForTheCacheAloneStaysBehind(String name, String value) {
        var findings = of(Example.web(name, value), Example.streaming());
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).singleElement().asString().startsWith("Heroku app example-web: " + name + " names a Redis for the cache alone.").doesNotContain(":pw@");
    }

    @Test
    void aCacheUrlThatNamesNoRedisIsNotSaidToNameOne() {
        assertThat(of(Example.web("CACHE_REDIS_URL", "memcached://cache.example.com"), Example.streaming()).notes()).isEmpty();
    }

    @Test
    void anyDatabaseOfTheRedisServerMayBeMastodons() {
        var url = "redis://redis-1.example.com:12345/2";
        assertThat(of(Example.web("REDIS_URL", url), Example.streaming("REDIS_URL", url))).isEqualTo(Findings.NONE);
        assertThat(of(Example.web("REDIS_URL", url, "SIDEKIQ_REDIS_URL", "redis://redis-1.example.com:12345/3"), Example.streaming("REDIS_URL", url)).notes())
                .singleElement().asString().contains("SIDEKIQ_REDIS_URL", "On the target both are one Redis");
    }

    /** On the target Sidekiq works on the main Redis. */
    @Test
    void jobsInARedisOfSidekiqsOwnThatStaysBlockAMoveOfComputeAlone() {
        var both = Example.migration().getSpec();
        var web = Example.web("SIDEKIQ_REDIS_URL", OTHER_REDIS);
        for (var target : List.of(new Target(null, null, both.target().compute(), null), new Target(both.target().postgres(), null, both.target().compute(), null))) {
            assertThat(MastodonFindings.of(new SourceEnvironment(web, Example.streaming()), with(both, target)).blockers()).singleElement().asString()
                    .contains("SIDEKIQ_REDIS_URL", "would never run", "Move Redis too").doesNotContain(OTHER_REDIS);
            assertThat(MastodonFindings.of(new SourceEnvironment(Example.web("CACHE_REDIS_URL", OTHER_REDIS), Example.streaming()), with(both, target)).notes()).anyMatch(note -> note.contains("for the cache alone"));
        }
        var postgres = with(both, new Target(both.target().postgres(), null, null, null));
        assertThat(MastodonFindings.of(new SourceEnvironment(web, Example.streaming()), postgres)).as("where both stay nothing changes").isEqualTo(Findings.NONE);
    }

    private static MastodonMigrationSpec with(MastodonMigrationSpec spec, Target target) {
        return new MastodonMigrationSpec(spec.instance(), spec.source(), target, spec.aws(), spec.edge(), spec.strategy(), spec.rehearsal(), spec.cutover(), spec.soak(), spec.retire(), spec.state());
    }

    @Test
    void sidekiqsOwnRedisIsReadFromEitherForm() {
        assertThat(SourceUrls.of(Example.web("SIDEKIQ_REDIS_URL", OTHER_REDIS)).sidekiqRedis()).contains(URI.create(OTHER_REDIS));
        assertThat(SourceUrls.of(Example.web("SIDEKIQ_REDIS_HOST", "h", "SIDEKIQ_REDIS_USER", "u", "SIDEKIQ_REDIS_PASSWORD", "p@", "SIDEKIQ_REDIS_DB", "4")).sidekiqRedis())
                .contains(URI.create("redis://u:p%40@h:6379/4"));
        assertThat(SourceUrls.of(Example.web("SIDEKIQ_REDIS_URL", "redis://other:user@REDIS-1.example.com:12345/0")).sidekiqRedis()).as("the main one").isEmpty();
    }

    @Test
    void keysThatDifferBetweenTheAppsBlock() {
        assertThat(of(Example.web(), Example.streaming("SECRET_KEY_BASE", "another")).blockers()).singleElement().asString()
                .contains("SECRET_KEY_BASE differs between Heroku app example-web and Heroku app example-streaming");
    }

    @Test
    void namespaceOnTheStreamingAppAloneBlocksToo() {
        assertThat(of(Example.web(), Example.streaming("REDIS_NAMESPACE", "x")).blockers()).singleElement().asString().startsWith("Heroku app example-streaming: REDIS_NAMESPACE");
    }

    @Test
    void oneAppForAllIsNotAskedTwice() {
        var spec = Example.migration("      streamingApp: example-streaming\n", "").getSpec();
        var web = Example.web("REDIS_NAMESPACE", "x");
        assertThat(MastodonFindings.of(new SourceEnvironment(web, web), spec).blockers()).hasSize(1);
    }

    @Test
    void aStreamingUrlOnHerokuappIsNotedBecauseNoDnsCanMoveIt() {
        var findings = of(Example.web("STREAMING_API_BASE_URL", "wss://example-streaming.herokuapp.com"), Example.streaming());
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).singleElement().asString().contains("no DNS change", "add a domain of yours to Heroku app example-streaming");
        assertThat(of(Example.web("STREAMING_API_BASE_URL", "wss://streaming.example.social"), Example.streaming()).notes()).isEmpty();
    }

    /** With an edge no request is to fail, and these would not come by it. */
    @ParameterizedTest
    @ValueSource(strings = {"wss://example-streaming.herokuapp.com", "https://Example-Streaming.HerokuApp.com/"})
    void withAnEdgeAStreamingUrlOnHerokuappMustBeMovedFirst(String url) {
        var findings = withEdge(Example.web("STREAMING_API_BASE_URL", url, "TRUSTED_PROXY_IP", "10.0.0.0/8"));
        assertThat(findings.blockers()).singleElement().asString().contains("STREAMING_API_BASE_URL is on ", "no DNS change can move", "the edge", "`heroku domains:add streaming.example.social -a example-streaming`",
                "set STREAMING_API_BASE_URL to wss://streaming.example.social.")
                .doesNotContain("create the migration anew");
        assertThat(findings.notes()).noneMatch(note -> note.contains("STREAMING_API_BASE_URL"));
        assertThat(MastodonFindings.of(new SourceEnvironment(Example.web("STREAMING_API_BASE_URL", url, "TRUSTED_PROXY_IP", "10.0.0.0/8"), Example.streaming("TRUSTED_PROXY_IP", "10.0.0.0/8")),
                spec("  edge: {hold: 15s}\n", "    #")).blockers()).singleElement().asString().contains("create the migration anew with spec.instance.streamingDomain: streaming.example.social");
        assertThat(withEdge(Example.web("STREAMING_API_BASE_URL", "wss://www.example.social", "TRUSTED_PROXY_IP", "10.0.0.0/8")).blockers()).isEmpty();
    }

    @Test
    void whatBothAppsTrustIsTheOperatorsToSetWhereTheSpecSaysByWhichAddressesTheEdgeComes() {
        var source = new SourceEnvironment(Example.web(), Example.streaming());
        var findings = MastodonFindings.of(source, spec("  edge: {egressCidrs: [203.0.113.7/32]}\n", STREAMING_DOMAIN));
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).filteredOn(note -> note.contains("the operator sets it to")).extracting(note -> note.substring(0, note.indexOf(':'))).containsExactly("Heroku app example-web", "Heroku app example-streaming");
        assertThat(MastodonFindings.of(source, spec("  edge: {hold: 15s}\n", STREAMING_DOMAIN)).blockers()).as("nobody says by which").hasSize(2).allMatch(blocker -> blocker.contains("TRUSTED_PROXY_IP is not set"));
    }

    /** Wherever compute moves, nothing of ours can answer there. */
    @Test
    void aStreamingDomainOnHerokuappCannotBeTheTargets() {
        for (var edge : List.of("", "  edge: {hold: 15s}\n")) {
            var spec = spec(edge, "    streamingDomain: example-streaming.herokuapp.com ");
            assertThat(MastodonFindings.of(new SourceEnvironment(Example.web("STREAMING_API_BASE_URL", "wss://example-streaming.herokuapp.com", "TRUSTED_PROXY_IP", "10.0.0.0/8"), Example.streaming()), spec).blockers())
                    .anySatisfy(blocker -> assertThat(blocker).contains("spec.instance.streamingDomain is example-streaming.herokuapp.com", "Heroku's own", "create the migration anew"));
        }
    }

    private static Findings withEdge(Map<String, String> web) {
        return MastodonFindings.of(new SourceEnvironment(web, Example.streaming("TRUSTED_PROXY_IP", "10.0.0.0/8")), spec("  edge: {hold: 15s}\n", STREAMING_DOMAIN));
    }

    private static MastodonMigrationSpec spec(String edge, String streamingDomain) {
        return Example.migration("  strategy:", edge + "  strategy:", STREAMING_DOMAIN, streamingDomain).getSpec();
    }

    @Test
    void whatIsLeftBehindOrDiffersIsNotedByNameOnly() {
        var findings = of(Example.web("FOLLOWER_URL", "postgres://u:pw@h/d", "TRUSTED_PROXY_IP", "1.2.3.4"),
                Example.streaming("LIMITED_FEDERATION_MODE", "true", "DATABASE_URL", "postgres://u:p@follower.example.com/d1", "REDIS_URL", OTHER_REDIS));
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).hasSize(5).anyMatch(note -> note.contains("LIMITED_FEDERATION_MODE")).anyMatch(note -> note.contains("FOLLOWER_URL"))
                .anyMatch(note -> note.contains("follower")).anyMatch(note -> note.contains("another Redis")).anyMatch(note -> note.contains("TRUSTED_PROXY_IP"));
    }

    @Test
    void aSearchIndexThatDoesNotMoveIsNotedUnlessItIsFilledAnew() {
        assertThat(of(Example.web("ES_ENABLED", "true"), Example.streaming()).notes()).singleElement().asString().contains("ES_ENABLED is true", "needs nothing", "set target.compute.kubernetes.searchDeploy: true");
        assertThat(of(Example.web("ES_ENABLED", "false"), Example.streaming()).notes()).isEmpty();
        var filled = Example.migration("web: {replicas: 2}", "web: {replicas: 2}\n        searchDeploy: true").getSpec();
        assertThat(MastodonFindings.of(new SourceEnvironment(Example.web("ES_ENABLED", "true"), Example.streaming()), filled).notes()).isEmpty();
        assertThat(MastodonFindings.of(new SourceEnvironment(Example.web(), Example.streaming()), filled).notes()).singleElement().asString().contains("searchDeploy: true does nothing");
    }

    @Test
    void aMoveOfDataAloneAsksForNoKeysAndNoMediaStore() {
        var spec = Example.withoutCompute().getSpec();
        var findings = MastodonFindings.of(new SourceEnvironment(Example.web("S3_ENABLED", null, "SECRET_KEY_BASE", null), Map.of()), spec);
        assertThat(findings.blockers()).isEmpty();
    }

    @Test
    void sourceUrlsAreReadAsMastodonReadsThem() {
        assertThat(SourceUrls.of(Map.of("DATABASE_URL", "postgres://u:p@h/d", "DB_HOST", "x")).postgres()).contains(URI.create("postgres://u:p@h/d"));
        assertThat(SourceUrls.of(Map.of("DB_HOST", "h", "DB_USER", "u", "DB_PASS", "p@ss +", "DB_NAME", "d", "DB_SSLMODE", "require")).postgres())
                .contains(URI.create("postgres://u:p%40ss%20%2B@h:5432/d?sslmode=require"));
        assertThat(SourceUrls.of(Map.of("REDISCLOUD_URL", "redis://c:1")).redis()).contains(URI.create("redis://c:1"));
        assertThat(SourceUrls.of(Map.of("REDISCLOUD_URL", "redis://c:1", "REDIS_HOST", "h", "REDIS_PASSWORD", "p")).redis()).contains(URI.create("redis://:p@h:6379"));
        assertThat(SourceUrls.of(Map.of("REDIS_URL", "", "DATABASE_URL", "postgres://[broken")).toString()).isEqualTo("SourceUrls[postgres=Optional.empty, redis=Optional.empty, sidekiqRedis=Optional.empty]");
        assertThat(SourceUrls.of(Example.web()).toString()).doesNotContain("secret");
    }

    private static Findings of(Map<String, String> web, Map<String, String> streaming) {
        return MastodonFindings.of(new SourceEnvironment(web, streaming), Example.migration().getSpec());
    }
}
