package dev.mastodonmigration.worker.redis.value;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class KeyReaderTest {
    private static final long EXPIRY = 4_102_444_800_123L;

    @Test
    void readsTheAbsoluteExpiryAlsoWhereTheServerHasNoPexpiretime() {
        try (var server = RedisServer.start("rename-command PEXPIRETIME \"\""); var jedis = server.connect(); var old = KeyReader.of(server.connect())) {
            jedis.set("lasting", "1");
            jedis.set("passing", "1");
            jedis.pexpireAt("passing", EXPIRY);
            var states = old.read(List.of(RedisKey.of("lasting"), RedisKey.of("passing"), RedisKey.of("absent")));
            assertThat(old.toleranceMilliseconds()).isPositive();
            assertThat(states.get(0)).get().returns(false, KeyState::hasExpiry);
            assertThat(states.get(1).orElseThrow().expiresAtMilliseconds()).isBetween(EXPIRY - old.toleranceMilliseconds(), EXPIRY + old.toleranceMilliseconds());
            assertThat(states.get(2)).isEqualTo(Optional.empty());
        }
    }

    @Test
    void printsAnyKeyAsAnAdminCanTypeIt() {
        assertThat(RedisKey.of(EveryType.BINARY_KEY)).hasToString("\"\\x00\\xff\\x0a\\\"\\\\\\xc3(\"");
        assertThat(RedisKey.of("k".repeat(500)).toString()).hasSizeLessThan(120).endsWith("…\"");
    }
}
