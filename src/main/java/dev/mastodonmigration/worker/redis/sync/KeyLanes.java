package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.redis.value.KeyScan;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Hands the batches of one scan to several lanes with connections of their own, within a bound of memory; one failure ends all. */
final class KeyLanes {
    /** Handles batches one after the other. */
    interface Lane extends AutoCloseable {
        void handle(KeyScan.Batch batch) throws Exception;

        @Override
        void close();
    }

    /** Values in flight at once, in all lanes together. A single greater one travels alone. */
    private static final int BUDGET_KIBIBYTES = 32 << 10;
    private static final KeyScan.Batch END = new KeyScan.Batch(List.of(), 0);

    private final int count;
    private final BlockingQueue<KeyScan.Batch> queue;
    private final Semaphore budget = new Semaphore(BUDGET_KIBIBYTES);
    private final AtomicBoolean failed = new AtomicBoolean();

    private KeyLanes(int count) {
        this.count = count;
        this.queue = new ArrayBlockingQueue<>(2 * count);
    }

    /** Runs to the end of the scan, or to the first failure, which is thrown. */
    static void run(KeyScan scan, int count, Callable<? extends Lane> open) throws Exception {
        new KeyLanes(count).run(scan, open);
    }

    private void run(KeyScan scan, Callable<? extends Lane> open) throws Exception {
        try (var threads = Executors.newFixedThreadPool(count, Thread.ofPlatform().daemon().name("redis-lane-", 1).factory())) {
            var lanes = new ArrayList<Future<Boolean>>();
            for (int i = 0; i < count; i++) {
                lanes.add(threads.submit(() -> lane(open)));
            }
            var fed = false;
            try {
                feed(scan);
                fed = true;
            } finally {
                if (!fed) {
                    failed.set(true);
                }
            }
            for (var lane : lanes) {
                result(lane);
            }
        }
    }

    private void feed(KeyScan scan) throws InterruptedException {
        for (var batch = scan.next(); batch.isPresent() && !failed.get(); batch = scan.next()) {
            while (!failed.get() && !budget.tryAcquire(cost(batch.get()), 50, TimeUnit.MILLISECONDS)) {
                Thread.onSpinWait();
            }
            put(batch.get());
        }
        for (int i = 0; i < count; i++) {
            put(END);
        }
    }

    private void put(KeyScan.Batch batch) throws InterruptedException {
        while (!failed.get() && !queue.offer(batch, 50, TimeUnit.MILLISECONDS)) {
            Thread.onSpinWait();
        }
    }

    private boolean lane(Callable<? extends Lane> open) throws Exception {
        var done = false;
        try (var lane = open.call()) {
            while (!failed.get()) {
                var batch = queue.poll(50, TimeUnit.MILLISECONDS);
                if (batch == END) {
                    break;
                }
                if (batch != null) {
                    lane.handle(batch);
                    budget.release(cost(batch));
                }
            }
            done = true;
            return true;
        } finally {
            if (!done) {
                failed.set(true);
            }
        }
    }

    private static int cost(KeyScan.Batch batch) {
        return (int) Math.clamp(batch.bytes() >> 10, 1, BUDGET_KIBIBYTES);
    }

    private static void result(Future<Boolean> lane) throws Exception {
        try {
            lane.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        }
    }
}
