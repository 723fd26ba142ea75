package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisException;

/** Tries, without changing anything, how a source's changes can be followed with {@code strategy.redis: Live}; the way that is left decides how long the freeze lasts. */
final class FollowingProbe {
    private static final ChangeFeed.Listener NOBODY = new ChangeFeed.Listener() {
        @Override
        public void changed(List<RedisKey> keys) {}

        @Override
        public void gap(Gap gap) {}
    };

    /** What is done with all keys once the source is closed. */
    enum InFreeze {
        NOTHING("", 0),
        COMPARED("compared", 1),
        COPIED("copied and compared", 2);

        /** Half of what was measured on a busy host: who waits for it should not be told too little. */
        private static final long KEYS_PER_SECOND = 15_000;
        private static final long BYTES_PER_SECOND = 15L << 20;

        private final String word;
        private final int passes;

        InFreeze(String word, int passes) {
            this.word = word;
            this.passes = passes;
        }

        long seconds(RedisCapacity.Need need) {
            return passes * Math.max(Math.ceilDiv(need.keys(), KEYS_PER_SECOND), Math.ceilDiv(need.bytes(), BYTES_PER_SECOND));
        }

        String words(RedisCapacity.Need need) {
            return "all " + need.keys() + " keys are " + word + " inside the freeze, which takes about " + Math.max(1, seconds(need)) + " s.";
        }
    }

    /**
     * @param refused why the best way is not open; empty when it is
     * @param left    with the way that is left
     */
    record Found(Optional<String> refused, InFreeze left) {}

    private FollowingProbe() {}

    static Found of(WorkerContext context, RedisSide side) throws Refusal, IOException {
        var tracking = tracking(context, side);
        if (tracking.isEmpty()) {
            return new Found(Optional.empty(), InFreeze.NOTHING);
        }
        var notifications = notifications(context, side);
        return new Found(Optional.of(Following.CLIENT_TRACKING + " (" + tracking.get() + ")" + notifications.map(why -> ", nor by " + Following.KEYSPACE_NOTIFICATIONS + " (" + why + ")").orElse("")),
                notifications.isPresent() ? InFreeze.COPIED : InFreeze.COMPARED);
    }

    /** HELLO 3 and CLIENT TRACKING. */
    private static Optional<String> tracking(WorkerContext context, RedisSide side) throws Refusal, IOException {
        try {
            side.track(context, NOBODY).close();
            return Optional.empty();
        } catch (ChangeFeed.Unsupported e) {
            return Optional.of(Redaction.of(e));
        }
    }

    /** PSUBSCRIBE, and that the server notifies of all changes or may be told to. */
    private static Optional<String> notifications(WorkerContext context, RedisSide side) throws Refusal, IOException {
        try (var jedis = side.open(context)) {
            var setting = NotificationSetting.refused(jedis);
            if (setting.isPresent()) {
                return setting;
            }
            jedis.getConnection().sendCommand(Command.PSUBSCRIBE, CommandProbe.KEY.bytes());
            jedis.getConnection().getOne();
            return Optional.empty();
        } catch (JedisException e) {
            return Optional.of(Redaction.of(e));
        }
    }
}
