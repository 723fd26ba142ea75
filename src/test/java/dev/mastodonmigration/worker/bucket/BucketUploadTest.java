package dev.mastodonmigration.worker.bucket;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BucketUploadTest {
    private static final long MIB = 1 << 20;

    /** S3 takes parts of 5 MiB to 5 GiB, at most 10 000 of them; the worker's heap is 400 MB. */
    @Test
    void partsGrowSoThatFiveHundredGigabytesFitAndNoneIsLargerThanTheWorkersMemory() {
        assertThat(IntStream.rangeClosed(1, 10_000).mapToLong(BucketUpload::size).sum()).isGreaterThan(500 * 1000L * 1000 * 1000);
        assertThat(IntStream.rangeClosed(1, 10_000).mapToLong(BucketUpload::size)).allMatch(size -> size >= 5 * MIB && size <= 64 * MIB);
        assertThat(BucketUpload.size(1)).as("of a small dump").isEqualTo((int) (8 * MIB));
    }
}
