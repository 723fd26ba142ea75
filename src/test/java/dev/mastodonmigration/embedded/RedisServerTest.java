package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

class RedisServerTest {
    @Test
    void demandsItsPasswordAndNeverEvicts() {
        try (var server = RedisServer.start(); var jedis = server.connect(); var stranger = new Jedis("127.0.0.1", server.port())) {
            assertThat(jedis.info("memory")).contains("maxmemory_policy:noeviction");
            assertThatThrownBy(stranger::ping).isInstanceOf(JedisDataException.class).hasMessageContaining("NOAUTH");
            assertThat(server.url()).isEqualTo("redis://:" + server.password() + "@127.0.0.1:" + server.port());
        }
    }

    @Test
    void keepsItsDataOverACrashOnlyWhenAsked() {
        try (var forgetful = RedisServer.start(); var lasting = RedisServer.start("appendonly yes", "appendfsync always")) {
            for (var server : new RedisServer[] {forgetful, lasting}) {
                try (var jedis = server.connect()) {
                    jedis.set("key", "value");
                }
                server.kill();
                assertThatThrownBy(() -> server.connect().close()).isInstanceOf(JedisConnectionException.class);
                server.restart();
            }
            try (var forgot = forgetful.connect(); var kept = lasting.connect()) {
                assertThat(forgot.get("key")).isNull();
                assertThat(kept.get("key")).isEqualTo("value");
            }
        }
    }

    @Test
    void speaksTls() {
        try (var server = RedisServer.startTls(); var jedis = server.connect()) {
            assertThat(server.url()).startsWith("rediss://");
            assertThat(jedis.ping()).isEqualTo("PONG");
        }
    }
}
