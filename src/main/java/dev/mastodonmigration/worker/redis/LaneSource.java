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

    /**
     * @param around       told the large keys that are copied
     * @param betweenPages run between the pages of a large key that is compared
     */
    static LaneSource of(RedisSources.One source, Target target, ReplicatedKeys keys, LaneWork work, ReplicationLane.Copied copied, LargeKeys around, Runnable betweenPages) {
        var reader = KeyReader.of(source.jedis());
        var transfer = KeyTransfer.following(reader, target.writer(), target.translator(), keys::contains, keys::seenStream, around);
        var comparison = new KeyComparison(reader, target.reader(), new Difference.Found(), betweenPages);
        return new LaneSource(source.side(), reader, transfer, comparison, new CopyLine(reader, transfer, work, copied));
    }
}
