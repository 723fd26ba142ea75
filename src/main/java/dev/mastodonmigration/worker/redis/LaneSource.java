package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import redis.clients.jedis.Jedis;

/** One Redis of the source as one lane reads it, and the ways of its keys to the target. */
record LaneSource(RedisSide side, KeyReader reader, KeyTransfer transfer, KeyComparison comparison, CopyLine line) {
    /** Where a lane writes to: one connection, whichever Redis of the source a key comes from. */
    record Target(KeyReader reader, GuardedWriter writer, PayloadTranslator translator) {
        static Target of(Jedis target, Marker marker) throws Refusal {
            return new Target(KeyReader.of(target), new GuardedWriter(target, marker), PayloadTranslator.of(target));
        }
    }

    static LaneSource of(RedisSources.One source, Target target, ReplicatedKeys keys, LaneWork work, ReplicationLane.Copied copied) {
        var reader = KeyReader.of(source.jedis());
        var transfer = new KeyTransfer(reader, target.writer(), target.translator(), keys::contains, keys::seenStream);
        return new LaneSource(source.side(), reader, transfer, new KeyComparison(reader, target.reader(), new Difference.Found()), new CopyLine(reader, transfer, work, copied));
    }
}
