package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import redis.clients.jedis.exceptions.JedisDataException;

/** Brings keys from one side to the other as they are now: by payload, by translated payload, or by commands. What the source lacks is removed. */
final class KeyTransfer {
    /** Above this, a value travels in pages: DUMP, RESTORE and our own memory would each hold all of it. */
    static final long PAGED_BYTES = 8L << 20;

    private final KeyReader source;
    private final GuardedWriter target;
    private final PayloadTranslator translator;
    private final ValueCopy byCommands;
    private final Predicate<RedisKey> wanted;
    private final Consumer<RedisKey> streams;
    private final LargeKeys around;
    private final Optional<ListByEnds> lists;

    /**
     * @param wanted  which keys belong on the target; others are removed there
     * @param streams told each stream
     */
    KeyTransfer(KeyReader source, GuardedWriter target, PayloadTranslator translator, Predicate<RedisKey> wanted, Consumer<RedisKey> streams) {
        this(source, target, translator, wanted, streams, LargeKeys.ALONE, Optional.empty());
    }

    /** Of a source in use, where large keys are told to {@code around}, and large lists are followed by their ends. */
    static KeyTransfer following(KeyReader source, GuardedWriter target, PayloadTranslator translator, Predicate<RedisKey> wanted, Consumer<RedisKey> streams, LargeKeys around) {
        return new KeyTransfer(source, target, translator, wanted, streams, around, Optional.of(new ListByEnds(source.jedis(), target, around)));
    }

    private KeyTransfer(KeyReader source, GuardedWriter target, PayloadTranslator translator, Predicate<RedisKey> wanted, Consumer<RedisKey> streams, LargeKeys around,
            Optional<ListByEnds> lists) {
        this.source = source;
        this.target = target;
        this.translator = translator;
        this.byCommands = new ValueCopy(source.jedis(), target, around);
        this.wanted = wanted;
        this.streams = streams;
        this.around = around;
        this.lists = lists;
    }

    /** Returns the bytes of payload read, once the target has taken all. */
    long transfer(KeyScan.Batch batch) throws Refusal, IOException {
        return batch.isLarge() ? large(batch.keys().getFirst(), batch) : atOnce(batch);
    }

    private long large(RedisKey key, KeyScan.Batch batch) throws Refusal, IOException {
        var started = System.nanoTime();
        around.move(key);
        var paged = batch.bytes() > PAGED_BYTES && wanted.test(key);
        var rest = paged ? byEnds(key, batch.bytes()) : Optional.<Long>empty();
        var bytes = rest.isPresent() || paged && inPages(key, batch.bytes()) ? batch.bytes() : atOnce(batch);
        around.moved(key, rest.orElseGet(() -> ListByEnds.REST_PER_WORK * (System.nanoTime() - started)));
        return bytes;
    }

    private Optional<Long> byEnds(RedisKey key, long bytes) throws Refusal, IOException {
        return lists.isPresent() && source.jedis().type(key.bytes()).equals("list") && source.expiry(key).equals(OptionalLong.of(KeyState.NEVER))
                ? lists.get().bring(key, bytes) : Optional.empty();
    }

    private long atOnce(KeyScan.Batch batch) throws Refusal, IOException {
        var bytes = collect(batch.keys(), source.read(batch.keys()), target::restore);
        target.flush();
        return bytes;
    }

    /** As {@link #transfer}, in two steps, for a target that most likely has none of these keys yet: the second is {@link #flushNew}. */
    long collectNew(List<RedisKey> keys, List<Optional<KeyState>> states) throws Refusal, IOException {
        return collect(keys, states, target::restoreNew);
    }

    private long collect(List<RedisKey> keys, List<Optional<KeyState>> states, BiConsumer<RedisKey, KeyState> restoring) throws Refusal, IOException {
        long bytes = 0;
        for (int i = 0; i < states.size(); i++) {
            var key = keys.get(i);
            var state = states.get(i).filter(found -> wanted.test(key));
            if (state.isPresent()) {
                if (state.get().isStream()) {
                    streams.accept(key);
                }
                write(key, state.get(), restoring);
                bytes += state.get().payload().length;
            } else if (!ReplicatedKeys.isMarker(key)) {
                target.remove(key);
            }
        }
        return bytes;
    }

    /** Returns once the target has taken what lies ready: the keys that it already had, perhaps with an older value, and has still. */
    List<RedisKey> flushNew() throws Refusal, IOException {
        target.flush();
        return target.occupied();
    }

    private boolean inPages(RedisKey key, long bytes) throws Refusal, IOException {
        var expiry = source.expiry(key);
        if (expiry.isEmpty() || onlyPayloadTells(key, bytes)) {
            return false;
        }
        byCommands.copy(key, bytes, expiry.getAsLong());
        return true;
    }

    private boolean onlyPayloadTells(RedisKey key, long bytes) {
        try {
            return switch (source.jedis().type(key.bytes())) {
                case "hash" -> source.fieldExpiry().isOfAny(key.bytes(), bytes);
                case "stream" -> {
                    streams.accept(key);
                    yield new StreamCopy(source.jedis(), target, key).pendsWithoutEntry(bytes);
                }
                default -> false;
            };
        } catch (JedisDataException e) {
            if (ValueCopy.isGone(e)) {
                return true;
            }
            throw e;
        }
    }

    private void write(RedisKey key, KeyState state, BiConsumer<RedisKey, KeyState> restoring) throws Refusal, IOException {
        switch (translator.route(state.payload())) {
            case PayloadTranslator.Route.Payload payload -> restoring.accept(key, new KeyState(payload.bytes(), state.expiresAtMilliseconds()));
            case PayloadTranslator.Route.ByCommands commands -> byCommands.copy(key, state.payload().length, state.expiresAtMilliseconds());
            case PayloadTranslator.Route.Impossible impossible -> throw new Refusal("Redis key " + key + " holds " + impossible.because() + ".");
        }
    }
}
