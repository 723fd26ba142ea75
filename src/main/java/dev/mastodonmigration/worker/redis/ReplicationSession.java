package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.params.ScanParams;

/**
 * Replication without a gap: from the moment that changes are followed until they are missed. It begins with a look at every key of both
 * sides, because it knows nothing of what was before; nothing of it outlives it.
 */
final class ReplicationSession implements AutoCloseable {
    private static final Duration HEARTBEAT = Duration.ofSeconds(2);
    private static final Duration PACING = Duration.ofMillis(200);
    private static final Duration IN_SYNC_LAG = Duration.ofSeconds(1);
    /** About a hundred bytes of memory each. */
    private static final long MAX_BACKLOG = 500_000;

    private final WorkerContext context;
    private final Following following;
    private final Jedis source;
    private final Jedis target;
    private final ServerIdentity sourceIdentity;
    private final ServerIdentity targetIdentity;
    private final ReplicatedKeys keys;
    private volatile KeyProgress scanning;
    private ReplicationLanes lanes;
    private FollowedSource followed;
    private long beatNanos = System.nanoTime();
    private Pace pace = Pace.FULL;
    private long pacedNanos = System.nanoTime();
    private boolean proved;

    private ReplicationSession(WorkerContext context, Following following, Jedis source, Jedis target) {
        this.context = context;
        this.following = following;
        this.source = source;
        this.target = target;
        this.sourceIdentity = ServerIdentity.of(source);
        this.targetIdentity = ServerIdentity.of(target);
        this.keys = new ReplicatedKeys(source);
        this.scanning = new KeyProgress(context.progress(), "connecting", source.dbSize());
    }

    /** @throws ChangeFeed.Unsupported when the source's changes can not be followed this way */
    static ReplicationSession open(WorkerContext context, Following following, Marker marker) throws Refusal, IOException, Gap, InterruptedException {
        var source = RedisSide.SOURCE.open(context);
        try {
            var session = new ReplicationSession(context, following, source, RedisSide.TARGET.open(context));
            try {
                session.start(marker);
                return session;
            } catch (Refusal | IOException | Gap | InterruptedException | RuntimeException e) {
                session.close();
                throw e;
            }
        } catch (Refusal | IOException | Gap | InterruptedException | RuntimeException e) {
            source.close();
            throw e;
        }
    }

    private void start(Marker marker) throws Refusal, IOException, Gap, InterruptedException {
        lanes = ReplicationLanes.open(context, marker, keys, (done, bytes) -> scanning.add(done, bytes));
        followed = new FollowedSource(context, following, source, keys, lanes);
    }

    /** Copies or compares every key; afterwards the target holds all that the source had when this began, and nothing else. */
    void bringInSync() throws Gap, Refusal, InterruptedException {
        if (target.dbSize() <= 1) {
            pass("copying", LaneWork.Kind.COPY);
        }
        compareAll();
        findStreams();
        proved = true;
    }

    private void compareAll() throws Gap, Refusal, InterruptedException {
        pass("comparing", LaneWork.Kind.PROVE_SCANNED);
        removeStrays();
    }

    private void findStreams() throws Gap, Refusal, InterruptedException {
        var cursor = ScanParams.SCAN_POINTER_START_BINARY;
        for (var more = true; more; beat()) {
            var found = source.scan(cursor, new ScanParams().count(1000), "stream".getBytes(StandardCharsets.US_ASCII));
            keys.seenStreams(found.getResult().stream().map(RedisKey::of).toList());
            cursor = found.getCursorAsBytes();
            more = !found.isCompleteIteration();
        }
    }

    private void pass(String stage, LaneWork.Kind kind) throws Gap, Refusal, InterruptedException {
        scanning = new KeyProgress(context.progress(), stage, source.dbSize());
        var scan = new KeyScan(source);
        for (var names = scan.nextNames(); names.isPresent(); names = scan.nextNames()) {
            lanes.scanned(kind, names.get());
            beat();
            spareSource();
        }
        awaitLanes(backlog -> backlog.batches() == 0);
    }

    /** Inside the freeze nobody but us uses the source, so it is read at full pace. */
    private void spareSource() throws Gap, InterruptedException {
        if (context.drain().isRequested()) {
            return;
        }
        if (System.nanoTime() - pacedNanos > PACING.toNanos()) {
            pace = pace.after(followed.ping());
            pacedNanos = System.nanoTime();
        }
        if (!pace.rest().isZero()) {
            TimeUnit.NANOSECONDS.sleep(pace.rest().toNanos());
        }
    }

    /** A key that only the target has would be a job run twice; its lane looks again whether the source has it, and removes it. */
    private void removeStrays() throws Gap, Refusal, InterruptedException {
        var scan = new KeyScan(target);
        for (var names = scan.nextNames(); names.isPresent(); names = scan.nextNames()) {
            var seen = names.get();
            try (var pipeline = source.pipelined()) {
                var exist = seen.stream().map(key -> pipeline.exists(key.bytes())).toList();
                pipeline.sync();
                lanes.changed(IntStream.range(0, seen.size())
                        .filter(i -> !ReplicatedKeys.isMarker(seen.get(i)) && (!exist.get(i).get() || !keys.contains(seen.get(i)))).mapToObj(seen::get).toList());
            }
            beat();
        }
    }

    private interface Enough {
        boolean test(LaneWork.Backlog backlog);
    }

    private void awaitLanes(Enough enough) throws Gap, Refusal, InterruptedException {
        while (!enough.test(lanes.backlog())) {
            beat();
            lanes.awaitMoment();
        }
    }

    /** Keeps the target in step until the operator asks for the last changes. */
    void follow() throws Gap, Refusal, InterruptedException {
        while (!context.drain().await(Duration.ofMillis(50))) {
            beat();
            var backlog = lanes.backlog();
            var lag = Duration.ofNanos(backlog.oldestNanos());
            context.progress().update(now -> {
                // Asked inside the update, so that it is never said after a gap was noticed.
                var inSync = proved && lanes.areIntact() && lag.compareTo(IN_SYNC_LAG) < 0;
                return new Progress.Reading((inSync ? "in sync, by " : "applying, by ") + following, now.bytesDone(), now.bytesTotal(), now.itemsDone(), now.itemsTotal(), 0, inSync ? 0 : -1)
                        .withLag(backlog.changes(), lag.toSeconds(), inSync);
            });
        }
    }

    /** Looks whether all still stands: lanes, connection, servers; and which of the source's Sidekiqs came or went. */
    private void beat() throws Gap, Refusal, InterruptedException {
        lanes.check();
        followed.followProcesses();
        if (System.nanoTime() - beatNanos < HEARTBEAT.toNanos()) {
            return;
        }
        var backlog = lanes.backlog();
        if (backlog.changes() + backlog.proofs() > MAX_BACKLOG) {
            throw new Gap("more than " + MAX_BACKLOG + " keys changed faster than they could be applied");
        }
        followed.ping();
        followed.demandTelling();
        sameServers();
        beatNanos = System.nanoTime();
    }

    private void sameServers() throws Gap {
        sourceIdentity.demandSame(source, RedisSide.SOURCE);
        targetIdentity.demandSame(target, RedisSide.TARGET);
    }

    /**
     * Returns when every change made before it began is on the target.
     *
     * @throws Refusal when the source is still written to
     */
    void drain() throws Gap, Refusal, InterruptedException {
        context.progress().update(now -> new Progress.Reading("draining", now.bytesDone(), now.bytesTotal(), now.itemsDone(), now.itemsTotal(), 0, -1));
        lanes.hurry();
        followed.barrier();
        followed.watchForWriters();
        lanes.changed(keys.streams());
        if (!following.tellsAll()) {
            compareAll();
        }
        settle();
    }

    private void settle() throws Gap, Refusal, InterruptedException {
        do {
            beat();
            awaitLanes(backlog -> backlog.changes() == 0);
            followed.barrier();
            followed.refuseWriters();
        } while (lanes.backlog().changes() > 0);
    }

    /**
     * Proves what changed since its last proof, and these keys in any case.
     *
     * @throws Refusal when the source is still written to
     */
    void proveRest(Collection<RedisKey> always, Difference.Found found) throws Gap, Refusal, InterruptedException {
        lanes.proveForGood(found);
        lanes.prove(always.stream().filter(keys::contains).toList());
        do {
            settle();
            awaitLanes(backlog -> backlog.proofs() == 0);
            followed.barrier();
        } while (lanes.backlog().changes() + lanes.backlog().proofs() > 0);
        followed.demandTelling();
        sameServers();
        lanes.check();
    }

    /** Whether both sides have as many keys as they should; when not, only looking at each one tells which. */
    boolean sameCount() {
        followed.removeCanary();
        return source.dbSize() - keys.leftBehind(source) == target.dbSize() - 1;
    }

    Jedis source() {
        return source;
    }

    Jedis target() {
        return target;
    }

    @Override
    public void close() {
        if (followed != null) {
            followed.close();
        }
        if (lanes != null) {
            lanes.close();
        }
        source.close();
        target.close();
    }
}
