package dev.mastodonmigration.worker.redis.value;

import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RoundTrip;
import dev.mastodonmigration.worker.redis.wire.SplitConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Compares keys of both sides, cheapest proof first: DUMP bytes and expiry, then by type. A key that expires meanwhile is no difference. */
public final class KeyComparison {
    /** Of the target, whose sizes nobody asked when the batch was cut: far more than the source said. */
    private static final long MOST_BYTES = 2 * KeyTransfer.PAGED_BYTES;

    private final KeyReader source;
    private final KeyReader target;
    private final ValueComparison values;
    private final long toleranceMilliseconds;
    private final Consumer<RedisKey> streams;

    public KeyComparison(KeyReader source, KeyReader target) {
        this(source, target, () -> {}, stream -> {});
    }

    /**
     * @param betweenPages run between the pages of a large key
     * @param streams      told each stream of the source
     */
    public KeyComparison(KeyReader source, KeyReader target, Runnable betweenPages, Consumer<RedisKey> streams) {
        this.source = source;
        this.target = target;
        this.values = new ValueComparison(source, target, betweenPages, streams);
        this.streams = streams;
        this.toleranceMilliseconds = Math.max(source.toleranceMilliseconds(), target.toleranceMilliseconds());
    }

    /** Of these keys, those that are not the same on both sides; a large one page by page, so that it need not fit in memory on both sides at once. */
    public List<Difference> differences(KeyScan.Batch batch) {
        return batch.isLarge() ? largeDifference(batch.keys().getFirst(), batch.bytes()).stream().toList() : differences(batch.keys());
    }

    private List<Difference> differences(List<RedisKey> keys) {
        var ofSource = ask(source, keys);
        var ofTarget = ask(target, keys);
        var ours = source.states(ofSource.answers());
        var told = ofTarget.answers(MOST_BYTES);
        if (told.contains(SplitConnection.PASSED_OVER)) {
            return keys.stream().flatMap(key -> largeDifference(key, KeyScan.MAX_BATCH_BYTES).stream()).toList();
        }
        var theirs = target.states(told);
        var known = values.same(otherBytes(keys, ours, theirs));
        var differences = new ArrayList<Difference>();
        for (int i = 0; i < keys.size(); i++) {
            var key = keys.get(i);
            var one = ours.get(i);
            var other = theirs.get(i);
            one.filter(KeyState::isStream).ifPresent(stream -> streams.accept(key));
            difference(key, expiry(one), expiry(other), () -> one.get().sameBytes(other.get())
                    || Optional.ofNullable(known.get(key)).orElseGet(() -> values.same(key, one.get().payload().length))).ifPresent(differences::add);
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
    private List<ValueComparison.Pair> otherBytes(List<RedisKey> keys, List<Optional<KeyState>> ours, List<Optional<KeyState>> theirs) {
        var pairs = new ArrayList<ValueComparison.Pair>();
        for (int i = 0; i < keys.size(); i++) {
            if (ours.get(i).isPresent() && theirs.get(i).isPresent()) {
                var pair = new ValueComparison.Pair(keys.get(i), ours.get(i).get(), theirs.get(i).get());
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
        return difference(key, source.expiry(key), target.expiry(key), () -> values.same(key, bytes));
    }

    /** Of a key that must not be on the target; empty when it is not, or about to expire there. */
    public Optional<Difference> stray(RedisKey key) {
        return difference(key, OptionalLong.empty(), target.expiry(key), () -> false);
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
}
