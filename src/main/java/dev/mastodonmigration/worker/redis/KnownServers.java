package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
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

    static KnownServers of(RedisSources sources, Jedis target) {
        var source = sources.all().stream().map(one -> Known.of(one.side(), one.jedis()));
        return new KnownServers(Stream.concat(source, Stream.of(Known.of(RedisSide.TARGET, target))).toList());
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
