package dev.mastodonmigration.worker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What is said to be done is on the target: a pass of a scan ends, and the drain, by what the lanes have left. */
class LaneWorkTest {
    private static final List<RedisKey> KEYS = List.of(RedisKey.of("a"), RedisKey.of("b"));
    private final LaneWork work = new LaneWork();

    @Test
    void aBatchThatIsStillOnItsWayIsNotDoneAlthoughTheNextIsTaken() throws InterruptedException {
        assertThat(work.scanned(new LaneTask.Copy(RedisSide.SOURCE, KEYS))).isTrue();
        assertThat(work.take().keys()).isEqualTo(KEYS);
        assertThat(work.take().keys()).as("nothing more for now").isEmpty();
        assertThat(work.backlog().batches()).isEqualTo(1);
        work.copied();
        assertThat(work.backlog().batches()).isZero();
    }

    @Test
    void aBatchToCompareIsDoneWhenTheNextThingIsTaken() throws InterruptedException {
        assertThat(work.scanned(new LaneTask.ProveScanned(KEYS))).isTrue();
        work.take();
        work.copied();
        assertThat(work.backlog().batches()).as("it was not copying").isEqualTo(1);
        work.take();
        assertThat(work.backlog().batches()).isZero();
    }

    @Test
    void aKeyThatChangesWhileItIsCopiedComesAgain() throws InterruptedException {
        work.scanned(new LaneTask.Copy(RedisSide.SOURCE, KEYS));
        work.take();
        work.changed(List.of(KEYS.getFirst()));
        assertThat(work.take()).isEqualTo(new LaneTask.Apply(List.of(KEYS.getFirst())));
        assertThat(work.backlog().changes()).isEqualTo(1);
        work.take();
        assertThat(work.backlog().changes()).isZero();
    }

    @Test
    void aScanWaitsWhileMuchThatItFoundIsStillToBeCopied() throws InterruptedException {
        work.changed(IntStream.rangeClosed(0, 20_000).mapToObj(i -> RedisKey.of("missing:" + i)).toList());
        assertThat(work.scanned(new LaneTask.ProveScanned(KEYS))).isFalse();
        assertThat(work.take()).isInstanceOf(LaneTask.Apply.class);
        assertThat(work.scanned(new LaneTask.ProveScanned(KEYS))).isTrue();
    }

    @Test
    void aScanWaitsWhileMuchThatWasCopiedIsStillToBeProved() throws InterruptedException {
        work.prove(IntStream.rangeClosed(0, 20_000).mapToObj(i -> RedisKey.of("copied:" + i)).toList());
        assertThat(work.scanned(new LaneTask.ProveScanned(KEYS))).isFalse();
        assertThat(work.take()).isInstanceOf(LaneTask.Prove.class);
        assertThat(work.scanned(new LaneTask.ProveScanned(KEYS))).isTrue();
    }
}
