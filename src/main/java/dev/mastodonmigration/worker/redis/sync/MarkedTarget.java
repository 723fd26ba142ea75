package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.mastodon.JobsAside;
import dev.mastodonmigration.worker.redis.mastodon.KeyNames;
import dev.mastodonmigration.worker.redis.value.KeyScan;
import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/** A target under its marker, and what stands there beside it: every change of the marker is one atomic script, so that two workers cannot both win. */
public final class MarkedTarget {
    private static final byte[] CLAIM = bytes("""
            if redis.call('DBSIZE') > 0 then return 0 end
            redis.call('SET', KEYS[1], ARGV[1]) return 1
            """);
    private static final byte[] ADOPT = bytes("""
            if tonumber(redis.call('HGET', KEYS[2], ARGV[2]) or '0') > tonumber(ARGV[3]) then return -1 end
            if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
            redis.call('SET', KEYS[1], ARGV[1]) return 1
            """);
    private static final byte[] REPLACE = bytes("""
            if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
            redis.call('SET', KEYS[1], ARGV[2]) return 1
            """);
    private static final byte[] REMOVE = bytes("""
            if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
            redis.call('DEL', KEYS[1]) return 1
            """);
    private static final byte[] REMOVE_LAST = bytes("""
            if redis.call('GET', KEYS[1]) ~= ARGV[1] or redis.call('DBSIZE') > 1 then return 0 end
            redis.call('DEL', KEYS[1]) return 1
            """);
    private static final int NAMED = 5;

    private final Jedis jedis;
    private final WorkerContext context;
    private final String name;

    public MarkedTarget(Jedis jedis, WorkerContext context, String name) {
        this.jedis = jedis;
        this.context = context;
        this.name = name;
    }

    /** As the side's URL names it. */
    static MarkedTarget of(RedisSide side, Jedis jedis, WorkerContext context) throws Refusal, IOException {
        return new MarkedTarget(jedis, context, side.name(side.url(context)));
    }

    @Override
    public String toString() {
        return name;
    }

    Optional<Marker> marker() throws Refusal {
        try {
            return Marker.read(jedis);
        } catch (Refusal unreadable) {
            throw new Refusal(name + ": " + unreadable.getMessage());
        }
    }

    /** The marker when it is this migration's, whatever its epoch. */
    Optional<Marker> ownMarker() throws Refusal {
        return marker().filter(found -> found.belongsTo(context));
    }

    /** Whether this migration has opened it for users. */
    boolean isOpen() throws Refusal {
        return ownMarker().filter(found -> found.state() == Marker.State.OPENED).isPresent();
    }

    /** The marker when it is ours and still to be filled, raised to our epoch so that older workers are fenced off. */
    public Marker ours() throws Refusal {
        var found = marker().orElseThrow(() -> new Refusal(name + " does not carry this migration's marker " + Marker.KEY
                + ", so nothing was written. Was it emptied or replaced? Start the migration anew."));
        if (!found.belongsTo(context)) {
            throw new Refusal(name + " belongs to migration " + found.name() + " (uid " + found.uid() + "), so nothing was written.");
        }
        if (found.state() == Marker.State.OPENED) {
            throw new Refusal(name + " has been opened for users already (epoch " + found.epoch() + "), so this worker of epoch " + context.epoch()
                    + " writes nothing there.");
        }
        if (found.epoch() > context.epoch()) {
            throw new Refusal(name + " is at epoch " + found.epoch() + "; this worker of epoch " + context.epoch()
                    + " was replaced meanwhile and writes nothing.");
        }
        return found.epoch() == context.epoch() ? found : replace(found, found.at(context.epoch()));
    }

    /**
     * Raises the marker to our epoch, so that no worker of before opens the database any more; one that is open stays as it is.
     *
     * @return whether it is open
     */
    boolean isOpenOrRaised() throws Refusal {
        for (;;) {
            var found = ownMarker();
            if (found.filter(marker -> marker.state() == Marker.State.OPENED).isPresent()) {
                return true;
            }
            if (found.filter(marker -> marker.epoch() <= context.epoch()).isEmpty()) {
                ours();
            } else if (run(REPLACE, found.get().bytes(), found.get().at(context.epoch()).bytes())) {
                return false;
            }
        }
    }

    /** Sets the first marker on an empty database; false when it is not empty. */
    boolean claim() {
        return run(CLAIM, Marker.claimedBy(context).bytes());
    }

    /**
     * As {@link #claim}, of a database with somebody's keys, none of which may be touched as long as the marker says no more than this.
     *
     * @throws Refusal when a newer worker gave it back, or it is full, or lets us run no script
     */
    Marker adopted() throws Refusal {
        try {
            var keys = List.of(Marker.KEY.bytes(), JobsAside.EPOCHS.bytes());
            var arguments = List.of(Marker.claimedBy(context).bytes(), bytes(context.migrationUid()), bytes(String.valueOf(context.epoch())));
            if (Long.valueOf(-1).equals(jedis.eval(ADOPT, keys, arguments))) {
                throw newer();
            }
            return ours();
        } catch (JedisDataException e) {
            if (Gap.isFull(e)) {
                throw new Refusal(name + " is full (maxmemory reached), so nothing can be brought back to it. Give it more memory, and try again.");
            }
            if (Gap.mayPass(e)) {
                throw e;
            }
            throw new Refusal(name + " does not let us mark it (" + Redaction.of(e) + "), so nothing can be brought back to it. Allow EVAL, HGET and SET for this user, and try again.");
        }
    }

    /**
     * Takes our marker off, so that nobody who wrote under it does any more.
     *
     * @param which of its states; in another it stays
     * @throws Refusal when it is a newer worker's
     */
    void takeOff(Set<Marker.State> which) throws Refusal {
        for (var found = ownMarker().filter(marker -> which.contains(marker.state())); found.isPresent(); found = ownMarker().filter(marker -> which.contains(marker.state()))) {
            if (found.get().epoch() > context.epoch()) {
                throw newer();
            }
            remove(found.get());
        }
    }

    private Refusal newer() {
        return new Refusal("A newer worker than this one of epoch " + context.epoch() + " has decided about " + name + ", so this one leaves it as it is.");
    }

    /**
     * Ours to fill from here on: strays may be removed, and no worker that began before writes any more.
     *
     * @throws Refusal when nothing was copied yet and others have put keys there since the claim: those are neither overwritten nor removed
     */
    Marker loading() throws Refusal {
        var marker = ours();
        var foreign = foreignSinceTheClaim();
        if (foreign.isPresent()) {
            throw new Refusal(foreign.get());
        }
        return takeOver(marker);
    }

    /**
     * As {@link #loading}, of one that was {@link #adopted}.
     *
     * @throws Refusal when the adoption did not come to its end, so that all that is there is the instance's own and perhaps nowhere else
     */
    Marker loadingAdopted() throws Refusal {
        var marker = ours();
        if (marker.state() == Marker.State.CLAIMED) {
            throw new Refusal(name + " was not proved equal to the target Redis, so nothing is brought back to it. No key there was changed.");
        }
        return takeOver(marker);
    }

    /** No worker that began to fill it before writes any more. */
    Marker takeOver(Marker from) throws Refusal {
        return replace(from, from.loadingAnew());
    }

    /** As {@link #ours}, and a copy came to its end: nothing less may be verified or opened. */
    Marker loaded() throws Refusal {
        var marker = ours();
        if (marker.state() != Marker.State.LOADED) {
            throw new Refusal(name + " has not been copied to its end, so it is neither verified nor opened. Copy it first.");
        }
        return marker;
    }

    public Marker moveTo(Marker.State state, Marker from) throws Refusal {
        return from.state() == state ? from : replace(from, from.in(state));
    }

    private Marker replace(Marker from, Marker to) throws Refusal {
        if (!run(REPLACE, from.bytes(), to.bytes())) {
            throw new Refusal(name + ": its marker was changed by another worker at the same moment, so this one writes nothing.");
        }
        return to;
    }

    boolean remove(Marker marker) {
        return run(REMOVE, marker.bytes());
    }

    /** Removes the marker when nothing else is left. */
    boolean removeLast(Marker marker) {
        return run(REMOVE_LAST, marker.bytes());
    }

    private boolean run(byte[] script, byte[]... arguments) {
        return Long.valueOf(1).equals(jedis.eval(script, List.of(Marker.KEY.bytes()), List.of(arguments)));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Why a database that should be empty, and carries no marker, can not be ours. */
    String notEmpty() {
        return name + " is not empty: it holds " + jedis.dbSize() + " keys, among them " + firstKeys(key -> true)
                + ". Nothing there was changed. Empty it yourself if nobody needs it (FLUSHDB), or name another database in spec.target.redis.";
    }

    /** What others put beside our marker, if we have copied nothing yet and so would take it for ours. */
    Optional<String> foreignSinceTheClaim() throws Refusal {
        if (ownMarker().filter(found -> found.state() == Marker.State.CLAIMED).isEmpty() || jedis.dbSize() <= 1) {
            return Optional.empty();
        }
        var found = firstKeys(key -> !KeyNames.isCache(key));
        return found.isEmpty() ? Optional.empty() : Optional.of("Since this migration claimed " + name + ", somebody else wrote keys there, among them " + found
                + ". They were not touched, and nothing was copied beside them. Move them to another database (MIGRATE, or DUMP and RESTORE) and remove them here.");
    }

    /** What is told of one that is given back without ever having been copied to. */
    String givenBack() {
        var keys = jedis.dbSize();
        return keys == 0 ? name + " is empty, as it was given to us." : "Our marker was removed from " + name + ". Nothing had been copied; " + keys
                + " keys that others put there were left, among them " + firstKeys(key -> true) + ".";
    }

    private String firstKeys(Predicate<RedisKey> which) {
        return new KeyScan(jedis, which.and(key -> !key.equals(Marker.KEY))).steps().flatMap(List::stream).distinct().limit(NAMED).map(RedisKey::toString)
                .collect(Collectors.joining(", "));
    }
}
