package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Compares keys of both sides, cheapest proof first: DUMP bytes and expiry, then by type. A key that expires meanwhile is no difference. */
final class KeyComparison implements AutoCloseable {
    /** Highest type byte whose value {@link CanonicalCompare} knows in full; hashes with fields that expire come after (redis/src/rdb.h). */
    private static final int LAST_KNOWN_TYPE = 21;

    private final KeyReader source;
    private final KeyReader target;
    private final CanonicalCompare canonical;
    private final long toleranceMilliseconds;
    private final Difference.Found found;

    KeyComparison(KeyReader source, KeyReader target, Difference.Found found) {
        this.source = source;
        this.target = target;
        this.canonical = new CanonicalCompare(source.jedis(), target.jedis());
        this.toleranceMilliseconds = Math.max(source.toleranceMilliseconds(), target.toleranceMilliseconds());
        this.found = found;
    }

    /** @param side which Redis of the source */
    static KeyComparison open(WorkerContext context, RedisSide side, Difference.Found found) throws Refusal, IOException {
        var source = side.open(context);
        try {
            return new KeyComparison(KeyReader.of(source), KeyReader.of(RedisSide.TARGET.open(context)), found);
        } catch (Refusal | IOException | RuntimeException e) {
            source.close();
            throw e;
        }
    }

    /** Compares keys that were seen on the source. */
    void compare(List<RedisKey> keys) {
        differences(keys).forEach(found::add);
    }

    /** Of these keys, those that are not the same on both sides. */
    List<Difference> differences(List<RedisKey> keys) {
        var ours = source.read(keys);
        var theirs = target.read(keys);
        var differences = new ArrayList<Difference>();
        for (int i = 0; i < keys.size(); i++) {
            var key = keys.get(i);
            difference(key, ours.get(i), theirs.get(i)).ifPresent(kind -> differences.add(new Difference(key, kind)));
        }
        return differences;
    }

    /** As {@link #differences}, of a batch of any size. */
    List<Difference> differences(KeyScan.Batch batch) {
        return batch.isLarge() ? largeDifference(batch.keys().getFirst()).stream().toList() : differences(batch.keys());
    }

    /**
     * Compares one large key page by page, so that it need not fit in memory on both sides at once. Hashes go the usual way where
     * their fields may expire: only their DUMP tells.
     */
    void compareLarge(RedisKey key) {
        largeDifference(key).ifPresent(found::add);
    }

    private Optional<Difference> largeDifference(RedisKey key) {
        var sourceExpiry = source.expiry(key);
        var targetExpiry = target.expiry(key);
        if (sourceExpiry.isEmpty() || targetExpiry.isEmpty() || "hash".equals(source.jedis().type(key.bytes())) && (source.fieldsMayExpire() || target.fieldsMayExpire())) {
            return differences(List.of(key)).stream().findFirst();
        }
        if (!sameExpiry(sourceExpiry.getAsLong(), targetExpiry.getAsLong())) {
            return Optional.of(new Difference(key, Difference.Kind.EXPIRY));
        }
        return canonical.same(key) || hasExpired(sourceExpiry.getAsLong()) ? Optional.empty() : Optional.of(new Difference(key, Difference.Kind.VALUE));
    }

    /** A key that must not be on the target, unless it is about to expire there. */
    void stray(RedisKey key) {
        target.read(List.of(key)).getFirst().filter(state -> !hasExpired(state)).ifPresent(state -> found.add(new Difference(key, Difference.Kind.STRAY)));
    }

    private Optional<Difference.Kind> difference(RedisKey key, Optional<KeyState> ours, Optional<KeyState> theirs) {
        if (ours.isEmpty() && theirs.isEmpty()) {
            return Optional.empty();
        }
        if (ours.isEmpty()) {
            return Optional.of(Difference.Kind.STRAY).filter(kind -> !hasExpired(theirs.get()));
        }
        if (theirs.isEmpty()) {
            return Optional.of(Difference.Kind.MISSING).filter(kind -> !hasExpired(ours.get()));
        }
        if (!sameExpiry(ours.get().expiresAtMilliseconds(), theirs.get().expiresAtMilliseconds())) {
            return Optional.of(Difference.Kind.EXPIRY);
        }
        return Optional.of(Difference.Kind.VALUE).filter(kind -> !sameValue(key, ours.get(), theirs.get()) && !hasExpired(ours.get()));
    }

    private boolean sameExpiry(long ours, long theirs) {
        return ours == theirs || ours != KeyState.NEVER && theirs != KeyState.NEVER && Math.abs(ours - theirs) <= toleranceMilliseconds;
    }

    private boolean sameValue(RedisKey key, KeyState ours, KeyState theirs) {
        return ours.sameBytes(theirs) || isKnown(ours) && isKnown(theirs) && canonical.same(key);
    }

    private static boolean isKnown(KeyState state) {
        return (state.payload()[0] & 0xff) <= LAST_KNOWN_TYPE;
    }

    /** By either server's clock: each expires keys by its own. */
    private boolean hasExpired(KeyState state) {
        return hasExpired(state.expiresAtMilliseconds());
    }

    private boolean hasExpired(long expiresAt) {
        return expiresAt != KeyState.NEVER && expiresAt - toleranceMilliseconds <= Math.max(source.nowMilliseconds(), target.nowMilliseconds());
    }

    @Override
    public void close() {
        source.close();
        target.close();
    }
}
