package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.value.KeyComparison;
import dev.mastodonmigration.worker.redis.value.KeyScan;
import dev.mastodonmigration.worker.redis.value.KeyTransfer;
import dev.mastodonmigration.worker.redis.value.LargeKeys;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.io.IOException;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import redis.clients.jedis.Jedis;

/** What one partition does keys with on each of its routes: bring them, compare them, or copy many that the target lacks. */
final class Ways implements AutoCloseable {
    record Way(Routes.Route route, KeyTransfer transfer, KeyComparison comparison, CopyPipeline copies) {
        /** What is written, for messages. */
        String written() {
            return route.to().side().title();
        }
    }

    /** Keys of one route, to be handled in one go. */
    record Share(Way way, KeyScan.Batch batch) {}

    private final Routes routes;
    private final Map<Routes.Route, Way> ways = new IdentityHashMap<>();
    /** Whose pipeline may have something in hand. */
    private Optional<Way> copying = Optional.empty();

    /** @param following of a source that is followed: told its large keys, of which lists are followed by their ends because a proof comes after */
    Ways(Routes routes, Partition.Shared shared, PartitionQueue queue, Optional<LargeKeys> following) {
        this.routes = routes;
        var keys = shared.keys();
        for (var route : routes.all()) {
            var from = route.from().reader();
            var to = route.to();
            var transfer = following.isPresent() ? KeyTransfer.following(from, to.writer(), to.format(), keys::contains, keys::seenStream, following.get())
                    : new KeyTransfer(from, to.writer(), to.format(), keys::contains, keys::seenStream);
            var comparison = new KeyComparison(from, to.reader(), following.orElse(LargeKeys.ALONE), keys::seenStream);
            ways.put(route, new Way(route, transfer, comparison, new CopyPipeline(from, transfer, queue, shared.copied())));
        }
    }

    /** Each of these keys on the way that it takes now. */
    List<Share> of(List<RedisKey> keys) {
        return routes.of(keys).entrySet().stream()
                .flatMap(share -> KeyScan.cut(share.getKey().from().reader().jedis(), share.getValue()).stream().map(batch -> new Share(ways.get(share.getKey()), batch))).toList();
    }

    /** What the pipeline of another way still has in hand goes first. */
    void copy(PartitionTask.Copy task) throws Refusal, IOException {
        for (var share : routes.of(task.from(), task.keys()).entrySet()) {
            var way = ways.get(share.getKey());
            if (copying.filter(other -> other != way).isPresent()) {
                finishCopying();
            }
            copying = Optional.of(way);
            way.copies().copy(share.getValue());
        }
    }

    /** Returns once the target has taken all that was to be copied. */
    void finishCopying() throws Refusal, IOException {
        if (copying.isPresent()) {
            copying.get().copies().finish();
            copying = Optional.empty();
        }
    }

    List<Jedis> connections() {
        return routes.connections();
    }

    @Override
    public void close() {
        routes.close();
    }
}
