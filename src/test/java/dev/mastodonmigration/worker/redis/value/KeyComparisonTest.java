package dev.mastodonmigration.worker.redis.value;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.lang.management.ManagementFactory;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Of a batch that was cut by what the source has, the target may have far more. */
class KeyComparisonTest {
    @RegisterExtension
    static final RedisPair redis = new RedisPair();

    @Test
    void largeStraysAreNamedWithoutBeingHeldInMemory() throws Exception {
        var value = new byte[1 << 20];
        new Random(7).nextBytes(value);
        var keys = IntStream.range(0, 64).mapToObj(i -> RedisKey.of("stray " + i)).toList();
        keys.forEach(key -> redis.target.set(key.bytes(), value));
        var comparison = new KeyComparison(KeyReader.of(RedisSide.SOURCE.open(redis.context())), KeyReader.of(RedisSide.TARGET.open(redis.context())));
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        var before = threads.getCurrentThreadAllocatedBytes();
        assertThat(comparison.differences(new KeyScan.Batch(keys, 0))).hasSize(64).allMatch(difference -> difference.kind() == Difference.Kind.STRAY);
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(32L << 20);
    }
}
