package dev.mastodonmigration.worker.redis.mastodon;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What was seen last of a key is what counts. */
class SourceConflictsTest {
    private static final RedisKey KEY = RedisKey.of("stat:processed");
    private static final RedisKey JOBS = RedisKey.of("queue:default");
    private final SourceConflicts conflicts = new SourceConflicts();

    @Test
    void aNameIsInTheWayForAsLongAsBothHaveIt() {
        conflicts.looked(KEY, List.of(RedisSide.SOURCE, RedisSide.SOURCE_OF_SIDEKIQ));
        assertThatThrownBy(conflicts::demandNone).isInstanceOf(Refusal.class).hasMessageContaining("both hold 1 key, \"stat:processed\"");
        conflicts.looked(KEY, List.of(RedisSide.SOURCE));
        assertThatCode(conflicts::demandNone).doesNotThrowAnyException();
    }

    @Test
    void jobsAreInTheWayForAsLongAsTheMainOneHasThem() {
        conflicts.looked(JOBS, List.of(RedisSide.SOURCE_OF_SIDEKIQ));
        assertThatCode(conflicts::demandNone).doesNotThrowAnyException();
        conflicts.looked(JOBS, List.of(RedisSide.SOURCE));
        assertThatThrownBy(conflicts::demandNone).isInstanceOf(Refusal.class).hasMessageContaining("main Redis holds 1 key, \"queue:default\"");
        conflicts.looked(JOBS, List.of());
        assertThatCode(conflicts::demandNone).doesNotThrowAnyException();
    }
}
