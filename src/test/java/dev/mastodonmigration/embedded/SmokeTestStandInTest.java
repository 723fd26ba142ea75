package dev.mastodonmigration.embedded;

import dev.mastodonmigration.mastodon.SourceEnvironment;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.mastodon.MastodonEnvironment;
import dev.mastodonmigration.target.Compute;
import dev.mastodonmigration.target.SmokeTest;
import dev.mastodonmigration.target.kubernetes.KubernetesComputes;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The smoke test from the port to real databases and back: Jobs, pods, processes, termination messages. */
class SmokeTestStandInTest {
    private final EmbeddedApiServer server = EmbeddedApiServer.start();
    private final JobRunner runner = JobRunner.start(server.client(), "mastodon");
    private final RedisServer redis = RedisServer.start();
    private TwoDatabases databases;

    @BeforeEach
    void restore() throws SQLException {
        databases = TwoDatabases.between(17, 17);
    }

    @AfterEach
    void close() throws Exception {
        runner.close();
        databases.drop();
        redis.close();
        server.close();
    }

    @Test
    void theImageThatTheSourceRunsPasses() {
        var compute = deployed("v4.5.3");
        var passed = (SmokeTest.Passed) ended(compute);
        assertThat(passed.message()).contains("no migration is pending (60 have run), Redis answers PONG", "streaming connects to Postgres and Redis");
        assertThat(runner.violations()).isEmpty();
    }

    @Test
    void anotherVersionIsNamedBeforeAnythingIsFrozenAndTheRightOnePassesThen() {
        assertThat(((SmokeTest.Failed) ended(deployed("v4.6.0-newer"))).message()).contains("the image is newer than the source", "20991231235959");
        assertThat(((SmokeTest.Failed) ended(deployed("v4.4.0-older"))).message()).contains("the source is newer than the image", "20160220174790");
        assertThat(ended(deployed("v4.5.3"))).isInstanceOf(SmokeTest.Passed.class);
    }

    private SmokeTest ended(Compute compute) {
        return await().atMost(Duration.ofSeconds(60)).until(compute::smokeTest, looked -> !(looked instanceof SmokeTest.Running));
    }

    private Compute deployed(String tag) {
        MastodonMigration migration = Example.migration("mastodon/mastodon:v4.5.3", "mastodon/mastodon:" + tag);
        var compute = new KubernetesComputes(server.client()).of(migration);
        compute.ensure(MastodonEnvironment.of(new SourceEnvironment(Example.web(), Example.streaming()), migration.getSpec(), databases.sourceServer.url(databases.source, TwoDatabases.OWNER), Optional.empty(), redis.url(), Optional.empty()));
        return compute;
    }
}
