package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.mastodon.RedisSources;
import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import dev.mastodonmigration.worker.redis.wire.ServerIdentity;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import redis.clients.jedis.Jedis;

/** The servers that a session began with. */
record KnownServers(List<Known> all) {
    record Known(RedisSide side, Jedis jedis, ServerIdentity identity) {
        static Known of(RedisSide side, Jedis jedis) {
            return new Known(side, jedis, ServerIdentity.of(jedis));
        }
    }

    static KnownServers of(RedisSources sources, List<Session.Target> targets) {
        var source = sources.all().stream().map(one -> Known.of(one.side(), one.jedis()));
        return new KnownServers(Stream.concat(source, targets.stream().map(target -> Known.of(target.side(), target.jedis()))).toList());
    }

    /** What these are, for messages. */
    List<String> unidentified() {
        return all.stream().filter(known -> !known.identity().isKnown()).map(known -> known.side().title()).toList();
    }

    void demandSame() throws Gap {
        for (var known : all) {
            known.identity().demandSame(known.jedis(), known.side());
        }
    }

    /** Connections that stand may end at a server that nobody else reaches any more. */
    void demandReached(WorkerContext context) throws Gap, Refusal, IOException {
        for (var known : all) {
            try (var anew = known.side().open(context)) {
                known.identity().demandSame(anew, known.side());
            }
        }
    }
}
