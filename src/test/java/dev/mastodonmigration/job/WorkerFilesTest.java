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
import org.junit.jupiter.api.Test;

class WorkerFilesTest {
    private static final TargetDatabase REDIS = new PlayedDatabase(Trouble.NONE, "redis://target:6379");

    @Test
    void aTargetThatIsStillToBeCreatedIsLeftOutAndItsVersionTold() {
        assertThat(files(new NotCreatedException("not yet"))).containsEntry(WorkerContext.TARGET_POSTGRES_MAJOR, "17")
                .containsKeys(WorkerContext.SOURCE_POSTGRES_URL, WorkerContext.TARGET_REDIS_URL).doesNotContainKeys(WorkerContext.TARGET_POSTGRES_URL, WorkerContext.TARGET_POSTGRES_CA);
    }

    @Test
    void soIsARedisOfTheOperatorsMaking() {
        var files = WorkerFiles.of(new PlayedSource(Trouble.NONE), Optional.empty(), Optional.of(without(new NotCreatedException("not yet")))).contents();
        assertThat(files).containsEntry(WorkerContext.TARGET_REDIS_MAJOR, "17").doesNotContainKeys(WorkerContext.TARGET_REDIS_URL, WorkerContext.TARGET_REDIS_CA, WorkerContext.TARGET_POSTGRES_MAJOR);
    }

    /** Workers would skip what they are given no target for. */
    @Test
    void aTargetThatCannotBeReadIsNeverLeftOut() {
        assertThatThrownBy(() -> files(new OutsideException("its Secret is gone", false))).hasMessage("its Secret is gone");
    }

    private static Map<String, String> files(OutsideException why) {
        return WorkerFiles.of(new PlayedSource(Trouble.NONE), Optional.of(without(why)), Optional.of(REDIS)).contents();
    }

    private static TargetDatabase without(OutsideException why) {
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
            public Optional<Integer> plannedMajor() {
                return Optional.of(17);
            }

            @Override
            public Provisioned ensure() {
                throw why;
            }

            @Override
            public String url() {
                throw why;
            }

            @Override
            public Optional<String> ca() {
                return Optional.of("pem");
            }

            @Override
            public Provisioned release() {
                throw why;
            }
        };
    }
}
