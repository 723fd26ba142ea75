package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.embedded.World;
import dev.mastodonmigration.worker.control.Tasks;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LiveMigrationIT {
    private static final Map<String, String> LIVE = Map.of("/spec/strategy/postgres", "Live", "/spec/strategy/redis", "Live");
    private static final List<String> LIVE_WORKERS = List.of(Tasks.INSTALL_CAPTURE, Tasks.REPLICATE_POSTGRES, Tasks.REPLICATE_REDIS, Tasks.HOUSEKEEP_POSTGRES);
    private static final long MID_WAY_MILLISECONDS = 400;
    private static final long SOON_MILLISECONDS = 120;

    @Test
    void aWritingInstanceIsReplicatedLiveAndNothingIsLost() throws Exception {
        try (var world = World.start(World.Options.SMALL.withMajors(14, 17).withScale(4000, 4000))) {
            EndToEnd.applyUnattended(world, LIVE);
            EndToEnd.awaitCompleted(world);
            assertThat(world.status().phases).allMatch(phase -> phase.state == PhaseState.Succeeded);
            assertThat(world.status().phases).anyMatch(phase -> phase.name.equals("Housekeeping"));
            assertThat(world.status().verification.postgres.differences).isZero();
            assertThat(world.status().verification.redis.differences).isZero();
            EndToEnd.assertNothingLost(world, World.Side.TARGET);
        }
    }

    @Test
    void jobsOfARedisThatIsSidekiqsOwnArriveAndRunInTheOneOfTheTarget() throws Exception {
        try (var world = World.start(World.Options.SMALL.withScale(1000, 2000).withRedisOfSidekiq()); var feeds = world.sourceRedis().connect(); var target = world.targetRedis().connect()) {
            EndToEnd.applyUnattended(world, LIVE);
            EndToEnd.awaitCompleted(world);
            assertThat(feeds.exists("schedule", "queues", "processes")).as("Sidekiq's keys in the main Redis").isZero();
            assertThat(target.exists("schedule", "dead", "queues")).as("Sidekiq's keys in the only one of the target").isEqualTo(3);
            assertThat(world.status().phases).allMatch(phase -> phase.attempts == 1);
            assertThat(world.status().verification.redis.differences).isZero();
            EndToEnd.assertNothingLost(world, World.Side.TARGET);
        }
    }

    @Test
    void onePodOfSeveralKilledWhileReplicatingFailsNothingAndFeedsAreBuiltAnew() throws Exception {
        var killed = new AtomicInteger();
        try (var world = World.start(World.Options.SMALL.withScale(4000, 1000)); var killer = Executors.newSingleThreadScheduledExecutor()) {
            world.jobRunner().onPodStarted(pod -> {
                if (pod.getMetadata().getName().contains("-" + Tasks.REPLICATE_POSTGRES + "-1-") && killed.compareAndSet(0, -1)) {
                    killer.schedule(() -> killed.set(world.jobRunner().killOne(job -> job.contains(Tasks.REPLICATE_POSTGRES))), MID_WAY_MILLISECONDS, TimeUnit.MILLISECONDS);
                }
            });
            EndToEnd.applyUnattended(world, Map.of("/spec/strategy/postgres", "Live", "/spec/strategy/redis", "Rebuild"));
            EndToEnd.awaitCompleted(world);
            assertThat(killed).hasValue(1);
            assertThat(world.status().internal.replicators).allMatch(replicator -> replicator.attempts == 1);
            assertThat(world.status().phases).allMatch(phase -> phase.attempts == 1);
            // The ledger below knows every post in a feed, of before the move and after it.
            EndToEnd.assertNothingLost(world, World.Side.TARGET);
        }
    }

    @Test
    void operatorAndLiveWorkersKilledLoseNothing() throws Exception {
        Set<String> started = ConcurrentHashMap.newKeySet();
        Set<String> killed = ConcurrentHashMap.newKeySet();
        var killedIn = new HashSet<String>();
        try (var world = World.start(World.Options.SMALL.withScale(3000, 3000)); var killer = Executors.newSingleThreadScheduledExecutor()) {
            world.jobRunner().onPodStarted(pod -> {
                var job = pod.getMetadata().getLabels().getOrDefault("batch.kubernetes.io/job-name", "");
                LIVE_WORKERS.stream().filter(task -> job.contains("-" + task + "-") && started.add(task)).forEach(task -> killer.schedule(() -> {
                    if (world.jobRunner().kill(job::equals) > 0) {
                        killed.add(task);
                    }
                }, task.startsWith("replicate") ? MID_WAY_MILLISECONDS : SOON_MILLISECONDS, TimeUnit.MILLISECONDS));
            });
            EndToEnd.applyUnattended(world, LIVE);
            EndToEnd.await(world, "killed in every phase of a live migration, completed; killed in " + killedIn, status -> {
                if (status.phase != null && PhaseId.of(status.phase).isPresent() && killedIn.add(status.phase)) {
                    world.operator().kill();
                    world.operator().restart();
                }
                return MastodonMigrationStatus.COMPLETED.equals(status.phase);
            });
            assertThat(killed).containsExactlyInAnyOrderElementsOf(LIVE_WORKERS);
            assertThat(killedIn).contains("Replicate", "StandBy", "Drain", "GoLive", "Housekeeping");
            EndToEnd.assertNothingLost(world, World.Side.TARGET);
        }
    }

    @Test
    void anAbortedLiveMigrationLeavesTheRunningSourceAsItWas() throws Exception {
        try (var world = World.start(World.Options.SMALL)) {
            var catalogBefore = catalog(world);
            var mutations = world.heroku().app(World.WEB_APP).mutations();
            var changes = new TreeMap<>(LIVE);
            changes.put("/spec/strategy/inSyncFor", "1s");
            changes.put("/spec/cutover/approved", "false");
            world.apply(world.example(changes));
            EndToEnd.await(world, "replicating, at the gate", status -> "AwaitCutover".equals(status.phase));
            world.edit(Map.of("/spec/state", "Aborted"));
            EndToEnd.await(world, "aborted", status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
            assertThat(catalog(world)).isEqualTo(catalogBefore);
            assertThat(world.heroku().app(World.WEB_APP).mutations()).as("Heroku was never touched").isEqualTo(mutations);
            EndToEnd.assertNothingLost(world, World.Side.SOURCE);
        }
    }

    /** Schemas, functions and triggers of the source: what capture and gate are made of. */
    private static String catalog(World world) throws Exception {
        try (var source = world.source(); var rows = source.createStatement().executeQuery("""
                SELECT string_agg(entry, E'\\n' ORDER BY entry) FROM (
                  SELECT 'schema ' || nspname AS entry FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'
                  UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_proc WHERE pronamespace::regnamespace::text NOT LIKE 'pg\\_%'
                  UNION ALL SELECT 'trigger ' || tgname || ' on ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal
                  UNION ALL SELECT 'relation ' || oid::regclass FROM pg_class WHERE relnamespace::regnamespace::text NOT LIKE 'pg\\_%') entries""")) {
            rows.next();
            return rows.getString(1);
        }
    }
}
