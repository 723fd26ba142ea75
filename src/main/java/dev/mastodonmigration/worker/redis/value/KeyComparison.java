package dev.mastodonmigration.worker.redis.value;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RoundTrip;
import dev.mastodonmigration.worker.redis.wire.SplitConnection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
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
        this(source, target, LargeKeys.ALONE, stream -> {});
    }

    /**
     * @param around  asked between the pages of a large key, which is others' turn
     * @param streams told each stream of the source
     */
    public KeyComparison(KeyReader source, KeyReader target, LargeKeys around, Consumer<RedisKey> streams) {
        this.source = source;
        this.target = target;
        this.values = new ValueComparison(source, target, around, streams);
        this.streams = streams;
        this.toleranceMilliseconds = Math.max(source.toleranceMilliseconds(), target.toleranceMilliseconds());
    }

    /** Of these keys, those that are not the same on both sides; a large one page by page, so that it need not fit in memory on both sides at once. */
    public List<Difference> differences(KeyScan.Batch batch) throws Refusal, IOException {
        return batch.isLarge() ? largeDifference(batch.keys().getFirst(), batch.bytes()).stream().toList() : differences(batch.keys());
    }

    private List<Difference> differences(List<RedisKey> keys) throws Refusal, IOException {
        var ofSource = ask(source, keys);
        var ofTarget = ask(target, keys);
        var ours = source.states(ofSource.answers());
        var told = ofTarget.answers(MOST_BYTES);
        var differences = new ArrayList<Difference>();
        if (told.contains(SplitConnection.PASSED_OVER)) {
            for (var key : keys) {
                largeDifference(key, KeyScan.MAX_BATCH_BYTES).ifPresent(differences::add);
            }
            return differences;
        }
        var theirs = target.states(told);
        var known = values.same(otherBytes(keys, ours, theirs));
        for (int i = 0; i < keys.size(); i++) {
            var key = keys.get(i);
            var one = ours.get(i);
            var other = theirs.get(i);
            one.filter(KeyState::isStream).ifPresent(stream -> streams.accept(key));
            difference(key, expiry(one), expiry(other), () -> one.get().sameBytes(other.get())
                    || (known.containsKey(key) ? known.get(key) : values.same(key, one.get().payload().length))).ifPresent(differences::add);
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

    private Optional<Difference> largeDifference(RedisKey key, long bytes) throws Refusal, IOException {
        return difference(key, source.expiry(key), target.expiry(key), () -> values.same(key, bytes));
    }

    /** Of a key that must not be on the target; empty when it is not, or about to expire there. */
    public Optional<Difference> stray(RedisKey key) {
        return stray(key, target.expiry(key));
    }

    private Optional<Difference> stray(RedisKey key, OptionalLong expiresAt) {
        return expiresAt.isPresent() && !hasExpired(expiresAt.getAsLong()) ? Optional.of(new Difference(key, Difference.Kind.STRAY)) : Optional.empty();
    }

    private interface SameValue {
        boolean test() throws Refusal, IOException;
    }

    /** The expiries are empty for a key that is not there. */
    private Optional<Difference> difference(RedisKey key, OptionalLong ours, OptionalLong theirs, SameValue same) throws Refusal, IOException {
        if (ours.isEmpty()) {
            return stray(key, theirs);
        }
        if (theirs.isEmpty()) {
            return Optional.of(new Difference(key, Difference.Kind.MISSING)).filter(missing -> !hasExpired(ours.getAsLong()));
        }
        if (!sameExpiry(ours.getAsLong(), theirs.getAsLong())) {
            return Optional.of(new Difference(key, Difference.Kind.EXPIRY));
        }
        return same.test() || hasExpired(ours.getAsLong()) ? Optional.empty() : Optional.of(new Difference(key, Difference.Kind.VALUE));
    }

    private boolean sameExpiry(long ours, long theirs) {
        return ours == theirs || ours != KeyState.NEVER && theirs != KeyState.NEVER && Math.abs(ours - theirs) <= toleranceMilliseconds;
    }

    /** By either server's clock: each expires keys by its own. */
    private boolean hasExpired(long expiresAt) {
        return expiresAt != KeyState.NEVER && expiresAt - toleranceMilliseconds <= Math.max(source.nowMilliseconds(), target.nowMilliseconds());
    }
}
