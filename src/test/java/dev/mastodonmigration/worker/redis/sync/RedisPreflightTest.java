package dev.mastodonmigration.worker.redis.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.control.Findings;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.value.EveryType;
import dev.mastodonmigration.worker.redis.value.PayloadFormat;
import dev.mastodonmigration.worker.redis.wire.ForgetfulProxy;
import dev.mastodonmigration.worker.redis.wire.RedisInfo;
import dev.mastodonmigration.worker.redis.wire.RedisPair;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;

class RedisPreflightTest {
    @RegisterExtension
    static final RedisPair redis = new RedisPair();

    @AfterEach
    void nothingOfTheProbesIsLeft() {
        assertThat(redis.source.exists("mastodon_migration:probe")).isFalse();
        assertThat(redis.target.exists("mastodon_migration:probe")).isFalse();
    }

    private static Findings check() {
        return RedisPreflight.check(redis.context(), KeyScope.ALL);
    }

    private static String onlyBlocker() {
        var findings = check();
        assertThat(findings.blockers()).as("blockers").hasSize(1);
        return findings.blockers().getFirst();
    }

    @Test
    void aGoodPairHasNoBlockerAndIsMeasured() throws Exception {
        EveryType.fill(redis.source);
        var findings = check();
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).isEmpty();
        assertThat(findings.figures()).containsEntry("sourceKeys", redis.source.dbSize());
        assertThat(findings.figures().get("sourceRedisBytes")).isPositive();
        assertThat(redis.target.dbSize()).isZero();

        RedisTarget.claim(redis.context());
        new RedisSnapshotCopy().run(redis.context());
        assertThat(check().blockers()).as("our own claimed target").isEmpty();
        assertThat(RedisCapacity.check(redis.context(), KeyScope.ALL).blockers()).isEmpty();
    }

    @Test
    void allThatIsWrongIsToldAtOnceAndWithoutPasswords() {
        redis.source("redis://:wrong-password@127.0.0.1:" + redis.sourceServer.port());
        redis.target.set("somebody's", "data");
        redis.target.configSet("maxmemory-policy", "volatile-lru");
        var blockers = check().blockers();
        redis.target.configSet("maxmemory-policy", "noeviction");
        assertThat(blockers).hasSize(3).anyMatch(b -> b.contains("source Redis (127.0.0.1:" + redis.sourceServer.port()) && b.contains("password"))
                .anyMatch(b -> b.contains("volatile-lru") && b.contains("parameter group"))
                .anyMatch(b -> b.contains("not empty") && b.contains("\"somebody's\""));
        assertThat(String.join(" ", blockers)).doesNotContain("wrong-password").doesNotContain(redis.targetServer.password());
    }

    @Test
    void aMissingPasswordIsTold() {
        redis.target("redis://127.0.0.1:" + redis.targetServer.port());
        assertThat(onlyBlocker()).contains("target Redis").contains("NOAUTH").contains("password");
    }

    @Test
    void anUnreachableServerIsTold() throws IOException {
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        redis.target("redis://:secret@127.0.0.1:" + port + "/0");
        assertThat(onlyBlocker()).contains("127.0.0.1:" + port).contains("cannot be reached").doesNotContain("secret");
    }

    @Test
    void aUrlThatIsNoRedisUrlIsToldWithoutBeingQuoted() {
        redis.source("http://:secret@127.0.0.1:1");
        assertThat(onlyBlocker()).contains("source Redis").contains("redis://").doesNotContain("secret");
    }

    @Test
    void aDatabaseNumberThatTheServerLacksIsTold() {
        redis.target(redis.targetServer.url() + "/99");
        assertThat(onlyBlocker()).contains("target Redis").contains("database number");
    }

    @Test
    void theOldHerokuUserNameIsForgiven() {
        redis.source(redis.sourceServer.url().replace("redis://:", "redis://h:"));
        assertThat(check().blockers()).isEmpty();
    }

    @Test
    void tlsWithASelfSignedCertificateWorksAndPlainOnATlsPortIsTold() {
        try (var secure = RedisServer.startTls(); var jedis = secure.connect()) {
            jedis.set("key", "1");
            redis.source(secure.url());
            assertThat(check().blockers()).isEmpty();
            redis.source(secure.url().replace("rediss://", "redis://"));
            assertThat(onlyBlocker()).contains("source Redis").contains("rediss://");
        }
    }

    @Test
    void forbiddenCommandsAreNamed() {
        redis.source.aclSetUser("reader", "on", ">pass", "~*", "&*", "+@all", "-dump", "-scan");
        redis.target.aclSetUser("writer", "on", ">pass", "~*", "&*", "+@all", "-restore", "-eval");
        redis.source("redis://reader:pass@127.0.0.1:" + redis.sourceServer.port());
        redis.target("redis://writer:pass@127.0.0.1:" + redis.targetServer.port());
        redis.source.set("key", "1");
        var blockers = check().blockers();
        assertThat(blockers).noneMatch(b -> b.contains("format")).anyMatch(b -> b.contains("source Redis") && b.contains("refuses SCAN, DUMP"))
                .anyMatch(b -> b.contains("target Redis") && b.contains("refuses RESTORE, EVAL"));
    }

    @Test
    void commandsThatOnlyLargeValuesNeedAreTriedToo() {
        redis.source.aclSetUser("reader", "on", ">pass", "~*", "&*", "+@all", "-getrange", "-zcard");
        redis.target.aclSetUser("writer", "on", ">pass", "~*", "&*", "+@all", "-set", "-rpush", "-zadd", "-pexpireat", "-lpos", "-zmscore", "-sismember", "-smismember", "-hmget", "-lpush");
        redis.source("redis://reader:pass@127.0.0.1:" + redis.sourceServer.port());
        redis.target("redis://writer:pass@127.0.0.1:" + redis.targetServer.port());
        assertThat(check().blockers()).hasSize(2).anyMatch(b -> b.contains("source Redis") && b.contains("refuses ZCARD, GETRANGE ("))
                .anyMatch(b -> b.contains("target Redis") && b.contains("refuses SET, RPUSH, ZADD, LPOS, ZMSCORE, SISMEMBER, SMISMEMBER, HMGET, LPUSH, PEXPIREAT"));
    }

    private static void forbid(String onSource, String onTarget) {
        redis.source.aclSetUser("reader", rules(onSource));
        redis.target.aclSetUser("writer", rules(onTarget));
        redis.source("redis://reader:pass@127.0.0.1:" + redis.sourceServer.port());
        redis.target("redis://writer:pass@127.0.0.1:" + redis.targetServer.port());
    }

    private static String[] rules(String forbidden) {
        return Stream.concat(Stream.of("reset", "on", ">pass", "~*", "&*", "+@all"), Stream.of(forbidden.split(" "))).toArray(String[]::new);
    }

    @Test
    void commandsThatQuietSidekiqAreTriedOnTheSource() {
        forbid("-hgetall -hvals -lpush -expire", "+@all");
        assertThat(onlyBlocker()).contains("source Redis").contains("refuses HGETALL, HVALS, LPUSH, EXPIRE (").contains("NOPERM").contains("Allow these commands");
        assertThat(redis.source.dbSize()).isZero();
    }

    @Test
    void aSourceWhoseMemoryIsFullIsToldSo() {
        redis.source.configSet("maxmemory", "1");
        try {
            assertThat(onlyBlocker()).contains("source Redis").contains("refuses LPUSH (OOM").contains("Its memory is full").doesNotContain("Allow");
        } finally {
            redis.source.configSet("maxmemory", "0");
        }
    }

    @Test
    void aReplicaAsSourceIsToldSo() {
        redis.source.replicaof("127.0.0.1", redis.targetServer.port());
        try {
            assertThat(onlyBlocker()).contains("source Redis").contains("refuses LPUSH, EXPIRE (READONLY").contains("give the URL of its primary").doesNotContain("Allow");
        } finally {
            redis.source.replicaofNoOne();
        }
    }

    @Test
    void commandsThatCompareBringLateJobsAndRemoveTheMarkerAreTriedOnTheTarget() {
        forbid("+@all", "-lpos -zmscore -sismember -smismember -hmget -lpush -del");
        assertThat(onlyBlocker()).contains("target Redis")
                .contains("refuses LPOS, ZMSCORE, SISMEMBER, SMISMEMBER, HMGET, LPUSH, DEL (").contains("NOPERM");
    }

    @Test
    void onlyTheRedisOfSidekiqIsAskedForWhatQuietsIt() {
        forbid("-lpush -hvals", "+@all");
        try (var sidekiq = RedisServer.start(); var jedis = sidekiq.connect()) {
            redis.sourceOfSidekiq(sidekiq.url());
            assertThat(check().blockers()).isEmpty();
            jedis.aclSetUser("reader", rules("-lpush -hvals"));
            redis.sourceOfSidekiq("redis://reader:pass@127.0.0.1:" + sidekiq.port());
            assertThat(onlyBlocker()).contains("source Redis of Sidekiq").contains("refuses HVALS, LPUSH (");
            assertThat(jedis.dbSize()).isZero();
        } finally {
            redis.noSourceOfSidekiq();
        }
    }

    @Test
    void aSourceWithoutTransactionsIsNoBlocker() {
        forbid("-multi", "+@all");
        assertThat(check().blockers()).isEmpty();
        forbid("-discard", "+@all");
        assertThat(check().blockers()).isEmpty();
    }

    @Test
    void rightsOnSomeKeysOnlyAreTold() {
        redis.source.set("secret:key", "1");
        redis.source.aclSetUser("half", "on", ">pass", "~mastodon_migration:*", "&*", "+@all");
        redis.source("redis://half:pass@127.0.0.1:" + redis.sourceServer.port());
        assertThat(check().blockers()).anyMatch(b -> b.contains("source Redis") && b.contains("on all keys"));
    }

    @Test
    void aTargetThatSpeaksTlsIsToldWithTheDriverThatMastodonNeeds() {
        assertThat(check().notes()).noneMatch(note -> note.contains("REDIS_DRIVER"));
        try (var secure = RedisServer.startTls()) {
            redis.target(secure.url());
            redis.targetCa(secure.certificate());
            assertThat(check().blockers()).isEmpty();
            assertThat(check().notes()).anyMatch(note -> note.contains("target Redis") && note.contains("REDIS_DRIVER=ruby"));
        }
    }

    @Test
    void aSourceInClusterModeIsRefused() {
        try (var cluster = RedisServer.start("cluster-enabled yes")) {
            redis.source(cluster.url());
            assertThat(onlyBlocker()).contains("source Redis").contains("cluster mode").contains("Sidekiq");
        }
    }

    @Test
    void clusterModeIsRefused() {
        try (var cluster = RedisServer.start("cluster-enabled yes")) {
            redis.target(cluster.url());
            assertThat(onlyBlocker()).contains("cluster mode").contains("Sidekiq");
        }
    }

    @Test
    void aSourceThatEvictsIsANote() {
        redis.source.configSet("maxmemory-policy", "allkeys-lru");
        var findings = check();
        redis.source.configSet("maxmemory-policy", "noeviction");
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).singleElement().asString().contains("allkeys-lru");
    }

    @Test
    void aTargetTooSmallIsTold() throws Exception {
        redis.source.set(EveryType.bytes("large"), new byte[20 << 20]);
        redis.target.configSet("maxmemory", "20mb");
        var findings = check();
        var again = RedisCapacity.check(redis.context(), KeyScope.ALL).blockers();
        var ofJobs = RedisPreflight.check(redis.context(), KeyScope.JOBS);
        redis.target.configSet("maxmemory", "0");
        // Not the same text: what the source uses shrinks when it lets go of the buffer that the value came in.
        assertThat(List.of(findings.blockers(), again)).allSatisfy(blockers ->
                assertThat(blockers).singleElement().asString().contains("20 MiB").contains("larger instance"));
        assertThat(ofJobs.blockers()).isEmpty();
        assertThat(ofJobs.notes()).singleElement().asString().contains("20 MiB").contains("Only jobs move");
    }

    @Test
    void aNeighboursMemoryCountsOnlyWhereOurShareIsNotKnown() throws Exception {
        redis.target.configSet("maxmemory", "20mb");
        try (var neighbour = redis.sourceServer.connect()) {
            neighbour.select(3);
            neighbour.set(EveryType.bytes("large"), new byte[20 << 20]);
            for (var i = 0; i < 99; i++) {
                neighbour.set("small " + i, "1");
            }
            assertThat(check().blockers()).singleElement().asString().contains("larger instance");
            redis.source.set("ours", "1");
            assertThat(check().blockers()).isEmpty();
        } finally {
            redis.target.configSet("maxmemory", "0");
        }
    }

    @Test
    void keysInOtherDatabasesOfTheSourceAreTold() {
        redis.source.select(3);
        redis.source.set("cache", "1");
        redis.source.select(0);
        var findings = check();
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).singleElement().asString().contains("source Redis").contains("1 keys in database 3").contains("stay where they are").contains("looked at in the other too").doesNotContain("notifications");
        assertThat(findings.figures()).containsEntry("sourceKeys", 0L);
    }

    @Test
    void anotherMigrationsTargetAndAMarkedSourceAreTold() throws Exception {
        RedisTarget.claim(redis.context(RedisPair.OTHER_UID, 1));
        assertThat(onlyBlocker()).contains("belongs to migration mastodon/other").contains(RedisPair.OTHER_UID);

        redis.target(redis.sourceServer.url());
        redis.source(redis.targetServer.url());
        assertThat(check().blockers()).anyMatch(b -> b.contains("source Redis") && b.contains("carries the marker of migration mastodon/other"));
    }

    @Test
    void aTargetOpenedBeforeIsTold() throws Exception {
        RedisTarget.claim(redis.context());
        new RedisSnapshotCopy().run(redis.context());
        RedisTarget.open(redis.context());
        assertThat(onlyBlocker()).contains("opened by this migration before");
    }

    @Test
    void sourceAndTargetTheSameAreToldAlsoUnderTwoNames() {
        redis.target(redis.sourceServer.url());
        assertThat(onlyBlocker()).contains("are the same database");
        redis.target(redis.sourceServer.url().replace("127.0.0.1", "localhost") + "/0");
        assertThat(onlyBlocker()).contains("are the same database");
    }

    @Test
    void aReadOnlyReplicaIsTold() {
        try (var replica = RedisServer.start("replicaof 127.0.0.1 " + redis.targetServer.port(), "masterauth " + redis.targetServer.password())) {
            redis.target(replica.url());
            assertThat(check().blockers()).anyMatch(b -> b.contains("read-only replica") && b.contains("primary endpoint"));
        }
    }

    @Test
    void payloadsOfANewerSourceAreTranslatedAndNoBlocker() {
        redis.source.set("key", "value");
        var payload = new PayloadFormat(12).stamp(redis.source.dump("key"));
        assertThat(new FormatProbe("source, Redis 7.4", "target, Redis 7.0").check(payload, redis.target)).isEmpty();
    }

    @Test
    void aValueThatNoTranslationCanCarryIsTold() {
        redis.source.hset("key", "field", "value");
        var payload = redis.source.dump("key");
        payload[0] = 25;
        assertThat(new FormatProbe("source, Redis 7.4", "target, Redis 7.0").check(new PayloadFormat(13).stamp(payload), redis.target)).get().asString()
                .contains("source, Redis 7.4: a key holds a hash with fields that expire");
    }

    @Test
    void aTargetBeforeRedis7IsToldAndValkeyIsNotTakenForOne() {
        assertThat(RedisPreflight.tooOld(new RedisInfo(Map.of("redis_version", "6.2.14")), "target Redis")).get().asString()
                .contains("Redis 6.2.14").contains("Redis 7.0 or Valkey 7.2");
        assertThat(RedisPreflight.tooOld(new RedisInfo(Map.of()), "target Redis")).isPresent();
        assertThat(RedisPreflight.tooOld(new RedisInfo(Map.of("redis_version", "7.2.4", "valkey_version", "8.1.1")), "target Redis")).isEmpty();
    }

    @Test
    void theSourceIsNotChanged() {
        EveryType.fill(redis.source);
        var dirty = changes(redis.source);
        check();
        assertThat(changes(redis.source)).isEqualTo(dirty);
    }

    private static String changes(Jedis jedis) {
        return Stream.of(jedis.info("persistence").split("\r\n")).filter(line -> line.startsWith("rdb_changes_since_last_save")).findFirst().orElseThrow();
    }

    @Test
    void howLongTheFreezeWillLastIsForecastByTheWayOfFollowingThatIsLeft() {
        redis.source.eval("for i = 1, 40000 do redis.call('SET', 'key:' .. i, i) end");
        assertThat(check().figures()).containsEntry("redisFreezeSeconds", 1L);

        redis.sourceAsUserWithout("-client|tracking");
        var compared = check();
        assertThat(compared.blockers()).isEmpty();
        assertThat(compared.notes()).singleElement().asString().contains("source Redis (127.0.0.1", "by CLIENT TRACKING (NOPERM", "all 40000 keys are compared inside the freeze", "about 3 s")
                .doesNotContain("nor by");
        assertThat(compared.figures()).containsEntry("redisFreezeSeconds", 3L);

        redis.sourceAsUserWithout("-client|tracking", "-psubscribe");
        var copied = check();
        assertThat(copied.notes()).singleElement().asString().contains("by CLIENT TRACKING (NOPERM", "nor by keyspace notifications (NOPERM", "copied and compared inside the freeze", "about 6 s");
        assertThat(copied.figures()).containsEntry("redisFreezeSeconds", 6L);
    }

    @Test
    void aServerWithoutResp3IsToldSo() {
        try (var old = RedisServer.start("rename-command HELLO \"\"")) {
            redis.source(old.url());
            assertThat(check().notes()).singleElement().asString().contains("by CLIENT TRACKING (", "HELLO", "are compared inside the freeze");
        }
    }

    @Test
    void notificationsThatNeitherAreSetNorMayBeAreNoWay() {
        redis.sourceAsUserWithout("-client|tracking", "-config|set");
        assertThat(check().notes()).singleElement().asString().contains("nor by keyspace notifications (notify-keyspace-events must be KA, and we may not set it: NOPERM");
        redis.source.configSet("notify-keyspace-events", "KEA");
        try {
            assertThat(check().notes()).singleElement().asString().contains("are compared inside the freeze");
        } finally {
            redis.source.configSet("notify-keyspace-events", "");
        }
    }

    @Test
    void aServerThatDoesNotTellWhichItIsIsToldWithWhatThatCosts() throws Exception {
        try (var proxy = new ForgetfulProxy(redis.sourceServer.port(), Duration.ZERO)) {
            redis.source("redis://:" + redis.sourceServer.password() + "@127.0.0.1:" + proxy.port());
            assertThat(check().notes()).singleElement().asString().contains("does not tell which server answers", "a failover could not be noticed", "compared inside the freeze");
        }
    }

    @Test
    void aSourceWithTooFewConnectionsLeftIsABlocker() {
        var now = redis.source.info("clients").lines().filter(line -> line.startsWith("connected_clients:")).mapToInt(line -> Integer.parseInt(line.split(":")[1])).sum();
        var most = redis.source.configGet("maxclients").get("maxclients");
        redis.source.configSet("maxclients", String.valueOf(now + 6));
        try {
            assertThat(onlyBlocker()).contains("source Redis (127.0.0.1", "of its " + (now + 6) + " connections in use", "a migration needs up to 7 more", "larger plan");
        } finally {
            redis.source.configSet("maxclients", most);
        }
    }

    @Test
    void ofATargetThatIsStillToBeCreatedTheVersionAloneIsHeldAgainstTheSource() throws Exception {
        redis.targetIsPlanned(8);
        EveryType.fill(redis.source);
        var found = check();
        assertThat(found.blockers()).isEmpty();
        assertThat(found.notes()).isEmpty();
        assertThat(found.figures()).containsEntry("sourceKeys", redis.source.dbSize()).containsKey("redisFreezeSeconds");
        redis.source.flushAll();
        redis.source.hset("cache:odd", "name", NewerSource.OF_A_MODULE);
        try (var newer = NewerSource.before(redis.sourceServer.port())) {
            redis.source("redis://:" + redis.sourceServer.password() + "@127.0.0.1:" + newer.port());
            assertThat(onlyBlocker()).contains("source Redis", "a type of a module");
        }
    }

    @Test
    void aTargetWhoseCertificateNobodyTrustsIsABlocker() throws Exception {
        try (var pair = new RedisPair(RedisServer::start, RedisServer::startTls).start()) {
            assertThat(RedisPreflight.check(pair.context(), KeyScope.ALL).blockers()).singleElement().asString().contains("target Redis", "a certificate that is not trusted", "caSecretRef");
            pair.targetCa(pair.targetServer.certificate());
            assertThat(RedisPreflight.check(pair.context(), KeyScope.ALL).blockers()).isEmpty();
        }
    }
}
