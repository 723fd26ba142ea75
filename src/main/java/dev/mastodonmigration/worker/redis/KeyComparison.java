package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;

/** Compares keys of both sides, cheapest proof first: DUMP bytes and expiry, then by type. A key that expires meanwhile is no difference. */
final class KeyComparison implements AutoCloseable {
    private final KeyReader source;
    private final KeyReader target;
    private final SmallValues small;
    private final CanonicalCompare canonical;
    private final long toleranceMilliseconds;
    private final Difference.Found found;

    KeyComparison(KeyReader source, KeyReader target, Difference.Found found) {
        this(source, target, found, () -> {});
    }

    /** @param betweenPages run between the pages of a large key */
    KeyComparison(KeyReader source, KeyReader target, Difference.Found found, Runnable betweenPages) {
        this.source = source;
        this.target = target;
        this.small = new SmallValues(source.jedis(), target.jedis());
        this.canonical = new CanonicalCompare(source, target, betweenPages);
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
    void compare(KeyScan.Batch batch) {
        differences(batch).forEach(found::add);
    }

    /** Of these keys, those that are not the same on both sides; a large one page by page, so that it need not fit in memory on both sides at once. */
    List<Difference> differences(KeyScan.Batch batch) {
        return batch.isLarge() ? largeDifference(batch.keys().getFirst(), batch.bytes()).stream().toList() : differences(batch.keys());
    }

    private List<Difference> differences(List<RedisKey> keys) {
        var ofSource = ask(source, keys);
        var ofTarget = ask(target, keys);
        var ours = source.states(ofSource.answers());
        var theirs = target.states(ofTarget.answers());
        var known = small.same(otherBytes(keys, ours, theirs));
        var differences = new ArrayList<Difference>();
        for (int i = 0; i < keys.size(); i++) {
            var key = keys.get(i);
            var one = ours.get(i);
            var other = theirs.get(i);
            difference(key, expiry(one), expiry(other), () -> one.get().sameBytes(other.get())
                    || Optional.ofNullable(known.get(key)).orElseGet(() -> canonical.same(key, one.get().payload().length))).ifPresent(differences::add);
        }
        return differences;
    }

    /** Both sides are asked before the first answer is waited for. */
    private static RoundTrip ask(KeyReader side, List<RedisKey> keys) {
        var trip = new RoundTrip(side.jedis());
        side.ask(trip, keys);
        trip.depart();
        return trip;
    }

    /** Those that both sides have, to expire at the same time, and that another version of Redis may serialize otherwise. */
    private List<SmallValues.Pair> otherBytes(List<RedisKey> keys, List<Optional<KeyState>> ours, List<Optional<KeyState>> theirs) {
        var pairs = new ArrayList<SmallValues.Pair>();
        for (int i = 0; i < keys.size(); i++) {
            if (ours.get(i).isPresent() && theirs.get(i).isPresent()) {
                var pair = new SmallValues.Pair(keys.get(i), ours.get(i).get(), theirs.get(i).get());
                if (sameExpiry(pair.ours().expiresAtMilliseconds(), pair.theirs().expiresAtMilliseconds()) && !pair.ours().sameBytes(pair.theirs())) {
                    pairs.add(pair);
                }
            }
        }
        return pairs;
    }

    private static OptionalLong expiry(Optional<KeyState> state) {
        return state.stream().mapToLong(KeyState::expiresAtMilliseconds).findFirst();
    }

    private Optional<Difference> largeDifference(RedisKey key, long bytes) {
        return difference(key, source.expiry(key), target.expiry(key), () -> canonical.same(key, bytes));
    }

    /** A key that must not be on the target, unless it is about to expire there. */
    void stray(RedisKey key) {
        difference(key, OptionalLong.empty(), target.expiry(key), () -> false).ifPresent(found::add);
    }

    /** The expiries are empty for a key that is not there. */
    private Optional<Difference> difference(RedisKey key, OptionalLong ours, OptionalLong theirs, BooleanSupplier sameValue) {
        return kind(ours, theirs, sameValue).map(kind -> new Difference(key, kind));
    }

    private Optional<Difference.Kind> kind(OptionalLong ours, OptionalLong theirs, BooleanSupplier sameValue) {
        if (ours.isEmpty()) {
            return Optional.of(Difference.Kind.STRAY).filter(stray -> theirs.isPresent() && !hasExpired(theirs.getAsLong()));
        }
        if (theirs.isEmpty()) {
            return Optional.of(Difference.Kind.MISSING).filter(missing -> !hasExpired(ours.getAsLong()));
        }
        if (!sameExpiry(ours.getAsLong(), theirs.getAsLong())) {
            return Optional.of(Difference.Kind.EXPIRY);
        }
        return Optional.of(Difference.Kind.VALUE).filter(value -> !sameValue.getAsBoolean() && !hasExpired(ours.getAsLong()));
    }

    private boolean sameExpiry(long ours, long theirs) {
        return ours == theirs || ours != KeyState.NEVER && theirs != KeyState.NEVER && Math.abs(ours - theirs) <= toleranceMilliseconds;
    }

    /** By either server's clock: each expires keys by its own. */
    private boolean hasExpired(long expiresAt) {
        return expiresAt != KeyState.NEVER && expiresAt - toleranceMilliseconds <= Math.max(source.nowMilliseconds(), target.nowMilliseconds());
    }

    @Override
    public void close() {
        source.close();
        target.close();
    }
}
