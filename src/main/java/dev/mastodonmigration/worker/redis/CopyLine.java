package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;

/**
 * Copies in three stages at once, so that neither server waits for the other: while the target takes some values, the source reads the next and
 * tells the sizes of those after.
 */
final class CopyLine {
    private static final int STEP_KEYS = 1000;

    private final KeyReader source;
    private final KeyTransfer transfer;
    private final ReplicationLane.Copied copied;
    private final ArrayDeque<KeyScan.Batch> sized = new ArrayDeque<>();
    private int readKeys;
    private long readBytes;

    /** @param copied told what the target has taken */
    CopyLine(KeyReader source, KeyTransfer transfer, ReplicationLane.Copied copied) {
        this.source = source;
        this.transfer = transfer;
        this.copied = copied;
    }

    /** Takes these in; the target may take the last of them with the next ones, or with {@link #finish}. */
    void copy(List<RedisKey> keys) throws Refusal, IOException {
        for (int from = 0; from < keys.size(); from += STEP_KEYS) {
            advance(keys.subList(from, Math.min(keys.size(), from + STEP_KEYS)));
            while (sized.size() > 1) {
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
            copied.add(1, transfer.transfer(sized.poll()));
        }
        var reading = sized.isEmpty() ? List.<RedisKey>of() : sized.poll().keys();
        var trip = new RoundTrip(source.jedis());
        source.ask(trip, reading);
        KeyScan.askSizes(trip, next);
        trip.depart();
        flush();
        var answers = trip.answers();
        readBytes = transfer.collect(reading, source.states(answers.subList(0, KeyReader.answers(reading))));
        readKeys = reading.size();
        sized.addAll(KeyScan.cut(next, answers.subList(KeyReader.answers(reading), answers.size())));
    }

    private void flush() throws Refusal, IOException {
        transfer.flush();
        // To tell of nothing would still be a reading of progress, in place of what others said since.
        if (readKeys > 0) {
            copied.add(readKeys, readBytes);
        }
        readKeys = 0;
        readBytes = 0;
    }
}
