package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.redis.value.GuardedWriter;
import dev.mastodonmigration.worker.redis.value.KeyScan;
import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.wire.RedisInfo;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.io.IOException;
import java.util.Map;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ClientKillParams;

/** The life of a target under our marker: claimed while empty, opened for users, then released; or emptied again on abort. */
public final class RedisTarget {
    private RedisTarget() {}

    @FunctionalInterface
    private interface Step {
        String on(Jedis jedis, MarkedTarget target) throws Refusal, IOException;
    }

    /**
     * Puts our marker on an empty database; nothing to do when it is there.
     *
     * @throws Refusal when the database holds keys, is another migration's, or was opened before; nothing is changed then
     */
    public static WorkerReport claim(WorkerContext context) throws Refusal, IOException {
        return with(context, (jedis, target) -> {
            if (target.claim()) {
                return "Claimed the empty " + target + ".";
            }
            if (target.marker().isEmpty()) {
                throw new Refusal(target.notEmpty());
            }
            target.ours();
            return target + " is claimed already.";
        });
    }

    /**
     * Marks the database as opened for users at the context's epoch, from when on no worker writes to it, and ends lingering
     * connections of earlier workers. Nothing to do when it is open.
     *
     * @throws Refusal when the marker is missing, another migration's, or of a higher epoch, or no copy came to its end
     */
    public static WorkerReport open(WorkerContext context) throws Refusal, IOException {
        return with(context, (jedis, target) -> {
            if (!target.isOpen()) {
                target.moveTo(Marker.State.OPENED, target.loaded());
            }
            endOtherWorkers(jedis, context);
            return target + " is open.";
        });
    }

    /**
     * Takes back the order to open it: afterwards it is open, or no worker of an older epoch can open it.
     *
     * @return whether it was open already, and so was left as it is
     */
    public static boolean withdrawalCameTooLate(WorkerContext context) throws Refusal, IOException {
        try (var jedis = RedisSide.TARGET.open(context)) {
            return MarkedTarget.of(RedisSide.TARGET, jedis, context).isOpenOrRaised();
        }
    }

    /**
     * Empties what we filled, the marker last, so that a reset cut short is gone on with. Where nothing was copied yet, only the marker goes. A
     * database without our marker is left as it is.
     *
     * @throws Refusal when it was opened: users may have written to it
     */
    public static WorkerReport reset(WorkerContext context) throws Refusal, IOException {
        return with(context, (jedis, target) -> {
            if (target.ownMarker().isEmpty()) {
                return target + " carries nothing of this migration and was left as it is.";
            }
            var found = target.ours();
            endOtherWorkers(jedis, context);
            if (found.state() == Marker.State.CLAIMED) {
                if (!target.remove(found)) {
                    throw new IOException(target + ": its marker was changed by another worker at the same moment, so nothing was removed.");
                }
                return target.givenBack();
            }
            var marker = target.takeOver(found);
            do {
                empty(context, marker, jedis);
            } while (!target.removeLast(marker) && target.marker().filter(marker::equals).isPresent());
            return target + " is empty again.";
        });
    }

    /**
     * Takes our marker off a database that has been opened. One without our marker is left as it is.
     *
     * @throws Refusal when it was never opened, so that what is in it may be incomplete
     */
    public static WorkerReport release(WorkerContext context) throws Refusal, IOException {
        return with(context, (jedis, target) -> {
            var marker = target.ownMarker();
            if (marker.isEmpty()) {
                return target + " carries nothing of this migration.";
            }
            if (marker.get().state() != Marker.State.OPENED) {
                throw new Refusal(target + " has not been opened yet, so its marker " + Marker.KEY + " stays. Finish or abort the migration first.");
            }
            target.remove(marker.get());
            return "Removed this migration's marker from " + target + ".";
        });
    }

    private static WorkerReport with(WorkerContext context, Step step) throws Refusal, IOException {
        try (var jedis = RedisSide.TARGET.open(context)) {
            return WorkerReport.succeeded(step.on(jedis, MarkedTarget.of(RedisSide.TARGET, jedis, context)), Map.of());
        }
    }

    private static void empty(WorkerContext context, Marker marker, Jedis scanning) throws Refusal, IOException {
        var scan = new KeyScan(scanning);
        try (var writer = new GuardedWriter(RedisSide.TARGET.open(context), marker)) {
            for (var names = scan.nextNames(); names.isPresent(); names = scan.nextNames()) {
                names.get().stream().filter(key -> !key.equals(Marker.KEY)).forEach(writer::remove);
                writer.flush();
            }
        }
    }

    private static void endOtherWorkers(Jedis jedis, WorkerContext context) {
        try {
            var self = jedis.clientId();
            RedisInfo.clients(jedis).stream()
                    .filter(client -> RedisSide.connectionName(context).equals(client.get("name")) && !String.valueOf(self).equals(client.get("id")))
                    .forEach(client -> jedis.clientKill(new ClientKillParams().id(client.get("id"))));
        } catch (JedisDataException notAllowed) {
            // The marker fences them off in any case; this only frees their connections sooner.
            return;
        }
    }
}
