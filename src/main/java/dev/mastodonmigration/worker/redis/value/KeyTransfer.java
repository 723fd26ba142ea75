package dev.mastodonmigration.worker.redis.value;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import redis.clients.jedis.exceptions.JedisDataException;

/** Brings keys from one side to the other as they are now: by payload, by translated payload, or by commands. What the source lacks is removed. */
public final class KeyTransfer {
    /** Above this, a value travels in pages: DUMP, RESTORE and our own memory would each hold all of it. */
    public static final long PAGED_BYTES = 8L << 20;

    private final KeyReader source;
    private final GuardedWriter target;
    private final PayloadFormat targetFormat;
    private final ValueCopy byCommands;
    private final Predicate<RedisKey> wanted;
    private final Consumer<RedisKey> streams;
    private final LargeKeys around;
    private final Optional<ListByEnds> lists;
    /** Not yet looked at on the target. */
    private final Map<RedisKey, KeyState> restoredStreams = new LinkedHashMap<>();

    /**
     * @param wanted  which keys belong on the target; others are removed there
     * @param streams told each stream
     */
    public KeyTransfer(KeyReader source, GuardedWriter target, PayloadFormat targetFormat, Predicate<RedisKey> wanted, Consumer<RedisKey> streams) {
        this(source, target, targetFormat, wanted, streams, LargeKeys.ALONE, Optional.empty());
    }

    /** Of a source in use, where large keys are told to {@code around}, and large lists are followed by their ends. */
    public static KeyTransfer following(KeyReader source, GuardedWriter target, PayloadFormat targetFormat, Predicate<RedisKey> wanted, Consumer<RedisKey> streams, LargeKeys around) {
        return new KeyTransfer(source, target, targetFormat, wanted, streams, around, Optional.of(new ListByEnds(source.jedis(), target, around)));
    }

    private KeyTransfer(KeyReader source, GuardedWriter target, PayloadFormat targetFormat, Predicate<RedisKey> wanted, Consumer<RedisKey> streams, LargeKeys around,
            Optional<ListByEnds> lists) {
        this.source = source;
        this.target = target;
        this.targetFormat = targetFormat;
        this.byCommands = new ValueCopy(source.jedis(), target, around);
        this.wanted = wanted;
        this.streams = streams;
        this.around = around;
        this.lists = lists;
    }

    /** Returns the bytes of payload read, once the target has taken all. */
    public long transfer(KeyScan.Batch batch) throws Refusal, IOException {
        return batch.isLarge() ? large(batch.keys().getFirst(), batch) : atOnce(batch);
    }

    private long large(RedisKey key, KeyScan.Batch batch) throws Refusal, IOException {
        var started = System.nanoTime();
        around.move(key);
        var type = batch.bytes() > PAGED_BYTES && wanted.test(key) ? ValueType.of(source.jedis(), key.bytes()) : Optional.<ValueType>empty();
        var rest = type.filter(ValueType.LIST::equals).isPresent() ? byEnds(key, batch.bytes()) : Optional.<Long>empty();
        var bytes = rest.isPresent() || type.isPresent() && inPages(key, type.get(), batch.bytes()) ? batch.bytes() : atOnce(batch);
        around.moved(key, rest.orElseGet(() -> ListByEnds.REST_PER_WORK * (System.nanoTime() - started)));
        return bytes;
    }

    private Optional<Long> byEnds(RedisKey key, long bytes) throws Refusal, IOException {
        return lists.isPresent() && source.expiry(key).equals(OptionalLong.of(KeyState.NEVER)) ? lists.get().bring(key, bytes) : Optional.empty();
    }

    private boolean inPages(RedisKey key, ValueType type, long bytes) throws Refusal, IOException {
        var expiry = source.expiry(key);
        if (expiry.isEmpty() || type == ValueType.HASH && onlyPayloadTells(key, bytes)) {
            return false;
        }
        byCommands.copy(key, bytes, expiry.getAsLong());
        return true;
    }

    private boolean onlyPayloadTells(RedisKey hash, long bytes) {
        try {
            return source.mayHaveFieldsThatExpire(hash.bytes(), bytes);
        } catch (JedisDataException e) {
            if (ValuePages.isGone(e)) {
                return true;
            }
            throw e;
        }
    }

    private long atOnce(KeyScan.Batch batch) throws Refusal, IOException {
        var bytes = collect(batch.keys(), source.read(batch.keys()), target::restore);
        target.flush();
        demandKept(List.of());
        return bytes;
    }

    /** As {@link #transfer}, in two steps, for a target that most likely has none of these keys yet: the second is {@link #flushNew}. */
    public long collectNew(List<RedisKey> keys, List<Optional<KeyState>> states) throws Refusal, IOException {
        return collect(keys, states, target::restoreNew);
    }

    private long collect(List<RedisKey> keys, List<Optional<KeyState>> states, BiConsumer<RedisKey, KeyState> restoring) throws Refusal, IOException {
        long bytes = 0;
        for (int i = 0; i < states.size(); i++) {
            var key = keys.get(i);
            var state = states.get(i).filter(found -> wanted.test(key));
            if (state.isPresent()) {
                write(key, state.get(), restoring);
                bytes += state.get().payload().length;
            } else if (!key.equals(Marker.KEY)) {
                target.remove(key);
            }
        }
        return bytes;
    }

    /** Returns once the target has taken what lies ready: the keys that it already had, perhaps with an older value, and has still. */
    public List<RedisKey> flushNew() throws Refusal, IOException {
        target.flush();
        var had = target.occupied();
        demandKept(had);
        return had;
    }

    /** A stream that the target writes otherwise than it was brought, as another version of Redis does, could never be proved equal. */
    private void demandKept(List<RedisKey> except) throws Refusal {
        for (var stream : restoredStreams.entrySet()) {
            var written = except.contains(stream.getKey()) ? null : target.jedis().dump(target.name(stream.getKey()));
            if (written != null && !stream.getValue().sameBytes(new KeyState(written, KeyState.NEVER))) {
                throw new Refusal("Redis key " + stream.getKey() + " is a stream, or of a type newer than we know, which the " + target.title() + " keeps in another format"
                        + " than it came in, so it cannot be proved equal; Mastodon uses none. Delete it if nothing needs it, or let both Redis be of one version.");
            }
        }
        restoredStreams.clear();
    }

    private void write(RedisKey key, KeyState state, BiConsumer<RedisKey, KeyState> restoring) throws Refusal, IOException {
        switch (targetFormat.route(state.payload())) {
            case PayloadFormat.Route.Payload payload -> {
                restoring.accept(key, new KeyState(payload.bytes(), state.expiresAtMilliseconds()));
                if (state.isStream()) {
                    streams.accept(key);
                    restoredStreams.put(key, state);
                }
            }
            case PayloadFormat.Route.ByCommands commands -> byCommands.copy(key, state.payload().length, state.expiresAtMilliseconds());
            case PayloadFormat.Route.Impossible impossible -> throw new Refusal("Redis key " + key + " holds " + impossible.because() + ".");
        }
    }
}
