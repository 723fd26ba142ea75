package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.follow.ChangeFeed;
import dev.mastodonmigration.worker.redis.follow.ChangeTracker;
import dev.mastodonmigration.worker.redis.follow.Following;
import dev.mastodonmigration.worker.redis.follow.KeyspaceNotifications;
import dev.mastodonmigration.worker.redis.mastodon.KeyNames;
import dev.mastodonmigration.worker.redis.mastodon.RedisSources;
import dev.mastodonmigration.worker.redis.mastodon.ReplicatedKeys;
import dev.mastodonmigration.worker.redis.mastodon.SourceConflicts;
import dev.mastodonmigration.worker.redis.value.Difference;
import dev.mastodonmigration.worker.redis.value.KeyComparison;
import dev.mastodonmigration.worker.redis.value.KeyScan;
import dev.mastodonmigration.worker.redis.wire.Gap;
import dev.mastodonmigration.worker.redis.wire.OurKeys;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.SetParams;

/** One Redis that is read, as its changes tell it: each goes to the partition of its key, and the server is asked again and again whether it still tells them. */
final class FollowedServer implements AutoCloseable, ChangeFeed.Listener {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration FIRST_PATIENCE = Duration.ofSeconds(5);
    private static final long CANARY_LIFETIME_SECONDS = 300;
    private static final int MOST_SONGS = 5;

    private final Ends ends;
    private final WorkerContext context;
    private final RedisSources.One one;
    private final Jedis source;
    private final ReplicatedKeys keys;
    private final Partitions partitions;
    private final Following following;
    private final RedisKey canaryKey;
    private final ChangeFeed feed;
    private Optional<byte[]> sung = Optional.empty();
    private volatile CountDownLatch canary = new CountDownLatch(1);
    private volatile boolean processesChanged;
    private Pace pace = Pace.FULL;
    private volatile Optional<Set<RedisKey>> afterFreeze = Optional.empty();

    /** @throws ChangeFeed.Unsupported when the source's changes can not be followed this way */
    FollowedServer(Ends ends, Following following, RedisSources.One one, ReplicatedKeys keys, Partitions partitions) throws Gap, Refusal, IOException, InterruptedException {
        this.ends = ends;
        this.context = ends.context();
        this.one = one;
        this.source = one.jedis();
        this.keys = keys;
        this.partitions = partitions;
        this.following = following;
        this.canaryKey = OurKeys.canary(context, one.side());
        this.feed = opened();
        try {
            if (!sing(FIRST_PATIENCE)) {
                throw new ChangeFeed.Unsupported.Silent(words("it accepts this but does not tell a change"));
            }
        } catch (JedisDataException e) {
            close();
            if (Gap.mayPass(e)) {
                throw e;
            }
            throw unsupported(e.getMessage());
        } catch (RuntimeException | Gap | Refusal | InterruptedException e) {
            close();
            throw e;
        }
    }

    private ChangeFeed opened() throws Refusal, IOException {
        try {
            return switch (following) {
                case CLIENT_TRACKING -> ChangeTracker.open(one.side(), context, this);
                case KEYSPACE_NOTIFICATIONS -> KeyspaceNotifications.open(one.side(), context, source, canaryKey, this);
            };
        } catch (ChangeFeed.Unsupported.Silent e) {
            throw new ChangeFeed.Unsupported.Silent(words(e.getMessage()));
        } catch (ChangeFeed.Unsupported e) {
            throw unsupported(e.getMessage());
        }
    }

    private ChangeFeed.Unsupported unsupported(String because) {
        return new ChangeFeed.Unsupported(words(because));
    }

    private String words(String because) {
        return "The " + one.side().title() + " does not let us follow its changes by " + following + " (" + because + ").";
    }

    @Override
    public void changed(List<RedisKey> changed) {
        if (changed.stream().anyMatch(KeyNames::tellsProcesses)) {
            processesChanged = true;
        }
        var ours = changed.stream().filter(keys::contains).toList();
        var frozen = afterFreeze;
        frozen.ifPresent(told -> told.addAll(ours));
        if (frozen.isEmpty() || !heldBack()) {
            partitions.changed(ours);
        }
        // Last: whoever waits for it takes all that was told before, and with it, to be with the partitions.
        if (changed.contains(canaryKey)) {
            canary.countDown();
        }
    }

    @Override
    public void gap(Gap gap) {
        partitions.fail(gap);
        canary.countDown();
        context.progress().update(now -> now.withLag(now.lagChanges(), now.lagSeconds(), false));
    }

    /** Writes the canary and waits until its change is told, and with it all that changed before on the server that has it, whatever proxy is between. */
    private boolean sing(Duration patience) throws Gap, Refusal, InterruptedException {
        for (int tries = 0; tries < MOST_SONGS; tries++) {
            var told = new CountDownLatch(1);
            canary = told;
            // A gap that came before this opened the latch before this one, and nothing will open this one.
            partitions.check();
            var before = sung;
            var song = UUID.randomUUID().toString().getBytes(StandardCharsets.US_ASCII);
            var found = Optional.ofNullable(source.setGet(canaryKey.bytes(), song, SetParams.setParams().ex(CANARY_LIFETIME_SECONDS)));
            sung = Optional.of(song);
            if (!following.tellsAll() && before.isPresent() && found.isEmpty()) {
                throw new Gap("the " + one.side().title() + " was flushed (FLUSHDB or FLUSHALL): it lost a key of ours");
            }
            if (!told.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                return false;
            }
            // Where it held another song, that one's change, or its end, may be what was told.
            if (before.isPresent() && found.isPresent() && Arrays.equals(before.get(), found.get())) {
                return true;
            }
        }
        throw new Gap("another worker of this migration writes the same key to the " + one.side().title() + ", to see whether it is followed");
    }

    /** Returns when every change made before the call has gone to its partition: an answer to PING alone would not show that changes are told. */
    void barrier() throws Gap, Refusal, InterruptedException {
        var told = sing(PATIENCE);
        partitions.check();
        if (!told) {
            throw new Gap("the " + one.side().title() + " does not tell its changes any more");
        }
    }

    void ping() throws Gap, InterruptedException {
        feed.ping(PATIENCE);
    }

    /** How we are to read it, by how long it takes to tell next to nothing: of a key, because a proxy may answer PING by itself. */
    Pace pace() {
        var asked = System.nanoTime();
        source.exists(canaryKey.bytes());
        pace = pace.after(Duration.ofNanos(System.nanoTime() - asked));
        return pace;
    }

    /** When a Sidekiq came or went, its keys are looked at again: some may have been copied before they were known to be its own. */
    void followProcesses() {
        if (processesChanged) {
            processesChanged = false;
            partitions.changed(keys.refresh(one));
        }
    }

    /** From now on nobody should write. */
    void watchForWriters() {
        afterFreeze = Optional.of(ConcurrentHashMap.newKeySet());
    }

    /**
     * CLIENT TRACKING tells the keys of all of a server's databases and not whose they are. So after the freeze what it tells is not applied: the target has each
     * key as it was, and only one that differs has been written here, not by a neighbour in another database.
     */
    private boolean heldBack() {
        return following == Following.CLIENT_TRACKING;
    }

    /**
     * Expiry and eviction only remove: what was told after the freeze, exists, and is not as it was has been written. To be called when the partitions have applied
     * all that was told before.
     */
    void refuseWriters() throws Refusal, IOException {
        var told = List.copyOf(afterFreeze.orElse(Set.of()));
        afterFreeze.filter(all -> heldBack()).ifPresent(all -> told.forEach(all::remove));
        var gone = new HashSet<>(RedisSources.absent(source, told));
        var there = told.stream().filter(key -> !gone.contains(key)).toList();
        var written = heldBack() ? different(there) : there;
        if (!written.isEmpty()) {
            throw new Refusal("The " + one.side().title() + " is still written to: " + written.getFirst() + " changed after writing was to have ended. Find the process that"
                    + " still uses it (CLIENT LIST shows its address), stop it, and start the cutover again.");
        }
        if (heldBack()) {
            partitions.changed(gone);
        }
    }

    private List<RedisKey> different(List<RedisKey> told) throws Refusal, IOException {
        if (told.isEmpty()) {
            return told;
        }
        try (var routes = Routes.open(ends, keys, new SourceConflicts())) {
            var different = new ArrayList<RedisKey>();
            for (var share : routes.of(told).entrySet()) {
                var comparison = new KeyComparison(share.getKey().from().reader(), share.getKey().to().reader());
                for (var batch : KeyScan.cut(source, share.getValue())) {
                    comparison.differences(batch).stream().filter(difference -> difference.kind() != Difference.Kind.STRAY).map(Difference::key).forEach(different::add);
                }
            }
            return different;
        }
    }

    void removeCanary() {
        sung = Optional.empty();
        source.unlink(canaryKey.bytes());
    }

    @Override
    public void close() {
        feed.close();
    }
}
