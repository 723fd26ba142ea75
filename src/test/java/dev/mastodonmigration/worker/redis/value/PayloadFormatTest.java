package dev.mastodonmigration.worker.redis.value;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.RedisServer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.RestoreParams;

class PayloadFormatTest {
    /** 1-0. */
    private static final String FIRST_ID = "0000000000000001" + "0000000000000000";
    private static RedisServer server;
    private static Jedis jedis;
    private static PayloadFormat own;

    @BeforeAll
    static void start() {
        server = RedisServer.start();
        jedis = server.connect();
        EveryType.fill(jedis);
        own = PayloadFormat.of(jedis.dump("string:int"));
    }

    @AfterAll
    static void stop() {
        jedis.close();
        server.close();
    }

    /** The vectors of redis/src/crc64.c, crc64Test. */
    @Test
    void theFormatOfAValkeyThatIsStillToBeCreatedIsKnown() {
        assertThat(PayloadFormat.ofValkey(7)).isEqualTo(PayloadFormat.ofValkey(8)).hasToString("RDB version 11");
        assertThat(PayloadFormat.ofValkey(9)).hasToString("RDB version 80");
    }

    @Test
    void theChecksumIsThatOfRedis() {
        assertThat(crc("123456789")).isEqualTo(0xe9c6d914c4b8d9caL);
        assertThat(crc("""
                Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua. Ut enim ad minim \
                veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo consequat. Duis aute irure dolor in reprehenderit in \
                voluptate velit esse cillum dolore eu fugiat nulla pariatur. Excepteur sint occaecat cupidatat non proident, sunt in culpa qui officia \
                deserunt mollit anim id est laborum.\0""")).isEqualTo(0xc7794709e69683b3L);
    }

    private static long crc(String text) {
        var bytes = text.getBytes(StandardCharsets.US_ASCII);
        return PayloadFormat.checksum(bytes, bytes.length);
    }

    @Test
    void theChecksumIsThatOfEveryPayloadTheServerWrites() {
        for (var key : keys()) {
            var payload = jedis.dump(key);
            assertThat(own.stamp(payload)).as(key).isEqualTo(payload);
        }
    }

    private static List<String> keys() {
        return jedis.keys("*").stream().filter(jedis::exists).toList();
    }

    /** As Redis 7.2 and 7.4 would write them: the same values, another version. */
    static IntStream newerVersions() {
        return IntStream.of(11, 12, 13, 80).filter(version -> version > own.rdbVersion());
    }

    @ParameterizedTest
    @MethodSource("newerVersions")
    void everyTypeAndEncodingArrivesFromANewerServer(int version) {
                for (var key : keys()) {
            var original = jedis.dump(key);
            var newer = new PayloadFormat(version).stamp(original);
            assertThat(restoring(newer)).as("%s as it is", key).contains("DUMP payload version or checksum are wrong");
            assertThat(own.route(newer)).as(key).isInstanceOfSatisfying(PayloadFormat.Route.Payload.class, payload -> {
                assertThat(restoring(payload.bytes())).as(key).isEqualTo("OK");
                if (!jedis.type(key).equals("string")) {
                    assertThat(jedis.objectEncoding("restored")).as(key).isEqualTo(jedis.objectEncoding(key));
                }
                assertThat(sameValue(key)).as(key).isTrue();
            });
        }
        jedis.del("restored");
    }

    private static boolean sameValue(String key) {
        var one = new KeyState(jedis.dump(key), KeyState.NEVER);
        var other = new KeyState(jedis.dump("restored"), KeyState.NEVER);
        return one.sameBytes(other) || switch (jedis.type(key)) {
            case "set" -> jedis.sdiff(key, "restored").isEmpty() && jedis.scard(key) == jedis.scard("restored");
            case "hash" -> jedis.hgetAll(key).equals(jedis.hgetAll("restored"));
            default -> false;
        };
    }

    static Stream<Arguments> olderAndNewer() {
        return Stream.of(
                // Redis 6.2 (RDB 9): a hash in a ziplist, a sorted set in a ziplist, a list of ziplists, a set of integers.
                Arguments.of("hash in a ziplist", 9, "0d" + string("11000000" + "0d000000" + "0200" + "000166" + "030176" + "ff"), "hash", "{f=v}"),
                Arguments.of("sorted set in a ziplist", 9, "0c" + string("10000000" + "0d000000" + "0200" + "00016d" + "03f8" + "ff"), "zset", "[m 7.0]"),
                Arguments.of("list of ziplists", 9, "0e" + "01" + string("0e000000" + "0a000000" + "0100" + "000165" + "ff"), "list", "[e]"),
                // Encodings of values that stay the same from RDB 9 on, and those that only a server older than our oldest wrote.
                Arguments.of("number in one byte", 9, "00" + "c0" + "7b", "string", "123"),
                Arguments.of("number in two bytes", 10, "00" + "c1" + "3930", "string", "12345"),
                Arguments.of("number in four bytes", 11, "00" + "c2" + "ffffff7f", "string", "2147483647"),
                Arguments.of("compressed string", 12, "00" + "c3" + "05" + "0a" + "0061e00000", "string", "aaaaaaaaaa"),
                Arguments.of("list of strings", 9, "01" + "01" + "0165", "list", "[e]"),
                Arguments.of("set in a hashtable", 10, "02" + "01" + "0161", "set", "[a]"),
                Arguments.of("list in one ziplist", 9, "0a" + string("0e000000" + "0a000000" + "0100" + "000165" + "ff"), "list", "[e]"),
                // Its last id, and a group with one entry pending; what later versions add to both is not in it.
                Arguments.of("stream of Redis 6.2", 9, "0f" + "01" + string(FIRST_ID) + string("1d000000" + "0a00" + "0101" + "0001" + "0101" + "816602" + "0001" + "0201" + "0001" + "0001"
                        + "817602" + "0401" + "ff") + "01" + "0100" + "01" + "0167" + "0100" + "01" + FIRST_ID + "0000000000000000" + "01" + "01" + "0163" + "0000000000000000" + "01" + FIRST_ID,
                        "stream", "1-0 {f=v}, pending 1 of c"),
                Arguments.of("set of numbers", 11, "0b" + string("02000000" + "01000000" + "0500"), "set", "[5]"),
                Arguments.of("sorted set with scores as text", 9, "03" + "01" + "016d" + "03312e35", "zset", "[m 1.5]"),
                Arguments.of("hash in a hashtable", 11, "04" + "01" + "0166" + "0176", "hash", "{f=v}"),
                Arguments.of("hash in a zipmap", 9, "09" + string("01" + "0166" + "0100" + "76" + "ff"), "hash", "{f=v}"),
                Arguments.of("list with a node of its own", 12, "12" + "01" + "01" + "0165", "list", "[e]"),
                Arguments.of("string", 9, "00" + "03" + "616263", "string", "abc"),
                Arguments.of("string", 12, "00" + "03" + "616263", "string", "abc"),
                Arguments.of("sorted set with binary scores", 12, "05" + "01" + "016d" + "000000000000f83f", "zset", "[m 1.5]"),
                Arguments.of("hash in a listpack", 12, "10" + string("0d000000" + "0200" + "816602" + "817602" + "ff"), "hash", "{f=v}"),
                Arguments.of("sorted set in a listpack", 12, "11" + string("0c000000" + "0200" + "816d02" + "0701" + "ff"), "zset", "[m 7.0]"),
                Arguments.of("list of listpacks", 11, "12" + "01" + "02" + string("0a000000" + "0100" + "816502" + "ff"), "list", "[e]"));
    }

    /** One length byte before at most 63 bytes. */
    private static String string(String hex) {
        return "%02x".formatted(hex.length() / 2) + hex;
    }

    @ParameterizedTest(name = "RDB {1}: {0}")
    @MethodSource("olderAndNewer")
    void payloadsOfOtherVersionsAreRestored(String what, int version, String hex, String type, String value) {
        var body = HexFormat.of().parseHex(hex);
        var payload = new PayloadFormat(version).stamp(join(body, new byte[PayloadFormat.FOOTER_BYTES]));
        var route = own.route(payload);
        assertThat(route).isInstanceOf(PayloadFormat.Route.Payload.class);
        assertThat(restoring(((PayloadFormat.Route.Payload) route).bytes())).as(what).isEqualTo("OK");
        assertThat(jedis.type("restored")).isEqualTo(type);
        assertThat(switch (type) {
            case "hash" -> jedis.hgetAll("restored").toString();
            case "list" -> jedis.lrange("restored", 0, -1).toString();
            case "set" -> jedis.smembers("restored").toString();
            case "stream" -> jedis.xrange("restored", "-", "+").stream().map(entry -> entry.getID() + " " + entry.getFields()).collect(Collectors.joining())
                    + ", pending " + jedis.xpending("restored", "g").getConsumerMessageCount().entrySet().stream().map(one -> one.getValue() + " of " + one.getKey()).collect(Collectors.joining());
            case "zset" -> jedis.zrangeWithScores("restored", 0, -1).stream().map(member -> member.getElement() + " " + member.getScore()).toList().toString();
            default -> jedis.get("restored");
        }).isEqualTo(value);
        jedis.del("restored");
    }

    @ParameterizedTest
    @CsvSource({
            // type byte, version of the payload, version of the target, route
            "20, 11, 10, ByCommands", "21, 11, 10, Impossible", "19, 10, 9, Impossible", "26, 13, 12, Impossible", "26, 13, 13, Payload", "16, 10, 9, ByCommands", "15, 12, 9, Payload",
            "20, 12, 11, Payload", "21, 12, 11, Payload", "24, 12, 11, Impossible", "25, 12, 80, Impossible", "25, 12, 12, Payload", "7, 11, 11, Impossible",
            "20, 12, 80, Payload", "20, 11, 80, Payload", "20, 80, 80, Payload", "20, 81, 80, Payload", "20, 80, 12, Payload", "20, 14, 11, Payload"})
    void eachKeyHasItsRoute(int type, int version, int target, String route) {
        var payload = new PayloadFormat(version).stamp(join(new byte[] {(byte) type, 0}, new byte[PayloadFormat.FOOTER_BYTES]));
        assertThat(new PayloadFormat(target).route(payload).getClass().getSimpleName()).isEqualTo(route);
    }

    @ParameterizedTest
    @CsvSource({"12, 80, 11", "12, 11, 11", "80, 12, 11", "12, 10, 10", "11, 80, 11", "80, 81, 80"})
    void theFooterSaysTheLastVersionThatBothRead(int version, int target, int written) {
        var payload = new PayloadFormat(version).stamp(join(new byte[] {0, 1, 'v'}, new byte[PayloadFormat.FOOTER_BYTES]));
        var route = (PayloadFormat.Route.Payload) new PayloadFormat(target).route(payload);
        assertThat(PayloadFormat.of(route.bytes()).rdbVersion()).isEqualTo(written);
    }

    private static String restoring(byte[] payload) {
        try {
            return jedis.restore("restored", 0, payload, RestoreParams.restoreParams().replace());
        } catch (JedisDataException e) {
            return e.getMessage();
        }
    }

    private static byte[] join(byte[] one, byte[] other) {
        var joined = new ByteArrayOutputStream();
        joined.writeBytes(one);
        joined.writeBytes(other);
        return joined.toByteArray();
    }
}
