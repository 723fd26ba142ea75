package dev.mastodonmigration.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.played.PlayedEdge;
import dev.mastodonmigration.played.PlayedSource;
import dev.mastodonmigration.played.Trouble;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole migrations with an admin who edits and deletes, systems that fail, workers that die and an operator that is killed, all at random: each ends, none
 * ever has two sides that take writes, and whatever it ends as is left whole. A failure names the seed that repeats it.
 */
class RandomWalkPlayedTest {
    private static final int MIGRATIONS = Integer.getInteger("walks", 300);
    private static final int LOOKS = 20_000;
    /** By an instance behind an edge that it does not trust yet. */
    private static final Map<String, String> TRUSTED = Map.of("TRUSTED_PROXY_IP", "10.0.0.0/8");
    private static final List<String> TASKS = List.of(Tasks.PREFLIGHT, Tasks.CLAIM_TARGET, Tasks.MARK_SOURCE, Tasks.INSTALL_CAPTURE, Tasks.REPLICATE_POSTGRES, Tasks.REPLICATE_REDIS, Tasks.QUIET_SIDEKIQ,
            Tasks.CLOSE_SOURCE, Tasks.OPEN_TARGET, Tasks.REOPEN_SOURCE, Tasks.CLEAR_SOURCE, Tasks.RESET_TARGET, Tasks.RELEASE, Tasks.COPY_POSTGRES, Tasks.VERIFY_REDIS, Tasks.LOOK_FOR_CLIENTS, Tasks.LOOK_AT_SIDEKIQ, Tasks.LOOK_FOR_PROGRAMS, Tasks.WITHDRAW_OPENING);

    static IntStream seeds() {
        return IntStream.rangeClosed(1, MIGRATIONS);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void endsWhateverHappens(int seed) {
        var random = new Random(seed);
        var calm = new boolean[1];
        var spec = part(seed, random.nextBoolean() ? PlayedSpec.live() : PlayedSpec.approved());
        Trouble trouble = call -> {
            if (!calm[0] && random.nextInt(40) == 0) {
                throw new OutsideException(call + " failed, seed " + seed, true);
            }
        };
        var played = new PlayedMigration(spec, trouble);
        if (spec.edge() != null) {
            played.edge = Optional.of(new PlayedEdge(trouble));
            played.source.trustedProxies = TRUSTED;
        }
        TASKS.forEach(task -> played.workers.script(task, run -> calm[0] || random.nextInt(8) != 0 ? WorkerReport.succeeded("scripted", Map.of())
                : random.nextInt(6) == 0 ? WorkerReport.refused(task + " refused") : WorkerReport.retryable(task + " failed")));
        played.dies = decision -> !calm[0] && random.nextInt(15) == 0;
        for (int look = 0; look < LOOKS; look++) {
            // In the end everything works again and the admin leaves it alone.
            if (look == 1500) {
                calm[0] = true;
                if (!played.deleting) {
                    played.edit(PlayedSpec.state(spec, random.nextInt(3) == 0 ? DesiredState.Aborted : DesiredState.Running));
                }
            }
            if (!calm[0]) {
                disturb(played, spec, random);
            }
            played.now = played.now.plus(played.step()).plusMillis(random.nextInt(50));
            demandOneSide(played, seed);
            if (isOver(played)) {
                demandWhole(played, seed);
                return;
            }
            if (calm[0] && played.status.findings.stream().anyMatch(finding -> finding.id.equals(Report.ABORT_REFUSED))) {
                played.edit(PlayedSpec.state(spec, DesiredState.Running));
            }
        }
        throw new AssertionError("seed " + seed + " did not end: " + played.describe());
    }

    /** Mostly everything moves. */
    private static MastodonMigrationSpec part(int seed, MastodonMigrationSpec spec) {
        return switch (seed % 6) {
            case 0 -> PlayedSpec.dataOnly(spec);
            case 2 -> PlayedSpec.postgresOnly(spec);
            case 4 -> PlayedSpec.redisOnly(spec);
            case 5 -> PlayedSpec.egress(spec, "203.0.113.7/32");
            default -> spec;
        };
    }

    private static boolean computeMoves(PlayedMigration played) {
        return played.spec.target().compute() != null;
    }

    private static void disturb(PlayedMigration played, MastodonMigrationSpec spec, Random random) {
        switch (random.nextInt(120)) {
            case 0 -> played.edit(PlayedSpec.state(spec, DesiredState.values()[random.nextInt(3)]));
            case 1 -> played.edit(PlayedSpec.notApproved(spec));
            case 2 -> played.edit(PlayedSpec.image(spec, "mastodon:v" + random.nextInt(3)));
            case 3, 4, 5 -> played.edit(spec);
            case 6 -> played.deleting = played.deleting || random.nextInt(10) == 0;
            case 7 -> played.workers.lose(TASKS.get(random.nextInt(TASKS.size())));
            case 8 -> played.workers.podsRefused = true;
            case 9, 10 -> played.workers.podsRefused = false;
            case 11 -> played.compute.late = "web: CrashLoopBackOff";
            case 12, 13 -> played.compute.late = "";
            case 14 -> played.workers.lags = true;
            case 15, 16 -> played.workers.lags = false;
            case 17 -> played.compute.smokeTestFails = random.nextBoolean() ? "pending migrations" : "";
            case 18 -> played.now = played.now.plus(Duration.ofSeconds(random.nextInt(900)));
            case 19 -> wake(played);
            default -> {}
        }
        if (random.nextInt(1500) == 0) {
            played.compute.late = "";
            played.compute.smokeTestFails = "";
        }
    }

    /** Somebody, or something that scales by itself, starts Sidekiq in the freeze. */
    private static void wake(PlayedMigration played) {
        if (List.of("Drain", "Verify", "GoLive").contains(String.valueOf(played.status.phase)) && played.source.usesItsOwn && played.status.downtime.targetOpenedAt == null) {
            played.source.formation.put("worker", 1);
        }
    }

    private static boolean isOver(PlayedMigration played) {
        return List.of(MastodonMigrationStatus.COMPLETED, MastodonMigrationStatus.ABORTED).contains(String.valueOf(played.status.phase))
                || played.deleting && played.status.itinerary == null || played.deleting && played.status.downtime != null && played.status.downtime.targetWritableAt != null && !"GoLive".equals(played.status.phase);
    }

    private static void demandOneSide(PlayedMigration played, int seed) {
        if (!computeMoves(played)) {
            assertThat(played.source.lives() && played.source.usesItsOwn == played.workers.targetOpen).as(() -> "seed " + seed + ": the source runs with databases that are "
                    + (played.workers.targetOpen ? "left" : "not open") + ": " + played.describe()).isFalse();
        }
        assertThat(played.workers.movesPostgres && played.workers.targetOpen && !played.workers.sourceClosed && !"Retire".equals(played.status.phase) && !MastodonMigrationStatus.COMPLETED.equals(played.status.phase))
                .as(() -> "seed " + seed + ": both sides take writes: " + played.describe()).isFalse();
        assertThat(played.compute.sidekiq && played.source.lives() && !"Soak".equals(played.status.phase)).as(() -> "seed " + seed + ": Sidekiq runs on both sides: " + played.describe()).isFalse();
        assertThat(played.compute.cronJobs && !played.workers.targetOpen).as(() -> "seed " + seed + ": something runs by the clock before the target is open: " + played.describe()).isFalse();
    }

    private static void demandWhole(PlayedMigration played, int seed) {
        var what = "seed " + seed + ": " + played.describe();
        if (played.edge.isPresent() && List.of(MastodonMigrationStatus.COMPLETED, MastodonMigrationStatus.ABORTED).contains(String.valueOf(played.status.phase))) {
            assertThat(played.source.trustedProxies).as(what).isEqualTo(TRUSTED);
            assertThat(played.source.restarts).as(what).isIn(0, 2);
        }
        switch (String.valueOf(played.status.phase)) {
            case MastodonMigrationStatus.COMPLETED -> {
                assertThat(played.workers.targetOpen).as(what).isTrue();
                assertThat(played.compute.sidekiq).as(what).isEqualTo(computeMoves(played));
                assertThat(played.compute.cronJobs).as(what).isEqualTo(computeMoves(played));
                assertThat(played.source.serves()).as(what).isNotEqualTo(computeMoves(played));
                assertThat(played.source.usesItsOwn).as(what).isEqualTo(computeMoves(played));
                assertThat(played.workers.isEmpty()).as(what).isTrue();
                assertThat(played.source.credentialsKept).as(what).isFalse();
            }
            case MastodonMigrationStatus.ABORTED -> {
                assertThat(played.workers.targetOpen).as(what).isFalse();
                assertThat(played.workers.sourceClosed).as(what).isFalse();
                assertThat(played.workers.marked).as(what).isFalse();
                assertThat(played.source.formation).as(what).isEqualTo(PlayedSource.BEFORE);
                assertThat(played.source.usesItsOwn).as(what).isTrue();
                assertThat(played.source.maintenance).as(what).isFalse();
                assertThat(played.source.quiet).as(what).isFalse();
                assertThat(played.workers.isEmpty()).as(what).isTrue();
                assertThat(played.source.credentialsKept).as(what).isFalse();
                assertThat(played.compute.deployed).as(what).isEmpty();
            }
            default -> {
                assertThat(played.deleting).as(what).isTrue();
                // The reconciler then takes away what is left of ours, which this walk has no part in.
                assertThat(played.workers.targetOpen && computeMoves(played) ? !played.source.lives() : played.source.serves()).as(what).isTrue();
            }
        }
        // An admin who suspends twice is told twice; nothing else is.
        var told = played.told.stream().filter(one -> !one.reason().equals("Suspended")).toList();
        for (int i = 1; i < told.size(); i++) {
            assertThat(told.get(i)).as(what).isNotEqualTo(told.get(i - 1));
        }
    }
}
