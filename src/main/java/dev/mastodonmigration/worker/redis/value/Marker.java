package dev.mastodonmigration.worker.redis.value;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import redis.clients.jedis.Jedis;

/**
 * The one key of ours on a target: whose it is, whether it has been opened for users, the epoch below which nobody may write, and who of that epoch may.
 *
 * @param uid    uid of the migration that owns the database
 * @param name   its namespace/name, for messages
 * @param writer random name of the worker that began to fill it last: one of the same epoch that slept meanwhile must not write any more; null before any did
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Marker(String uid, String name, State state, long epoch, String writer) {
    /**
     * CLAIMED: nothing was copied yet, so whatever else is there is somebody else's. LOADING: ours to fill and to empty. LOADED: a copy came to its end.
     * OPENED: users write there, so we neither fill nor empty it.
     */
    public enum State { CLAIMED, LOADING, LOADED, OPENED }

    public static final RedisKey KEY = RedisKey.of("mastodon_migration:marker");
    private static final ObjectMapper JSON = new ObjectMapper();

    public static Optional<Marker> read(Jedis jedis) throws Refusal {
        var value = jedis.get(KEY.bytes());
        return value == null ? Optional.empty() : Optional.of(parse(value));
    }

    private static Marker parse(byte[] value) throws Refusal {
        try {
            return JSON.readValue(value, Marker.class);
        } catch (IOException e) {
            throw new Refusal("The key " + KEY + " is not one that this version wrote. Delete it if no migration is using that database.");
        }
    }

    public static Marker claimedBy(WorkerContext context) {
        return new Marker(context.migrationUid(), context.migrationName(), State.CLAIMED, context.epoch(), null);
    }

    /** The exact bytes that stand in Redis; writers compare all of them. */
    public byte[] bytes() {
        try {
            return JSON.writeValueAsString(this).getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a marker is always JSON", e);
        }
    }

    public boolean belongsTo(WorkerContext context) {
        return uid.equals(context.migrationUid());
    }

    public Marker in(State newState) {
        return new Marker(uid, name, newState, epoch, writer);
    }

    public Marker at(long newEpoch) {
        return new Marker(uid, name, state, newEpoch, writer);
    }

    /** Of a worker that begins to fill it, or to empty it. */
    public Marker loadingAnew() {
        return new Marker(uid, name, State.LOADING, epoch, UUID.randomUUID().toString());
    }
}
