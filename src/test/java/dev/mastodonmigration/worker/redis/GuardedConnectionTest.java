package dev.mastodonmigration.worker.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.RedisServer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.exceptions.JedisConnectionException;

/** A connection anew would have no login, another database, and no WATCH on the marker. */
class GuardedConnectionTest {
    @TempDir
    static Path directory;

    @Test
    void aConnectionThatBrokeNeverComesBackByItselfAndSoWritesNothingUnguarded() throws Exception {
        // Without a password and in database 0, where a connection anew could do most harm.
        try (var redis = new RedisPair(directory, RedisServer.start(), RedisServer.start())) {
            redis.source.configSet("requirepass", "");
            redis.target.configSet("requirepass", "");
            redis.source("redis://127.0.0.1:" + redis.sourceServer.port());
            redis.target("redis://127.0.0.1:" + redis.targetServer.port());
            RedisTarget.claim(redis.context());
            var marker = Marker.read(redis.target).orElseThrow();
            try (var writer = new GuardedWriter(RedisSide.TARGET.open(redis.context()), marker); var reader = KeyReader.of(RedisSide.SOURCE.open(redis.context()))) {
                writer.remove(RedisKey.of("absent"));
                writer.flush();
                redis.target.set(Marker.KEY.bytes(), marker.in(Marker.State.OPENED).at(2).bytes());
                redis.target.set("key", "written by a user");
                // As another thread does with one that hangs.
                writer.jedis().getConnection().forceDisconnect();
                reader.jedis().getConnection().forceDisconnect();
                for (var attempt = 0; attempt < 3; attempt++) {
                    writer.remove(RedisKey.of("key"));
                    assertThatThrownBy(writer::flush).isInstanceOf(JedisConnectionException.class);
                    assertThatThrownBy(reader::nowMilliseconds).isInstanceOf(JedisConnectionException.class);
                }
            }
            assertThat(redis.target.get("key")).isEqualTo("written by a user");
        }
    }
}
