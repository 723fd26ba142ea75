package dev.mastodonmigration.worker.redis.value;

import dev.mastodonmigration.worker.redis.wire.OurKeys;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RoundTrip;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import redis.clients.jedis.BuilderFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Reads value and absolute expiry of many keys in one round trip. Redis before 7.0 has no PEXPIRETIME, so there the expiry is
 * the server's time plus PTTL, exact to {@link #toleranceMilliseconds}.
 */
public final class KeyReader implements AutoCloseable {
    private static final long ABSENT = -2;

    private final Jedis jedis;
    /** PEXPIRETIME or PTTL. */
    private final Command expiry;
    private final FieldExpiry fieldExpiry;
    private final UnaryOperator<RedisKey> naming;

    /** Of hashes, which Redis 7.4 and Valkey 9 have. */
    private enum FieldExpiry {
        KNOWN, NONE,
        /** The server will not tell us. */
        UNTOLD
    }

    private KeyReader(Jedis jedis, Command expiry, UnaryOperator<RedisKey> naming) {
        this.jedis = jedis;
        this.expiry = expiry;
        this.naming = naming;
        this.fieldExpiry = fieldExpiry(jedis);
    }

    private static FieldExpiry fieldExpiry(Jedis jedis) {
        try {
            jedis.hpexpireTime(OurKeys.PROBE.bytes(), new byte[] {'f'});
            return FieldExpiry.KNOWN;
        } catch (JedisDataException e) {
            return String.valueOf(e.getMessage()).contains("unknown command") ? FieldExpiry.NONE : FieldExpiry.UNTOLD;
        }
    }

    public static KeyReader of(Jedis jedis) {
        return of(jedis, UnaryOperator.identity());
    }

    /** @param naming the name that a key has on this server */
    public static KeyReader of(Jedis jedis, UnaryOperator<RedisKey> naming) {
        try {
            jedis.pexpireTime(Marker.KEY.bytes());
            return new KeyReader(jedis, Command.PEXPIRETIME, naming);
        } catch (JedisDataException tooOldOrForbidden) {
            return new KeyReader(jedis, Command.PTTL, naming);
        }
    }

    /** How far an expiry read here may be from the truth. */
    long toleranceMilliseconds() {
        return expiry == Command.PEXPIRETIME ? 0 : 1000;
    }

    public Jedis jedis() {
        return jedis;
    }

    /** Unix time in milliseconds for each of the fields, {@link KeyState#NEVER} for one that does not expire. */
    List<Long> fieldExpiries(byte[] hash, byte[]... fields) {
        return fieldExpiry == FieldExpiry.KNOWN ? jedis.hpexpireTime(hash, fields) : Collections.nCopies(fields.length, KeyState.NEVER);
    }

    /**
     * Whether any field expires, or may, as far as we are told.
     *
     * @param bytes about how large the hash is, for the size of a page
     */
    boolean mayHaveFieldsThatExpire(byte[] hash, long bytes) {
        if (fieldExpiry != FieldExpiry.KNOWN) {
            return fieldExpiry == FieldExpiry.UNTOLD;
        }
        var pages = ValuePages.of(jedis, hash, ValueType.HASH, bytes);
        for (var page = pages.next(); page.isPresent(); page = pages.next()) {
            if (fieldExpiries(hash, ValueComparison.everySecond(page.get(), 0)).stream().anyMatch(expiry -> expiry >= 0)) {
                return true;
            }
        }
        return false;
    }

    /** The name of this key on this server. */
    public byte[] name(RedisKey key) {
        return naming.apply(key).bytes();
    }

    /** The state of each key in the same order; empty for one that does not exist (any more). */
    public List<Optional<KeyState>> read(List<RedisKey> keys) {
        var trip = new RoundTrip(jedis);
        ask(trip, keys);
        return states(trip.answers());
    }

    /** Asks for what {@link #read} does. */
    public void ask(RoundTrip trip, List<RedisKey> keys) {
        trip.send(new CommandArguments(Command.TIME));
        for (var key : keys) {
            trip.send(new CommandArguments(expiry).key(name(key)));
            trip.send(new CommandArguments(Command.DUMP).key(name(key)));
        }
    }

    /** How many answers {@link #ask} brings. */
    public static int answers(List<RedisKey> keys) {
        return 1 + 2 * keys.size();
    }

    /** What the answers to {@link #ask} say. */
    public List<Optional<KeyState>> states(List<Object> answers) {
        var time = answers.getFirst();
        var states = new ArrayList<Optional<KeyState>>(answers.size() / 2);
        for (int i = 1; i < answers.size(); i += 2) {
            states.add(state(RoundTrip.orThrow(answers.get(i + 1)), absolute(answers.get(i), time)));
        }
        return states;
    }

    /** When the key expires, or {@link KeyState#NEVER}; empty when it does not exist. */
    OptionalLong expiry(RedisKey key) {
        var trip = new RoundTrip(jedis);
        trip.send(new CommandArguments(Command.TIME));
        trip.send(new CommandArguments(expiry).key(name(key)));
        var answers = trip.answers();
        var absolute = absolute(answers.get(1), answers.getFirst());
        return absolute == ABSENT ? OptionalLong.empty() : OptionalLong.of(absolute);
    }

    private static Optional<KeyState> state(Object payload, long expiry) {
        return payload instanceof byte[] found && expiry != ABSENT ? Optional.of(new KeyState(found, expiry)) : Optional.empty();
    }

    private long absolute(Object answer, Object time) {
        var value = (Long) RoundTrip.orThrow(answer);
        return expiry == Command.PEXPIRETIME || value < 0 ? value : value + milliseconds(BuilderFactory.STRING_LIST.build(RoundTrip.orThrow(time)));
    }

    /** The server's own clock, by which it expires keys. */
    long nowMilliseconds() {
        return milliseconds(jedis.time());
    }

    private static long milliseconds(List<String> time) {
        return Long.parseLong(time.get(0)) * 1000 + Long.parseLong(time.get(1)) / 1000;
    }

    @Override
    public void close() {
        jedis.close();
    }
}
