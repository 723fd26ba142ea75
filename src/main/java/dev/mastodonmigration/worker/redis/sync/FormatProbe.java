package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.redis.value.KeyScan;
import dev.mastodonmigration.worker.redis.value.PayloadFormat;
import dev.mastodonmigration.worker.redis.wire.OurKeys;
import java.util.Objects;
import java.util.Optional;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.RestoreParams;

/** Whether the target takes the source's DUMP payloads, translated where it must be: Valkey and older Redis refuse those of Redis 7.4 and newer as they are. */
record FormatProbe(String source, String target) {
    /** Restores a copy of any one small key of the source under the probe key, and removes it at once. */
    Optional<String> check(Jedis from, Jedis to) {
        try {
            var payload = anyPayload(from);
            return payload.isEmpty() ? Optional.empty() : check(payload.get(), to);
        } catch (JedisDataException e) {
            return Optional.of(unreadable(e));
        }
    }

    /** Whether a target of this format, which has still to be created, will take them. */
    Optional<String> planned(Jedis from, PayloadFormat to) {
        try {
            return anyPayload(from).flatMap(payload -> impossible(to.route(payload)));
        } catch (JedisDataException e) {
            return Optional.of(unreadable(e));
        }
    }

    private String unreadable(JedisDataException e) {
        return source + ": a key could not be read (" + e.getMessage() + "). Allow SCAN and DUMP on all keys for this user.";
    }

    private Optional<String> impossible(PayloadFormat.Route route) {
        return route instanceof PayloadFormat.Route.Impossible impossible ? Optional.of(source + ": a key holds " + impossible.because() + ".") : Optional.empty();
    }

    Optional<String> check(byte[] payload, Jedis to) {
        var key = OurKeys.PROBE.bytes();
        try {
            to.psetex(key, CommandProbe.LIFETIME_MILLISECONDS, key);
            var own = to.dump(key);
            try {
                var route = PayloadFormat.of(own).route(payload);
                var impossible = impossible(route);
                if (impossible.isPresent()) {
                    return impossible;
                }
                var bytes = route instanceof PayloadFormat.Route.Payload translated ? translated.bytes() : own;
                to.restore(key, System.currentTimeMillis() + CommandProbe.LIFETIME_MILLISECONDS, bytes, RestoreParams.restoreParams().replace().absTtl());
                return Optional.empty();
            } catch (JedisDataException e) {
                return Optional.of(e.getMessage()).filter(PayloadFormat::isRefused).map(refused -> target + ", does not accept keys of " + source + ": their format is " + PayloadFormat.of(payload) + ", the target's own "
                        + PayloadFormat.of(own) + ", and translating did not help. Choose a target of the source's version or newer.");
            } finally {
                to.unlink(key);
            }
        } catch (JedisDataException alreadyTold) {
            // SET, DUMP or UNLINK is refused. CommandProbe has named it, as it has a refused RESTORE.
            return Optional.empty();
        }
    }

    /** A large key is not worth reading for a probe. */
    private static Optional<byte[]> anyPayload(Jedis from) {
        return new KeyScan(from).steps().flatMap(names -> KeyScan.cut(from, names).stream()).filter(batch -> !batch.isLarge())
                .flatMap(batch -> batch.keys().stream()).map(key -> from.dump(key.bytes())).filter(Objects::nonNull).findFirst();
    }
}
