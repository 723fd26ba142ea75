package dev.mastodonmigration.bench;

import dev.mastodonmigration.embedded.RedisServer;
import dev.mastodonmigration.worker.control.DrainSignal;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.redis.RedisTarget;
import dev.mastodonmigration.worker.redis.RedisVerify;
import dev.mastodonmigration.worker.redis.ReplicateRedis;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Response;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.ScanResult;

/** Measures what a live migration of Redis costs, against the most that one reading connection can do on this machine. */
public final class RedisBench {
    private static final int ROUNDS = 3;
    private static final int WRITES_PER_SECOND = 5000;

    private record Round(double ceiling, double copy, double verify, double drain, double differences) {}

    private interface Figures {
        double of(Round round);
    }

    private RedisBench() {}

    public static void main(String... arguments) throws Exception {
        var secrets = Files.createTempDirectory("bench-redis-");
        try (var source = RedisServer.start(); var target = RedisServer.start()) {
            Files.writeString(secrets.resolve(WorkerContext.SOURCE_REDIS_URL), source.url());
            Files.writeString(secrets.resolve(WorkerContext.TARGET_REDIS_URL), target.url());
            try (var jedis = source.connect()) {
                MastodonKeys.fill(jedis, Integer.getInteger("bench.redis.keys", 1_000_000));
                System.out.println("bench.redis.keys=" + jedis.dbSize());
            }
            var rounds = new ArrayList<Round>();
            for (int i = 0; i < ROUNDS; i++) {
                rounds.add(round(source, target, secrets));
            }
            print("ceiling_keys_per_second", rounds, Round::ceiling);
            print("copy_keys_per_second", rounds, Round::copy);
            System.out.printf("bench.redis.ratio_vs_ceiling=%.2f%n", median(rounds, round -> round.copy() / round.ceiling()));
            print("verify_keys_per_second", rounds, Round::verify);
            print("drain_milliseconds", rounds, Round::drain);
            System.out.println("bench.redis.differences=" + (long) rounds.stream().mapToDouble(Round::differences).sum());
        } finally {
            for (var file : List.of(WorkerContext.SOURCE_REDIS_URL, WorkerContext.TARGET_REDIS_URL)) {
                Files.deleteIfExists(secrets.resolve(file));
            }
            Files.delete(secrets);
        }
    }

    private static Round round(RedisServer source, RedisServer target, Path secrets) throws Exception {
        var progress = new Progress();
        var drain = new DrainSignal();
        var context = new WorkerContext("6f0a2c1e-0000-4000-8000-000000000001", "mastodon/bench", 1, secrets, secrets, 4, progress, drain);
        try (var jedis = source.connect(); var empty = target.connect()) {
            empty.flushAll();
            var keys = jedis.dbSize();
            var ceiling = keys / seconds(() -> readAll(jedis));
            RedisTarget.claim(context);
            var replicating = CompletableFuture.supplyAsync(() -> run(context));
            var copy = keys / secondsOfStage(progress, "copying", replicating);
            awaitInSync(progress, replicating);
            writeFor(jedis, 5);
            drain.request();
            var report = replicating.get(10, TimeUnit.MINUTES);
            var verified = new RedisVerify().run(context);
            return new Round(ceiling, copy, 1000.0 * keys / verified.figures().get(Figure.VERIFY_MILLISECONDS), report.figures().get(Figure.DRAIN_MILLISECONDS),
                    report.figures().get(Figure.DIFFERENCES) + verified.figures().get(Figure.DIFFERENCES));
        }
    }

    private static WorkerReport run(WorkerContext context) {
        try {
            return new ReplicateRedis().run(context);
        } catch (Exception e) {
            throw new IllegalStateException(e);
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

    private static double secondsOfStage(Progress progress, String stage, CompletableFuture<WorkerReport> running) {
        await(() -> progress.read().stage().equals(stage), running);
        return seconds(() -> await(() -> !progress.read().stage().equals(stage), running));
    }

    private static void awaitInSync(Progress progress, CompletableFuture<WorkerReport> running) {
        await(() -> progress.read().inSync(), running);
    }

    private static void await(BooleanSupplier condition, CompletableFuture<WorkerReport> running) {
        while (!condition.getAsBoolean()) {
            if (running.isDone()) {
                throw new IllegalStateException("the worker ended: " + running.join());
            }
            LockSupport.parkNanos(1_000_000);
        }
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
