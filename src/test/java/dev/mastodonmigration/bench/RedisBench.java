package dev.mastodonmigration.bench;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.embedded.SlowLink;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Response;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.ScanResult;

/** Measures what a live migration of Redis costs, against the most that one reading connection can do on this machine. */
public final class RedisBench {
    private static final int ROUNDS = 5;
    private static final int WRITES_PER_SECOND = 5000;
    private static final Duration FAR = Duration.ofMillis(1);
    private static final List<String> OTHERWISE = List.of("set-max-intset-entries", "hash-max-listpack-entries", "zset-max-listpack-entries");

    private record Round(double ceiling, double copy, double verify, double drain, double differences, Cpu cpu) {}

    private interface Figures {
        double of(Round round);
    }

    private RedisBench() {}

    public static void main(String... arguments) throws Exception {
        var secrets = Files.createTempDirectory("bench-redis-");
        try (var source = RedisServer.start(); var target = RedisServer.start(); var worker = RedisWorkerProcess.start(secrets)) {
            Files.writeString(secrets.resolve(WorkerContext.SOURCE_REDIS_URL), source.url());
            Files.writeString(secrets.resolve(WorkerContext.TARGET_REDIS_URL), target.url());
            try (var jedis = source.connect()) {
                MastodonKeys.fill(jedis, Integer.getInteger("bench.redis.keys", 1_000_000));
                System.out.println("bench.redis.keys=" + jedis.dbSize());
            }
            var rounds = new ArrayList<Round>();
            for (int i = 0; i < ROUNDS; i++) {
                rounds.add(round(source, target, worker));
            }
            print("ceiling_keys_per_second", rounds, Round::ceiling);
            print("copy_keys_per_second", rounds, Round::copy);
            System.out.printf("bench.redis.ratio_vs_ceiling=%.2f%n", median(rounds, round -> round.copy() / round.ceiling()));
            print("verify_keys_per_second", rounds, Round::verify);
            var across = verifyAcrossVersions(source, target, worker, secrets);
            System.out.println("bench.redis.verify_across_versions_keys_per_second=" + Math.round(across[0]));
            print("drain_milliseconds", rounds, Round::drain);
            System.out.printf("bench.redis.copy_cpu_microseconds_per_key=source %.1f, target %.1f, worker %.1f%n", median(rounds, round -> round.cpu().source()),
                    median(rounds, round -> round.cpu().target()), median(rounds, round -> round.cpu().worker()));
            System.out.println("bench.redis.worker_peak_mib=" + worker.peakMebibytes());
            System.out.println("bench.redis.differences=" + (long) (across[1] + rounds.stream().mapToDouble(Round::differences).sum()));
        } finally {
            for (var file : List.of(WorkerContext.SOURCE_REDIS_URL, WorkerContext.TARGET_REDIS_URL)) {
                Files.deleteIfExists(secrets.resolve(file));
            }
            Files.delete(secrets);
        }
    }

    /** The ceiling is measured before and after the copy, because a shared machine is not as fast at any time. */
    private static Round round(RedisServer source, RedisServer target, RedisWorkerProcess worker) throws Exception {
        try (var jedis = source.connect(); var empty = target.connect()) {
            empty.flushAll();
            var keys = jedis.dbSize();
            var readingBefore = seconds(() -> readAll(jedis));
            var before = new Cpu(jedis, empty, worker);
            var copy = keys / worker.copy();
            var cpu = new Cpu(jedis, empty, worker).since(before, keys);
            worker.awaitInSync();
            var ceiling = 2 * keys / (readingBefore + seconds(() -> readAll(jedis)));
            writeFor(jedis, 5);
            var drained = worker.drain();
            var verified = worker.verify();
            return new Round(ceiling, copy, 1000.0 * keys / verified[0], drained[0], drained[1] + verified[1], cpu);
        }
    }

    /**
     * As between two versions of Redis that serialize every small value otherwise, and with servers a millisecond away. Here both are of one version: the target is
     * told to keep small sets, hashes and sorted sets as large ones, which has the same effect: two versions are not at hand.
     *
     * @return keys compared in a second, the median, and differences found
     */
    private static double[] verifyAcrossVersions(RedisServer source, RedisServer target, RedisWorkerProcess worker, Path secrets) throws Exception {
        try (var jedis = target.connect(); var farSource = SlowLink.to(source.port(), FAR); var farTarget = SlowLink.to(target.port(), FAR)) {
            jedis.flushAll();
            OTHERWISE.forEach(setting -> jedis.configSet(setting, "0"));
            worker.copy();
            worker.awaitInSync();
            var differences = worker.drain()[1];
            var keys = jedis.dbSize() - 1;
            Files.writeString(secrets.resolve(WorkerContext.SOURCE_REDIS_URL), source.url().replaceAll(":\\d+$", ":" + farSource.port()));
            Files.writeString(secrets.resolve(WorkerContext.TARGET_REDIS_URL), target.url().replaceAll(":\\d+$", ":" + farTarget.port()));
            var rates = new ArrayList<Double>();
            for (int i = 0; i < ROUNDS; i++) {
                var verified = worker.verify();
                rates.add(1000.0 * keys / verified[0]);
                differences += verified[1];
            }
            return new double[] {rates.stream().sorted().toList().get(ROUNDS / 2), differences};
        }
    }

    /** Processor microseconds (in the end per key) of the copy: they tell more on a busy machine than its time does. */
    private record Cpu(double source, double target, double worker) {
        Cpu(Jedis source, Jedis target, RedisWorkerProcess worker) {
            this(used(source), used(target), worker.cpuSeconds() * 1e6);
        }

        private static double used(Jedis jedis) {
            return jedis.info("cpu").lines().filter(line -> line.startsWith("used_cpu_sys:") || line.startsWith("used_cpu_user:"))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(':') + 1)) * 1e6).sum();
        }

        Cpu since(Cpu before, long keys) {
            return new Cpu((source - before.source) / keys, (target - before.target) / keys, (worker - before.worker) / keys);
        }
    }

    /** One connection, pipelined, reading only: the keys of one step of the scan travel with the next. */
    private static void readAll(Jedis jedis) {
        var cursor = ScanParams.SCAN_POINTER_START_BINARY;
        List<byte[]> keys = List.of();
        for (var more = true; more || !keys.isEmpty();) {
            try (var pipeline = jedis.pipelined()) {
                keys.forEach(key -> {
                    pipeline.dump(key);
                    pipeline.pexpireTime(key);
                });
                var step = more ? List.of(pipeline.scan(cursor, new ScanParams().count(500))) : List.<Response<ScanResult<byte[]>>>of();
                pipeline.sync();
                keys = step.isEmpty() ? List.of() : step.getFirst().get().getResult();
                cursor = step.isEmpty() ? cursor : step.getFirst().get().getCursorAsBytes();
                more = !step.isEmpty() && !step.getFirst().get().isCompleteIteration();
            }
        }
    }

    private static double seconds(Runnable work) {
        var started = System.nanoTime();
        work.run();
        return (System.nanoTime() - started) / 1e9;
    }

    /** Paced in bursts of a hundredth of a second. */
    private static void writeFor(Jedis jedis, int seconds) {
        var started = System.nanoTime();
        for (int written = 0; written < seconds * WRITES_PER_SECOND;) {
            try (var pipeline = jedis.pipelined()) {
                for (int i = 0; i < WRITES_PER_SECOND / 100; i++) {
                    MastodonKeys.write(pipeline, written++);
                }
                pipeline.sync();
            }
            LockSupport.parkNanos(started + written * 1_000_000_000L / WRITES_PER_SECOND - System.nanoTime());
        }
    }

    private static void print(String name, List<Round> rounds, Figures figure) {
        System.out.println("bench.redis." + name + "=" + Math.round(median(rounds, figure)));
    }

    private static double median(List<Round> rounds, Figures figure) {
        return rounds.stream().map(figure::of).sorted().toList().get(rounds.size() / 2);
    }
}
