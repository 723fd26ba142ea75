package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What is said to be done is on the target: a pass of a scan ends, and the drain, by what the partitions have left. */
class PartitionQueueTest {
    private static final List<RedisKey> KEYS = List.of(RedisKey.of("a"), RedisKey.of("b"));
    private final PartitionQueue work = new PartitionQueue();

    @Test
    void aBatchThatIsStillOnItsWayIsNotDoneAlthoughTheNextIsTaken() throws InterruptedException {
        assertThat(work.scanned(new PartitionTask.Copy(RedisSide.SOURCE, KEYS))).isTrue();
        assertThat(work.take().keys()).isEqualTo(KEYS);
        assertThat(work.take().keys()).as("nothing else is to be done").isEmpty();
        assertThat(work.backlog().batches()).isEqualTo(1);
        work.copied();
        assertThat(work.backlog().batches()).isZero();
    }

    @Test
    void aBatchToCompareIsDoneWhenTheNextThingIsTaken() throws InterruptedException {
        assertThat(work.scanned(new PartitionTask.ProveScanned(KEYS))).isTrue();
        work.take();
        work.copied();
        assertThat(work.backlog().batches()).as("it was not copying").isEqualTo(1);
        work.take();
        assertThat(work.backlog().batches()).isZero();
    }

    @Test
    void aKeyThatChangesWhileItIsCopiedComesAgain() throws InterruptedException {
        work.scanned(new PartitionTask.Copy(RedisSide.SOURCE, KEYS));
        work.take();
        work.changed(List.of(KEYS.getFirst()));
        assertThat(work.take()).isEqualTo(new PartitionTask.Apply(List.of(KEYS.getFirst())));
        assertThat(work.backlog().changes()).isEqualTo(1);
        work.take();
        assertThat(work.backlog().changes()).isZero();
    }

    @Test
    void aScanWaitsWhileMuchThatItFoundIsStillToBeCopied() throws InterruptedException {
        work.changed(IntStream.rangeClosed(0, 20_000).mapToObj(i -> RedisKey.of("missing:" + i)).toList());
        assertThat(work.scanned(new PartitionTask.ProveScanned(KEYS))).isFalse();
        assertThat(work.take()).isInstanceOf(PartitionTask.Apply.class);
        assertThat(work.scanned(new PartitionTask.ProveScanned(KEYS))).isTrue();
    }

    @Test
    void aScanWaitsWhileMuchThatWasCopiedIsStillToBeProved() throws InterruptedException {
        work.prove(IntStream.rangeClosed(0, 20_000).mapToObj(i -> RedisKey.of("copied:" + i)).toList());
        assertThat(work.scanned(new PartitionTask.ProveScanned(KEYS))).isFalse();
        assertThat(work.take()).isInstanceOf(PartitionTask.Prove.class);
        assertThat(work.scanned(new PartitionTask.ProveScanned(KEYS))).isTrue();
    }

    /** As of a key that changes while it is read: until then it was read again at once. */
    @Test
    void aLargeKeyThatChangedOnItsWayRestsAndIsNoLag() throws InterruptedException {
        var large = KEYS.getFirst();
        work.changed(KEYS);
        assertThat(work.take().keys()).isEqualTo(KEYS);
        work.applied(List.of(KEYS.getLast()));
        work.move(large);
        work.changed(List.of(large));
        assertThat(work.backlog()).as("on its way, and to be read once more").isEqualTo(new Backlog(2, 0, 0, 0));
        assertThat(work.takeBetween()).as("not while it is on its way").isEmpty();
        work.moved(large, TimeUnit.HOURS.toNanos(1));
        assertThat(work.take().keys()).as("it rests").isEmpty();
        assertThat(work.backlog()).isEqualTo(new Backlog(1, 0, 0, 0));
        work.hurry();
        assertThat(work.take()).as("in the freeze nothing rests").isEqualTo(new PartitionTask.Apply(List.of(large)));
    }

    @Test
    void othersHaveTheirTurnWhileALargeKeyIsOnItsWayButNotThoseInHand() throws InterruptedException {
        work.changed(KEYS);
        work.take();
        work.move(KEYS.getFirst());
        var other = RedisKey.of("c");
        work.changed(List.of(KEYS.getLast(), other));
        assertThat(work.takeBetween()).isEqualTo(List.of(other));
        work.applied(List.of(other));
        work.moved(KEYS.getFirst(), 0);
        assertThat(work.take()).as("what changed while it was in hand comes again").isEqualTo(new PartitionTask.Apply(List.of(KEYS.getLast())));
    }

    @Test
    void aKeyThatDiffersBeforeItWasBroughtAFewTimesIsNotGivenUp() throws InterruptedException {
        var large = KEYS.getFirst();
        assertThat(work.differed(large)).isZero();
        TimeUnit.MILLISECONDS.sleep(2);
        assertThat(work.differed(large)).as("it may have rested for all that time").isZero();
        assertThat(work.differed(large)).isPositive();
        work.changed(List.of(large));
        assertThat(work.isSuspect(large)).isFalse();
    }
}
