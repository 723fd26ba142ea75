package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

@Tag("thorough")
class LiveInstanceTest {
    private static final String NAMESPACE = "mastodon";
    private final TemporaryDirectory directory = TemporaryDirectory.create("live-");
    private final PostgresServer postgres = PostgresServer.start(15);
    private final RedisServer redis = RedisServer.start();
    private final HerokuStub heroku = HerokuStub.start();
    private final EmbeddedApiServer server = EmbeddedApiServer.start();
    private final Ledger ledger = Ledger.open(directory.resolve("ledger"));
    private final SiteHttp http = new SiteHttp();
    private final LiveInstance instance = new LiveInstance(heroku, "web-app", server.client(), ledger, http);
    private Connection owner;
    private Users users;

    @BeforeEach
    void start() throws SQLException {
        postgres.createDatabase("mastodon", "mastodon");
        owner = postgres.connect("mastodon", "mastodon");
        try (var superuser = postgres.superuser("mastodon")) {
            MastodonSchema.create(owner, superuser);
        }
        MastodonSchema.seed(owner, 500, 1);
        LiveTables.create(owner);
        heroku.runtime(instance);
        heroku.createApp("web-app").config(Map.of("DATABASE_URL", postgres.url("mastodon", "mastodon"), "REDIS_URL", redis.url()));
        heroku.app("web-app").formation("web", 2, "standard-2x");
        heroku.app("web-app").formation("worker", 1, "standard-1x");
        users = Users.start(Users.directly(instance), ledger, owner, 4, 100, 7);
        await().until(() -> ledger.acknowledged() > 600);
    }

    @AfterEach
    void close() throws SQLException {
        users.close();
        instance.close();
        http.close();
        heroku.close();
        server.close();
        ledger.close();
        owner.close();
        redis.close();
        postgres.close();
        directory.close();
    }

    @Test
    void theInstanceObeysFormationAndMaintenanceAndLosesNothing() throws SQLException {
        assertThat(heroku.app("web-app").dynoFailures()).isEmpty();
        await().until(() -> count("SELECT count(*) FROM deliveries") > 20);
        try (var jedis = redis.connect()) {
            assertThat(jedis.smembers("processes")).singleElement().satisfies(identity -> assertThat(jedis.ttl(identity)).isPositive());
        }

        heroku.app("web-app").maintenance(true);
        var before = users.measured().refused();
        await().until(() -> users.measured().refused() > before + 10);
        heroku.app("web-app").formation("web", 0, "standard-2x");
        heroku.app("web-app").formation("worker", 0, "standard-1x");
        await().untilAsserted(() -> assertThat(heroku.app("web-app").dynos()).isEmpty());
        assertThat(count("SELECT count(*) FROM pg_stat_activity WHERE application_name IN ('puma', 'sidekiq')")).isZero();
        try (var jedis = redis.connect()) {
            assertThat(jedis.exists("processes")).isFalse();
            assertThat(LedgerCheck.losses(ledger, owner, jedis, jedis)).isEmpty();
        }
        assertThat(users.broken()).isEmpty();
    }

    @Test
    void usersFollowToTheTargetAndMeasureTheOutage() throws Exception {
        createTargetEnvironment();
        heroku.app("web-app").maintenance(true);
        heroku.app("web-app").formation("web", 0, "standard-2x");
        heroku.app("web-app").formation("worker", 0, "standard-1x");
        await().until(() -> heroku.app("web-app").dynos().isEmpty());
        var refused = users.measured().refused();
        await().until(() -> users.measured().refused() > refused + 10);

        start("web", "x-web-0");
        start("web", "x-web-1");
        var sidekiq = start("sidekiq", "x-sidekiq-default-0");
        var acknowledged = ledger.acknowledged();
        await().until(() -> ledger.acknowledged() > acknowledged + 50);
        assertThat(instance.overlaps()).isEmpty();
        assertThat(users.measured().outage()).hasValueSatisfying(outage -> assertThat(outage).isBetween(Duration.ofMillis(50), Duration.ofSeconds(20)));
        sidekiq.close();
        try (var jedis = redis.connect()) {
            assertThat(jedis.exists("processes")).isFalse();
        }
    }

    @Test
    void aSidekiqOfOneSideThatStartsWhileAQuietOneOfTheOtherRunsIsAnOverlapInBothDirections() {
        createTargetEnvironment();
        instance.sidekiqs().forEach(SidekiqProcess::quiet);
        assertThat(instance.overlaps()).isEmpty();

        start("sidekiq", "x-sidekiq-default-0");
        assertThat(instance.overlaps()).singleElement().asString().endsWith(": x-sidekiq-default-0 of the target started while worker.1 of web-app still ran");
        heroku.app("web-app").formation("worker", 2, "standard-1x");
        await().untilAsserted(() -> assertThat(instance.overlaps()).hasSize(2).last().asString()
                .endsWith(": worker.2 of web-app started while x-sidekiq-default-0 of the target still ran"));
    }

    @Test
    void aSidekiqThatWasToldToStopRunsUntilItsJobIsDone() throws Exception {
        createTargetEnvironment();
        AutoCloseable overlapping;
        try (var blocker = postgres.connect("mastodon", "mastodon")) {
            blocker.setAutoCommit(false);
            blocker.createStatement().execute("LOCK TABLE deliveries IN EXCLUSIVE MODE");
            await().until(() -> count("SELECT count(*) FROM pg_locks WHERE relation = 'deliveries'::regclass AND NOT granted") > 0);
            heroku.app("web-app").formation("worker", 0, "standard-1x");
            await().until(() -> instance.sidekiqs().isEmpty());

            overlapping = start("sidekiq", "x-sidekiq-default-0");
            assertThat(instance.overlaps()).singleElement().asString().contains("while worker.1 of web-app still ran");
            blocker.rollback();
        }
        await().until(() -> heroku.app("web-app").dynos().stream().noneMatch(dyno -> dyno.startsWith("worker")));
        overlapping.close();
        start("sidekiq", "x-sidekiq-default-1");
        assertThat(instance.overlaps()).as("none since it is gone").hasSize(1);
    }

    @Test
    void anAcknowledgedJobHasRunOnlyWhenItRan() {
        users.pause();
        await().until(() -> AcknowledgedJobs.dueAt(ledger, Instant.now()).neverRan().isEmpty());
        assertThat(AcknowledgedJobs.dueAt(ledger, Instant.now()).ran()).isNotEmpty();
        instance.sidekiqs().forEach(SidekiqProcess::quiet);
        var due = Instant.now();
        ledger.acknowledge(List.of(Ledger.Write.job("0123", due), Ledger.Write.job("4567", due.plusSeconds(3600))));

        var jobs = AcknowledgedJobs.dueAt(ledger, due.plusSeconds(1));
        assertThat(jobs.neverRan()).containsOnlyKeys("0123");
        assertThat(jobs.complaints()).singleElement().asString().startsWith("job 0123 was acknowledged and due at ").endsWith(", but never ran on either side");
        ledger.acknowledge(List.of(Ledger.Write.put(LiveTables.DELIVERIES, "0123", "done")));
        assertThat(AcknowledgedJobs.dueAt(ledger, due.plusSeconds(1)).complaints()).isEmpty();
    }

    @Test
    void theLedgerReportsEveryKindOfLoss() throws SQLException {
        users.pause();
        instance.sidekiqs().forEach(SidekiqProcess::quiet);
        await().until(() -> instance.sidekiqs().stream().allMatch(SidekiqProcess::isIdle));
        try (var jedis = redis.connect()) {
            assertThat(LedgerCheck.losses(ledger, owner, jedis, jedis)).isEmpty();
            var uri = text("SELECT uri FROM statuses WHERE uri LIKE '" + LiveTables.URI_PREFIX + "%' ORDER BY id LIMIT 1");
            var other = text("SELECT uri FROM statuses WHERE uri LIKE '" + LiveTables.URI_PREFIX + "%' ORDER BY id DESC LIMIT 1");
            var gone = deletedUri();
            var job = scheduledJob(jedis);
            var putOff = jedis.zrange("schedule", -2, -2).getFirst();
            sabotage("UPDATE statuses SET text = text || '!' WHERE uri = '" + uri + "'");
            sabotage("DELETE FROM statuses WHERE uri = '" + other + "'");
            sabotage("INSERT INTO statuses (uri, text, account_id) SELECT '" + gone + "', 'back', min(id) FROM accounts");
            jedis.zrem("schedule", job);
            jedis.zincrby("schedule", 60, putOff);
            jedis.del(jedis.keys("feed:home:*").iterator().next());

            assertThat(LedgerCheck.losses(ledger, owner, jedis, jedis))
                    .anyMatch(loss -> loss.contains("statuses " + uri + " has another value"))
                    .anyMatch(loss -> loss.contains("statuses " + other + " was acknowledged, but is missing"))
                    .anyMatch(loss -> loss.contains("mentions " + other))
                    .anyMatch(loss -> loss.contains("statuses " + gone + " was deleted, but is there"))
                    .anyMatch(loss -> loss.startsWith("job ") && loss.contains("neither executed") && job.contains(loss.split(" ")[1]))
                    .anyMatch(loss -> loss.startsWith("job ") && loss.contains("is not scheduled for the time") && putOff.contains(loss.split(" ")[1]))
                    .anyMatch(loss -> loss.startsWith("redis:feed"));
        }
    }

    private void createTargetEnvironment() {
        var url = URI.create(postgres.url("mastodon", "mastodon"));
        var credentials = url.getUserInfo().split(":");
        server.client().resource(new SecretBuilder().withNewMetadata().withName("x-env").withNamespace(NAMESPACE).endMetadata().withStringData(Map.of(
                "DB_HOST", url.getHost(), "DB_PORT", String.valueOf(url.getPort()), "DB_NAME", "mastodon", "DB_USER", credentials[0],
                "DB_PASS", credentials[1], "REDIS_URL", redis.url())).build()).create();
    }

    private String deletedUri() {
        return ledger.entries().stream().filter(entry -> entry.kind() == Ledger.Kind.ACKNOWLEDGED)
                .map(Ledger.Entry::write).filter(write -> write.table().equals("statuses") && write.value().isEmpty()).findFirst().orElseThrow().key();
    }

    private static String scheduledJob(Jedis jedis) {
        return jedis.zrange("schedule", -1, -1).getFirst();
    }

    private void sabotage(String sql) throws SQLException {
        try (var statement = owner.createStatement()) {
            assertThat(statement.executeUpdate(sql)).isEqualTo(1);
        }
    }

    private long count(String query) throws SQLException {
        return Long.parseLong(text(query));
    }

    private String text(String query) throws SQLException {
        try (var statement = owner.createStatement(); var rows = statement.executeQuery(query)) {
            assertThat(rows.next()).as(query).isTrue();
            return rows.getString(1);
        }
    }

    /** As the kubelet does, with a probe that says yes at once. */
    private AutoCloseable start(String container, String name) {
        var pod = new PodBuilder().withNewMetadata().withName(name).withNamespace(NAMESPACE).endMetadata().withNewSpec()
                .addNewContainer().withName(container).withArgs(List.of("-q", "default,8", "-q", "push"))
                .addNewEnvFrom().withNewSecretRef().withName("x-env").endSecretRef().endEnvFrom().endContainer().endSpec().build();
        var process = instance.start(pod);
        instance.ready(pod);
        return process;
    }
}
