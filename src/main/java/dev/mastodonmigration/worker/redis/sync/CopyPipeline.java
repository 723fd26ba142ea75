package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.mastodon.PresumedSizes;
import dev.mastodonmigration.worker.redis.value.KeyReader;
import dev.mastodonmigration.worker.redis.value.KeyScan;
import dev.mastodonmigration.worker.redis.value.KeyTransfer;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RoundTrip;
import dev.mastodonmigration.worker.redis.wire.SplitConnection;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Copies to a target that was empty, in three stages at once, so that neither server waits for the other: while the target takes some values, the source
 * reads the next and tells the sizes of those after.
 */
final class CopyPipeline {
    /** What one partition of three gets of a step of the scan, and some more. */
    private static final int STEP_KEYS = 1500;
    /** Read in one go. */
    private static final int STEP_BATCHES = 2;
    /** Of values whose size was only presumed: twice what they should have. */
    private static final long MOST_BYTES = 2 * STEP_BATCHES * KeyScan.MAX_BATCH_BYTES;

    private final KeyReader source;
    private final KeyTransfer transfer;
    private final PartitionQueue work;
    private final Partition.Copied copied;
    private final PresumedSizes sizes = new PresumedSizes();
    private final ArrayDeque<KeyScan.Batch> sized = new ArrayDeque<>();
    private int readKeys;
    private long readBytes;

    /**
     * @param work   told the keys that the target already had, as when they changed before the scan came to them: the last word is to be the newest
     * @param copied told what the target has taken
     */
    CopyPipeline(KeyReader source, KeyTransfer transfer, PartitionQueue work, Partition.Copied copied) {
        this.source = source;
        this.transfer = transfer;
        this.work = work;
        this.copied = copied;
    }

    /** Takes these in; the target may take the last of them with the next ones, or with {@link #finish}. */
    void copy(List<RedisKey> keys) throws Refusal, IOException {
        for (int from = 0; from < keys.size(); from += STEP_KEYS) {
            advance(keys.subList(from, Math.min(keys.size(), from + STEP_KEYS)));
            while (sized.size() > STEP_BATCHES) {
                advance(List.of());
            }
        }
    }

    /** Returns once the target has taken all. */
    void finish() throws Refusal, IOException {
        while (!sized.isEmpty()) {
            advance(List.of());
        }
        flush();
    }

    private void advance(List<RedisKey> next) throws Refusal, IOException {
        while (!sized.isEmpty() && sized.getFirst().isLarge()) {
            flush();
            transfer(sized.poll());
        }
        var reading = new ArrayList<RedisKey>();
        for (int i = 0; i < STEP_BATCHES && !sized.isEmpty() && !sized.getFirst().isLarge(); i++) {
            reading.addAll(sized.poll().keys());
        }
        var unsure = sizes.unsure(next);
        var trip = new RoundTrip(source.jedis());
        source.ask(trip, reading);
        KeyScan.askSizes(trip, unsure);
        trip.depart();
        flush();
        var answers = trip.answers(MOST_BYTES);
        sized.addAll(KeyScan.cut(next, sizes.sizes(next, unsure, answers.subList(KeyReader.answers(reading), answers.size()))));
        collect(reading, answers.subList(0, KeyReader.answers(reading)));
    }

    private void collect(List<RedisKey> reading, List<Object> answers) throws Refusal, IOException {
        if (answers.contains(SplitConnection.PASSED_OVER)) {
            sizes.wasWrong();
            for (var batch : KeyScan.cut(source.jedis(), reading)) {
                transfer(batch);
            }
            return;
        }
        sizes.wasRight(reading);
        readBytes = transfer.collectNew(reading, source.states(answers));
        readKeys = reading.size();
    }

    private void transfer(KeyScan.Batch batch) throws Refusal, IOException {
        copied.add(batch.keys().size(), transfer.transfer(batch));
    }

    private void flush() throws Refusal, IOException {
        work.changed(transfer.flushNew());
        // To tell of nothing would still be a reading of progress, in place of what others said since.
        if (readKeys > 0) {
            copied.add(readKeys, readBytes);
        }
        readKeys = 0;
        readBytes = 0;
    }
}
