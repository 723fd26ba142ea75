package dev.mastodonmigration.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.NotCreatedException;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.played.PlayedDatabase;
import dev.mastodonmigration.played.PlayedSource;
import dev.mastodonmigration.played.Trouble;
import dev.mastodonmigration.target.TargetDatabase;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class WorkerFilesTest {
    private static final TargetDatabase REDIS = new PlayedDatabase(Trouble.NONE, "redis://target:6379");

    @Test
    void aTargetThatIsStillToBeCreatedIsLeftOutAndItsVersionTold() {
        assertThat(files(new NotCreatedException("not yet"))).containsEntry(WorkerContext.TARGET_POSTGRES_MAJOR, "17").containsEntry(WorkerContext.TARGET_POSTGRES_STORAGE, "20 its.field")
                .containsKeys(WorkerContext.SOURCE_POSTGRES_URL, WorkerContext.TARGET_REDIS_URL).doesNotContainKeys(WorkerContext.TARGET_POSTGRES_URL, WorkerContext.TARGET_POSTGRES_CA);
    }

    @Test
    void soIsARedisOfTheOperatorsMaking() {
        var files = WorkerFiles.of(new PlayedSource(Trouble.NONE), Optional.empty(), Optional.of(database(() -> {
            throw new NotCreatedException("not yet");
        }))).contents();
        assertThat(files).containsEntry(WorkerContext.TARGET_REDIS_MAJOR, "17").doesNotContainKeys(WorkerContext.TARGET_REDIS_URL, WorkerContext.TARGET_REDIS_CA, WorkerContext.TARGET_POSTGRES_MAJOR);
        assertThat(WorkerFiles.of(new PlayedSource(Trouble.NONE), Optional.empty(), Optional.of(created())).contents()).containsEntry(WorkerContext.TARGET_REDIS_REACH, "sg-nodes alone")
                .doesNotContainKey(WorkerContext.TARGET_REDIS_MAJOR);
    }

    @Test
    void ofATargetThatIsThereWhoMayReachItIsToldAndItsVersionIsNot() {
        var files = WorkerFiles.of(new PlayedSource(Trouble.NONE), Optional.of(created()), Optional.of(REDIS)).contents();
        assertThat(files).containsEntry(WorkerContext.TARGET_POSTGRES_REACH, "sg-nodes alone").containsEntry(WorkerContext.TARGET_POSTGRES_URL, "postgres://created").doesNotContainKey(WorkerContext.TARGET_POSTGRES_MAJOR);
    }

    /** Workers would skip what they are given no target for. */
    @Test
    void aTargetThatCannotBeReadIsNeverLeftOut() {
        assertThatThrownBy(() -> files(new OutsideException("its Secret is gone", false))).hasMessage("its Secret is gone");
    }

    private static Map<String, String> files(OutsideException why) {
        return WorkerFiles.of(new PlayedSource(Trouble.NONE), Optional.of(database(() -> {
            throw why;
        })), Optional.of(REDIS)).contents();
    }

    private static TargetDatabase created() {
        return database(() -> "postgres://created");
    }

    private static TargetDatabase database(Supplier<String> url) {
        return new TargetDatabase() {
            @Override
            public List<String> violations() {
                return List.of();
            }

            @Override
            public Findings preflight() {
                return Findings.NONE;
            }

            @Override
            public Optional<Planned> planned() {
                return Optional.of(new Planned(17, Optional.of(new Storage(20, "its.field"))));
            }

            @Override
            public Optional<String> reach() {
                return Optional.of("sg-nodes alone");
            }

            @Override
            public Provisioned ensure() {
                return new Provisioned.Ready("");
            }

            @Override
            public String url() {
                return url.get();
            }

            @Override
            public Optional<String> ca() {
                return Optional.of("pem");
            }

            @Override
            public Provisioned release() {
                return new Provisioned.Ready("");
            }
        };
    }
}
