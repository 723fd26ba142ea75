package dev.mastodonmigration.worker.redis.value;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** One key that is not the same on both sides, and how. */
public record Difference(RedisKey key, Kind kind) {
    public enum Kind {
        VALUE("its value differs"),
        EXPIRY("it expires at another time"),
        MISSING("it is missing on the %s"),
        STRAY("only the %s has it");

        private final String words;

        Kind(String words) {
            this.words = words;
        }
    }

    /** @param written what the keys are brought to */
    public String words(String written) {
        return key + " (" + kind.words.formatted(written) + ")";
    }

    /** What all partitions found: all are counted, a few kept to be named. */
    public static final class Found {
        private static final int NAMED = 10;
        private final String written;
        private final List<Difference> named = new ArrayList<>();
        private long count;

        /** @param written what the keys are brought to */
        public Found(String written) {
            this.written = written;
        }

        public synchronized void add(Difference difference) {
            count++;
            if (named.size() < NAMED) {
                named.add(difference);
            }
        }

        public synchronized long count() {
            return count;
        }

        /** @throws Refusal when there is any, with the names of the first */
        public synchronized void demandNone() throws Refusal {
            if (count > 0) {
                throw new Refusal("Redis verification found " + count + " keys that differ between source and target: " + this
                        + ". The " + written + " was not opened. Check that nothing else writes to either Redis, and start the migration again.");
            }
        }

        @Override
        public synchronized String toString() {
            return named.stream().map(difference -> difference.words(written)).collect(Collectors.joining(", "))
                    + (count > named.size() ? " and " + (count - named.size()) + " more" : "");
        }
    }
}
