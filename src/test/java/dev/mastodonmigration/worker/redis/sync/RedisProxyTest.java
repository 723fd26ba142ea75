package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.value.EveryType;
import dev.mastodonmigration.worker.redis.wire.ForgetfulProxy;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import dev.mastodonmigration.worker.redis.wire.Relay;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A source of which we only ever see its proxy. */
class RedisProxyTest {
    @RegisterExtension
    static final RedisPair redis = new RedisPair();

    @BeforeEach
    void empty() throws Exception {
        RedisTarget.claim(redis.context());
        redis.source.set("told late", "1");
    }

    private static Relay proxy(Duration delay) throws Exception {
        var proxy = ForgetfulProxy.before(redis.sourceServer.port(), delay);
        redis.source("redis://:" + redis.sourceServer.password() + "@127.0.0.1:" + proxy.port());
        return proxy;
    }

    /** A large one, so that it would still be on its way when the end is told. */
    @Test
    void aChangeThatIsToldLaterThanPingIsAnsweredArrives() throws Exception {
        try (var proxy = proxy(Duration.ofMillis(300)); var live = LiveReplication.start(redis.context()).awaitInSync()) {
            var value = new byte[7_000_000];
            new Random(1).nextBytes(value);
            redis.source.set(EveryType.bytes("told late"), value);
            assertThat(live.drain().figures()).containsEntry(Figure.DIFFERENCES, 0L);
            assertThat(redis.target.strlen("told late")).isEqualTo(value.length);
        } finally {
            redis.source(redis.sourceServer.url());
        }
    }

    /** As when the server behind the proxy is replaced by one that lacks the last writes. */
    @Test
    void withoutAnIdentityAllIsComparedInTheFreeze() throws Exception {
        try (var proxy = proxy(Duration.ZERO); var live = LiveReplication.start(redis.context()).awaitInSync()) {
            redis.target.set("told late", "lost on the source, and nobody told");
            var report = live.drain();
            assertThat(redis.target.get("told late")).isEqualTo("1");
            assertThat(report.notes()).anySatisfy(note -> assertThat(note).contains("source Redis does not tell which server answers", "all keys were compared"));
        } finally {
            redis.source(redis.sourceServer.url());
        }
    }
}
