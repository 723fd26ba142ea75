package dev.mastodonmigration.source.heroku;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec.ElastiCache;
import dev.mastodonmigration.api.MastodonMigrationSpec.ExistingTarget;
import dev.mastodonmigration.api.MastodonMigrationSpec.Rds;
import dev.mastodonmigration.api.MastodonMigrationSpec.SecretKeyRef;
import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.api.MastodonMigrationSpec.TargetPostgres;
import dev.mastodonmigration.api.MastodonMigrationSpec.TargetRedis;
import dev.mastodonmigration.embedded.FreePort;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.source.Source.Server;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What Preflight says of apps that stay while their databases move. */
class HerokuDataFirstTest {
    @AutoClose
    private final ExampleSource example = new ExampleSource().awaitUp();

    private Findings look(TargetPostgres postgres, TargetRedis redis) {
        example.migration.setSpec(Specs.with(example.migration.getSpec().source(), new Target(postgres, redis, null, null)));
        return example.source().preflight();
    }

    private static TargetPostgres rds() {
        return new TargetPostgres(new Rds("db.t4g.small", 20, "17", null, null, List.of("subnet-1", "subnet-2"), null, null, null), null);
    }

    private static TargetPostgres existing() {
        return Specs.valid().target().postgres();
    }

    /** How a dyno ended is told to nobody but who is attached to it: what to run is said, in one line. */
    @Test
    void whatIsNotKnownIsSaidWithWhatTellsAndWhatWouldMakeItPossible() {
        assertThat(look(existing(), Specs.valid().target().redis())).isEqualTo(Findings.NONE);
        assertThat(example.source().violations()).isEmpty();
        var source = example.source();
        assertThat(source.howToTryReaching(List.of(new Server("Postgres", "db.example.net", 5433), new Server("Redis", "[2001:db8::1]", 6380)))).hasSize(2)
                .allSatisfy(words -> assertThat(words).contains("reach the new Postgres at db.example.net:5433 and the new Redis at [2001:db8::1]:6380 is not known", "QuotaGuard Static"))
                .anySatisfy(words -> assertThat(words).contains("`heroku run -a example-web -- \"timeout 10 bash -c '</dev/tcp/db.example.net/5433' && echo yes || echo no\"`", "</dev/tcp/2001:db8::1/6380'"))
                .anySatisfy(words -> assertThat(words).contains("heroku run -a example-streaming"));
        example.web.privateSpace("home");
        assertThat(source.howToTryReaching(List.of(new Server("Redis", "cache.example.net", 6379))).getFirst()).contains("has to be peered", "outbound addresses").doesNotContain("QuotaGuard");
        assertThat(source.howToTryReaching(List.of())).isEmpty();
    }

    /** As a dyno's shell would run it. */
    @Test
    void theLineThatIsSaidPrintsYesOrNo() throws Exception {
        try (var listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(printed(listening.getLocalPort())).isEqualTo("yes");
        }
        assertThat(printed(FreePort.find())).isEqualTo("no");
    }

    private String printed(int port) throws Exception {
        var words = example.source().howToTryReaching(List.of(new Server("Postgres", "127.0.0.1", port))).getFirst();
        // What heroku run passes on is what the admin's shell makes of the line.
        var line = words.substring(words.indexOf('`') + 1, words.indexOf('`', words.indexOf('`') + 1)).replace("heroku run -a example-web --", "bash -c");
        var process = new ProcessBuilder("bash", "-c", line).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    }

    @Test
    void whatOnlyItsVpcReachesIsRefusedForTheCommonRuntime() {
        assertThat(look(rds(), null).blockers()).hasSize(2).allSatisfy(blocker -> assertThat(blocker).contains("cannot reach an RDS instance (spec.target.postgres.rds)", "Move compute in the same migration"));
        var cache = new ElastiCache("cache.t4g.small", "8.0", null, null, List.of("subnet-1"), null, null, null);
        assertThat(look(null, new TargetRedis(cache, null)).blockers()).hasSize(2).allSatisfy(blocker -> assertThat(blocker).contains("ElastiCache"));
    }

    @Test
    void aPrivateSpaceMayBePeered() {
        example.web.privateSpace("home");
        example.streaming.privateSpace("home");
        var found = look(rds(), null);
        assertThat(found.blockers()).isEmpty();
        assertThat(found.notes()).anySatisfy(note -> assertThat(note).contains("has to be peered with the VPC"));
    }

    @Test
    void aReleaseProcessTypeIsNamed() {
        example.web.formation("release", 0, "Basic");
        assertThat(look(existing(), null).notes()).filteredOn(note -> note.contains("process type release")).singleElement().asString().contains("example-web", "a command that writes");
    }

    @Test
    void aReplicaOfTheOldDatabaseIsRefused() {
        example.web.config("REPLICA_DATABASE_URL", "postgres://u:p4ss@follower.example.net/d");
        assertThat(look(existing(), null).blockers()).singleElement().asString().contains("REPLICA_DATABASE_URL is set").doesNotContain("p4ss");
        assertThat(look(null, Specs.valid().target().redis()).blockers()).as("where Redis alone moves it stays right").isEmpty();
    }

    @Test
    void namesAndAddressesOfAPrivateNetworkAreNoneThatDynosReach() {
        var source = example.source();
        assertThat(source.cannotReach(List.of("db.example.net", "203.0.113.7", "172.32.0.1", "127.0.0.1"))).as("this Heroku is on loopback itself").isEmpty();
        for (var host : List.of("postgres.db.svc", "postgres.db.svc.cluster.local", "postgres", "10.1.2.3", "192.168.1.2", "172.16.0.1", "db.internal", "[fd00::1]")) {
            assertThat(source.cannotReach(List.of(host))).as(host).hasSize(2).allSatisfy(blocker -> assertThat(blocker).contains("cannot reach " + host, "move compute in the same migration"));
        }
        example.web.privateSpace("home");
        assertThat(source.cannotReach(List.of("10.1.2.3"))).as("a Private Space may be peered").singleElement().asString().contains("example-streaming");
    }

    @Test
    void aUrlThatNobodyCanReadIsNamedAndNotShown() {
        example.streaming.config("DATABASE_URL", "postgres://u:p#4ss@old.example.net/d");
        assertThat(look(existing(), null).blockers()).singleElement().asString().contains("example-streaming", "DATABASE_URL is set and names no database", "%23").doesNotContain("p#4ss");
        assertThat(look(null, Specs.valid().target().redis()).blockers()).isEmpty();
    }

    @Test
    void schedulersTasksHaveNoGateWhereRedisAloneMoves() {
        example.web.addOn("scheduler");
        assertThat(look(null, Specs.valid().target().redis()).blockers()).singleElement().asString().contains("Heroku Scheduler", "Remove its tasks");
        assertThat(look(existing(), Specs.valid().target().redis()).blockers()).isEmpty();
    }

    @Test
    void aRedisWhoseCaNoDynoHasIsRefused() {
        var redis = new TargetRedis(null, new ExistingTarget(new SecretKeyRef("target-redis", "url"), new SecretKeyRef("target-redis", "ca")));
        look(null, redis);
        assertThat(example.source().violations()).singleElement().asString().contains("spec.target.redis.existing.caSecretRef cannot be used while compute stays");
    }
}
