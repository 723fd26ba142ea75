package dev.mastodonmigration.worker.redis.value;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import dev.mastodonmigration.worker.redis.wire.RoundTrip;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.args.Rawable;
import redis.clients.jedis.args.RawableFactory;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Writes batches to the target that take effect only while the marker is byte for byte the one we saw: a worker that slept past
 * the opening, or that was replaced, cannot change anything any more. One round trip a batch, because the WATCH for the next one
 * travels with the EXEC of this one.
 */
public final class GuardedWriter implements AutoCloseable {
    private static final Rawable REPLACE = RawableFactory.from("REPLACE");
    private static final Rawable ABSTTL = RawableFactory.from("ABSTTL");

    /** What RESTORE says when the key exists and REPLACE is not given. */
    private static final String OCCUPIED = "BUSYKEY";

    /** What a target that is full means: a copy ends with advice; while the target is being opened, users wait, and the caller tries again. */
    public enum WhenFull { REFUSE, TRY_AGAIN }

    private record Write(RedisKey key, CommandArguments command) {}

    private final Jedis jedis;
    private final Marker marker;
    private final WhenFull whenFull;
    private final UnaryOperator<RedisKey> naming;
    private final String title;
    private final List<Write> batch = new ArrayList<>();
    private final List<RedisKey> occupied = new ArrayList<>();
    private boolean watching;

    public GuardedWriter(Jedis jedis, Marker marker) {
        this(jedis, marker, WhenFull.REFUSE);
    }

    /**
     * @param naming the name that a key has on this server
     * @param title  what this server is, for messages
     */
    public GuardedWriter(Jedis jedis, Marker marker, UnaryOperator<RedisKey> naming, String title) {
        this(jedis, marker, WhenFull.REFUSE, naming, title);
    }

    public GuardedWriter(Jedis jedis, Marker marker, WhenFull whenFull) {
        this(jedis, marker, whenFull, UnaryOperator.identity(), RedisSide.TARGET.title());
    }

    private GuardedWriter(Jedis jedis, Marker marker, WhenFull whenFull, UnaryOperator<RedisKey> naming, String title) {
        this.jedis = jedis;
        this.marker = marker;
        this.whenFull = whenFull;
        this.naming = naming;
        this.title = title;
    }

    /** The name of this key on this server. */
    byte[] name(RedisKey key) {
        return naming.apply(key).bytes();
    }

    /** What this server is, for messages. */
    String title() {
        return title;
    }

    public Jedis jedis() {
        return jedis;
    }

    /** Replaces the key by the payload, to expire at the same instant as on the source. */
    public void restore(RedisKey key, KeyState state) {
        batch.add(new Write(key, restoring(key, state).add(REPLACE)));
    }

    /** As {@link #restore}, where the target has no such key yet, for which it takes less time; a key that it has is left as it is, see {@link #occupied}. */
    void restoreNew(RedisKey key, KeyState state) {
        batch.add(new Write(key, restoring(key, state)));
    }

    private CommandArguments restoring(RedisKey key, KeyState state) {
        var command = new CommandArguments(Command.RESTORE).key(name(key)).add(state.hasExpiry() ? state.expiresAtMilliseconds() : 0).add(state.payload());
        return state.hasExpiry() ? command.add(ABSTTL) : command;
    }

    /** The keys that the target already had when {@link #restoreNew} brought them; told once. */
    List<RedisKey> occupied() {
        var told = List.copyOf(occupied);
        occupied.clear();
        return told;
    }

    public void remove(RedisKey key) {
        batch.add(new Write(key, new CommandArguments(Command.UNLINK).key(name(key))));
    }

    /** Any other write of one key. */
    public void write(ProtocolCommand command, RedisKey key, List<byte[]> arguments) {
        batch.add(new Write(key, new CommandArguments(command).key(name(key)).addObjects(arguments)));
    }

    /**
     * Sends what was collected.
     *
     * @throws Refusal     when the marker changed, or the target will not take a key
     * @throws IOException when the target fails in a way that may pass
     */
    public void flush() throws Refusal, IOException {
        if (batch.isEmpty()) {
            return;
        }
        var trip = new RoundTrip(jedis);
        if (!watching) {
            watch(trip);
            demandOurs(trip.answers());
            watching = true;
        }
        trip.send(new CommandArguments(Command.MULTI));
        batch.forEach(write -> trip.send(write.command()));
        trip.send(new CommandArguments(Command.EXEC));
        watch(trip);
        var answers = trip.answers();
        check(answers.subList(1, batch.size() + 1), answers.get(batch.size() + 1));
        demandOurs(answers.subList(batch.size() + 2, answers.size()));
        batch.clear();
    }

    private static void watch(RoundTrip trip) {
        trip.send(new CommandArguments(Command.WATCH).key(Marker.KEY.bytes()));
        trip.send(new CommandArguments(Command.GET).key(Marker.KEY.bytes()));
    }

    private void demandOurs(List<Object> watchedAndValue) throws Refusal {
        RoundTrip.orThrow(watchedAndValue.getFirst());
        if (!(RoundTrip.orThrow(watchedAndValue.getLast()) instanceof byte[] now && Arrays.equals(now, marker.bytes()))) {
            throw replaced();
        }
    }

    private void check(List<Object> queued, Object executed) throws Refusal, IOException {
        for (int i = 0; i < queued.size(); i++) {
            if (queued.get(i) instanceof JedisDataException e) {
                throw failure(batch.get(i), e);
            }
        }
        if (!(RoundTrip.orThrow(executed) instanceof List<?> results)) {
            throw replaced();
        }
        for (int i = 0; i < results.size(); i++) {
            if (results.get(i) instanceof JedisDataException e) {
                if (!String.valueOf(e.getMessage()).startsWith(OCCUPIED)) {
                    throw failure(batch.get(i), e);
                }
                occupied.add(batch.get(i).key());
            }
        }
    }

    private Refusal replaced() {
        return new Refusal("The marker on the " + title + " is no longer this worker's, of epoch " + marker.epoch()
                + ": it was opened, reset or taken over by another worker meanwhile, so this one stopped and wrote nothing more.");
    }

    private IOException failure(Write write, JedisDataException e) throws Refusal {
        var said = String.valueOf(e.getMessage());
        if (Gap.isFull(e) && whenFull == WhenFull.REFUSE) {
            throw new Refusal("The " + title + " is full (maxmemory reached) at key " + write.key()
                    + ". Choose a larger instance for it; the copy then starts over by itself.");
        }
        if (PayloadFormat.isRefused(said) && write.command().getCommand() == Command.RESTORE) {
            throw new Refusal("The " + title + " does not accept the format of key " + write.key() + " (" + PayloadFormat.of(write.command().get(3).getRaw())
                    + ", after translation). It has to be of the version of the Redis that is read, or newer.");
        }
        return new IOException("the " + title + " refused to write key " + write.key() + ": " + said, e);
    }

    @Override
    public void close() {
        jedis.close();
    }
}
