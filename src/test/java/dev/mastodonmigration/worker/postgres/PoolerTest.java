package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.PgBouncer;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whose sessions share the server's has no place to keep a lock, a setting or a snapshot of ours: found by trying, whatever the pooler calls itself. */
@ExtendWith(SharedPostgres.class)
class PoolerTest {
    /** As providers set it, for drivers that send more than it knows. */
    private static final String LENIENT = "ignore_startup_parameters = extra_float_digits, options";

    @BeforeAll
    static void pgBouncer() {
        PgBouncer.require();
    }

    private static List<String> blockers(TwoDatabases world) throws Exception {
        return PostgresPreflight.planned(false, connection -> List.of()).check(world.context()).blockers();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            pool_mode = transaction | default_pool_size = 20 | server_round_robin = 0
            pool_mode = transaction | default_pool_size = 20 | server_round_robin = 1
            pool_mode = transaction | default_pool_size = 1 | server_round_robin = 0
            pool_mode = statement | default_pool_size = 20 | server_round_robin = 0
            pool_mode = session | default_pool_size = 20 | server_round_robin = 0
            """)
    void onEitherSideIsRefusedWithTheNameOfTheDirectUrl(String mode, String size, String order) throws Exception {
        var world = TwoDatabases.empty(15);
        try (var source = PgBouncer.before(world.sourceServer.url(world.source, TwoDatabases.OWNER), LENIENT, mode, size, order);
                var target = PgBouncer.before(world.targetServer.url(world.target, TwoDatabases.TARGET_OWNER), LENIENT, mode, size, order)) {
            world.secret(WorkerContext.SOURCE_POSTGRES_URL, source.url()).secret(WorkerContext.TARGET_POSTGRES_URL, target.url());
            assertThat(blockers(world)).hasSize(2).anySatisfy(blocker -> assertThat(blocker).contains("source database", "connection pooler", "source-postgres-url", "DATABASE_URL", "_CONNECTION_POOL_URL"))
                    .anySatisfy(blocker -> assertThat(blocker).contains("target database", "connection pooler", "target-postgres-url"));
        }
    }

    @Test
    void thatRefusesWhatOurProgramsSendAtTheStartIsFoundByThat() throws Exception {
        var world = TwoDatabases.empty(15);
        try (var target = PgBouncer.before(world.targetServer.url(world.target, TwoDatabases.TARGET_OWNER), "pool_mode = session")) {
            world.secret(WorkerContext.TARGET_POSTGRES_URL, target.url());
            assertThat(blockers(world)).singleElement().asString().contains("target database", "connection pooler", "unsupported startup parameter", "target-postgres-url");
        }
    }

    @Test
    void isNotSeenWhereThereIsNone() throws Exception {
        assertThat(blockers(TwoDatabases.empty(15))).isEmpty();
    }
}
