package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.World;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/** What every end-to-end test does: apply the README's example to a live instance, wait, and hold the ledger against what is there. */
public final class EndToEnd {
    /** Of one phase, on a machine that is busy with other tests. */
    private static final Duration PATIENCE = Duration.ofMinutes(6);
    /** So much of it for all of them, which is far more than any needs. */
    private static final int MOST_PHASES = 7;
    /** The plain path: everything is copied inside the freeze. */
    static final Map<String, String> DUMPED = Map.of("/spec/strategy/postgres", "Dump", "/spec/strategy/redis", "Snapshot");
    /** Copied and followed while the instance runs. */
    static final Map<String, String> LIVE = Map.of("/spec/strategy/postgres", "Live", "/spec/strategy/redis", "Live");
    private static final Map<String, String> UNATTENDED = Map.of("/spec/cutover/approved", "true", "/spec/retire/approved", "true", "/spec/soak/duration", "1s", "/spec/strategy/inSyncFor", "1s");

    private EndToEnd() {}

    static void applyUnattended(World world, Map<String, String> changes) {
        var all = new TreeMap<>(UNATTENDED);
        all.putAll(changes);
        world.apply(world.example(all));
    }

    static void await(World world, String what, Predicate<MastodonMigrationStatus> wanted) {
        await(world, what, PATIENCE, wanted);
    }

    /** @param patience how long it may stay in one phase */
    static void await(World world, String what, Duration patience, Predicate<MastodonMigrationStatus> wanted) {
        var phase = new AtomicReference<String>();
        var since = new AtomicReference<>(Instant.now());
        // Followed by a watch: a test asks for minutes, and each answer of the API server would be read and parsed for it.
        try (var followed = world.client().resources(MastodonMigration.class).inNamespace(World.NAMESPACE).inform()) {
            Awaitility.await(what).atMost(patience.multipliedBy(MOST_PHASES)).pollInterval(Duration.ofMillis(50)).until(() -> {
                var status = status(followed.getStore().list());
                if (!Objects.equals(phase.getAndSet(status.phase), status.phase)) {
                    since.set(Instant.now());
                } else if (since.get().plus(patience).isBefore(Instant.now())) {
                    throw new IllegalStateException("it stays in phase " + status.phase);
                }
                return wanted.test(status);
            });
        } catch (RuntimeException e) {
            throw new AssertionError(what + "\n" + world.describe(), e);
        }
    }

    private static MastodonMigrationStatus status(List<MastodonMigration> all) {
        return all.stream().filter(one -> one.getMetadata().getName().equals(World.NAME)).findFirst().map(MastodonMigration::getStatus).orElseGet(MastodonMigrationStatus::new);
    }

    public static void awaitCompleted(World world) {
        await(world, "the migration completes", status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
        assertThat(world.status().findings).as("what does not answer users").extracting(finding -> finding.id).noneMatch(id -> id.startsWith("probe-"));
    }

    static void assertNothingLost(World world, World.Side side) throws Exception {
        Awaitility.await("users write again").atMost(Duration.ofSeconds(30)).until(() -> {
            var before = world.ledger().acknowledged();
            Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> world.ledger().acknowledged() > before);
            return true;
        });
        // Before the ledger is held against the databases, which wakes a Sidekiq that somebody left quiet.
        assertThat(world.jobs().complaints()).as(world.describe()).isEmpty();
        assertThat(world.losses(side)).as(world.describe()).isEmpty();
        assertThat(world.instance().overlaps()).as("Sidekiqs of both sides at a time").isEmpty();
        assertThat(world.users().broken()).isEmpty();
        assertThat(world.jobRunner().violations()).isEmpty();
    }
}
