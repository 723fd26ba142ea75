package dev.mastodonmigration.worker.redis.value;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.RedisServer;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import redis.clients.jedis.params.RestoreParams;

/**
 * What DUMP of Redis 8.0.2 answered for every encoding that it has, and what DUMP of Valkey 8.0.1 answered once our translation of it had been restored there.
 * Recorded from the two, because the servers of these tests may be older than both.
 */
class RecordedPayloadsTest {
    private static final int REDIS_8_0 = 12;
    private static final int VALKEY_8_0 = 11;

    /** Encoding, from Redis, from Valkey. */
    static Stream<Arguments> kept() {
        return Stream.of(
                Arguments.of("string", "00036162630c0012da04fdbb583cab", "00036162630b00b0738d4ebced4b6b"),
                Arguments.of("number", "00c139300c0056e2dee769d696f0", "00c139300b00f44b57546e63e130"),
                Arguments.of("compressed string", "00c3094064016161e057000161610c0023d581c74a476c38", "00c3094064016161e057000161610b00817c08744df21bf8"),
                Arguments.of("HyperLogLog", "001548594c4c01000000000000000000008071a6844e570c00ad47cbc2cca7ac7d", "001548594c4c01000000000000000000008071a6844e570b000fee4271cb12dbbd"),
                Arguments.of("list in a listpack", "1201020c0c00000002008165020101ff0c00fccc83379e6cc86d", "1201020c0c00000002008165020101ff0b005e650a8499d9bfad"),
                Arguments.of("list of nodes", "1202020a0a0000000100816502ff020a0a0000000100816602ff0c00a347a6ee165962a2",
                        "1202020a0a0000000100816502ff020a0a0000000100816602ff0b0001ee2f5d11ec1562"),
                Arguments.of("set of numbers", "0b0a020000000100000005000c0000b39f69de8eac18", "0b0a020000000100000005000b00a21a16dad93bdbd8"),
                Arguments.of("set in a listpack", "140c0c00000002008161020101ff0c0042e9698050aecf88", "140c0c00000002008161020101ff0b00e040e033571bb848"),
                Arguments.of("hash in a listpack", "100d0d0000000200816602817602ff0c00eb870984d97e96d4", "100d0d0000000200816602817602ff0b00492e8037decbe114"),
                Arguments.of("sorted set in a listpack", "110f0f0000000200816d0283312e3504ff0c0082afb3a0820fd0c3", "110f0f0000000200816d0283312e3504ff0b0020063a1385baa703"),
                Arguments.of("stream with a group", stream("0c005d5a558d0eb80ea1"), stream("0b00fff3dc3e090d7961")));
    }

    private static String stream(String footer) {
        return "150110000000000000000100000000000000001d1d0000000a0001010001010181660200010201000100018176020401ff010100010000000101016701000101000000000000000100000000"
                + "000000001a9e8e21a2010000010101631a9e8e21a20100001a9e8e21a20100000100000000000000010000000000000000" + footer;
    }

    /** Small hashtables and skiplists, made by a lowered limit, which Valkey stored as listpacks: value and encoding from Redis. */
    static Stream<Arguments> stored() {
        return Stream.of(
                Arguments.of("set in a hashtable", "020101610c00a9e0ddbebef88424"),
                Arguments.of("hash in a hashtable", "0401016601760c00668477964bac90b5"),
                Arguments.of("sorted set in a skiplist", "0501016d000000000000f83f0c004d98befd605a7736"));
    }

    static Stream<Arguments> all() {
        return Stream.concat(kept(), stored());
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    private static PayloadTranslator.Route route(byte[] payload, int version) {
        return new PayloadTranslator(new PayloadFormat(version)).route(payload);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("kept")
    void theTranslationIsWhatValkeyItselfWrites(String encoding, String redis, String valkey) {
        assertThat(PayloadFormat.of(bytes(redis)).rdbVersion()).isEqualTo(REDIS_8_0);
        assertThat(route(bytes(redis), VALKEY_8_0)).isInstanceOfSatisfying(PayloadTranslator.Route.Payload.class, payload -> assertThat(payload.bytes()).isEqualTo(bytes(valkey)));
    }

    /** With the server at hand, which takes what is not newer than itself. */
    @Test
    void whatThisServerReadsIsRestoredAndTheRestGoesByCommandsOrNotAtAll() {
        try (var server = RedisServer.start(); var jedis = server.connect()) {
            jedis.set("own", "1");
            var own = PayloadFormat.of(jedis.dump("own")).rdbVersion();
            all().forEach(recorded -> {
                var payload = bytes((String) recorded.get()[1]);
                var encoding = (String) recorded.get()[0];
                switch (route(payload, own)) {
                    case PayloadTranslator.Route.Payload translated -> assertThat(jedis.restore(encoding.getBytes(), 0, translated.bytes(), RestoreParams.restoreParams())).as(encoding).isEqualTo("OK");
                    case PayloadTranslator.Route.ByCommands byCommands -> assertThat(encoding).isEqualTo("set in a listpack");
                    case PayloadTranslator.Route.Impossible impossible -> assertThat(encoding).isEqualTo("stream with a group");
                }
            });
            assertThat(jedis.get("string")).isEqualTo("abc");
            assertThat(jedis.get("number")).isEqualTo("12345");
            assertThat(jedis.get("compressed string")).isEqualTo("a".repeat(100));
            assertThat(jedis.pfcount("HyperLogLog")).isEqualTo(1);
            assertThat(jedis.lrange("list in a listpack", 0, -1)).containsExactly("e", "1");
            assertThat(jedis.lrange("list of nodes", 0, -1)).containsExactly("e", "f");
            assertThat(jedis.smembers("set of numbers")).containsExactly("5");
            assertThat(jedis.smembers("set in a hashtable")).containsExactly("a");
            assertThat(jedis.hget("hash in a listpack", "f")).isEqualTo("v");
            assertThat(jedis.hget("hash in a hashtable", "f")).isEqualTo("v");
            assertThat(jedis.zscore("sorted set in a listpack", "m")).isEqualTo(1.5);
            assertThat(jedis.zscore("sorted set in a skiplist", "m")).isEqualTo(1.5);
        }
    }

    static Stream<Arguments> withFieldsThatExpire() {
        return Stream.of(
                Arguments.of("in a hashtable", "187bd8c32cbb03000002000167017701016601760c0028b27ce5c7e10c34"),
                Arguments.of("in a listpack", "197bd8c32cbb0300001f1f0000000600816602817602f47bd8c32cbb030000098167028177020001ff0c00568928cbb65a4925"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("withFieldsThatExpire")
    void aHashWithFieldsThatExpireIsNotForValkey8(String encoding, String redis) {
        assertThat(route(bytes(redis), VALKEY_8_0)).isInstanceOfSatisfying(PayloadTranslator.Route.Impossible.class, impossible -> assertThat(impossible.because()).contains("fields that expire"));
        assertThat(route(bytes(redis), REDIS_8_0)).isInstanceOfSatisfying(PayloadTranslator.Route.Payload.class, payload -> assertThat(payload.bytes()).isEqualTo(bytes(redis)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("all")
    void theChecksumIsThatOfRedis8(String encoding, String redis) {
        assertThat(new PayloadFormat(REDIS_8_0).stamp(bytes(redis))).isEqualTo(bytes(redis));
    }
}
