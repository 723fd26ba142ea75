package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.itinerary.Decision;
import dev.mastodonmigration.itinerary.Observation;
import dev.mastodonmigration.itinerary.PhaseEngine;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.phase.Outside;
import dev.mastodonmigration.source.ProxyTrust;
import dev.mastodonmigration.source.SavedSource;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.status.Story;
import dev.mastodonmigration.target.Compute;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.reconciler.Cleaner;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.DeleteControl;
import io.javaoperatorsdk.operator.api.reconciler.MaxReconciliationInterval;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.retry.GradualRetry;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/** Observe, decide, act, report: once for each look at a migration. */
@ControllerConfiguration(name = "mastodonmigration", finalizerName = MastodonMigrationReconciler.FINALIZER,
        maxReconciliationInterval = @MaxReconciliationInterval(interval = 30, timeUnit = TimeUnit.SECONDS))
@GradualRetry(maxAttempts = Integer.MAX_VALUE, initialInterval = 500, maxInterval = 10_000)
public class MastodonMigrationReconciler implements Reconciler<MastodonMigration>, Cleaner<MastodonMigration> {
    static final String FINALIZER = "mastodonmigrations." + MastodonMigration.GROUP + "/finalizer";
    private static final Logger LOG = Logger.getLogger(MastodonMigrationReconciler.class);
    private static final Duration AT_ONCE = Duration.ofMillis(10);
    private static final Duration STALLED = Duration.ofSeconds(30);
    /** Until a look at what was deleted, of which the cache need not know yet, or at what has its name by now. */
    private static final Duration LET_GO = Duration.ofSeconds(1);
    private final PhaseEngine engine = new PhaseEngine();
    private final KubernetesClient client;
    private final Ports ports;
    private final Executor executor;
    private final StatusReporter reporter;

    MastodonMigrationReconciler(KubernetesClient client, Ports ports, Executor executor, StatusReporter reporter) {
        this.client = client;
        this.ports = ports;
        this.executor = executor;
        this.reporter = reporter;
    }

    @Override
    public UpdateControl<MastodonMigration> reconcile(MastodonMigration cached, Context<MastodonMigration> context) {
        return UpdateControl.<MastodonMigration>noUpdate().rescheduleAfter(read(cached).map(this::goOn).orElse(STALLED));
    }

    /**
     * Until the target takes writes, deleting a migration aborts it first; while it opens, it is let go only when the instance serves again. Data is never
     * deleted with it. The finalizer is taken off here: the framework, where it does that, remembers the name as one of a deleted resource, and never
     * again looks at a resource that was created under the same name just then.
     */
    @Override
    public DeleteControl cleanup(MastodonMigration cached, Context<MastodonMigration> context) {
        return DeleteControl.noFinalizerRemoval().rescheduleAfter(read(cached).map(this::goOnDeleted).orElse(LET_GO));
    }

    private Duration goOnDeleted(MastodonMigration migration) {
        var isWritten = migration.getStatus() != null;
        var outside = ports.of(migration);
        var seen = observe(migration, outside);
        if (seen.started() && !seen.ended() && (!seen.targetTakesWrites() || seen.isGoingLive())) {
            return goOn(migration, seen, outside);
        }
        if (isWritten) {
            letGo(migration, seen, outside);
        }
        migration.removeFinalizer(FINALIZER);
        return unlessEdited(() -> {
            client.resource(migration).update();
            return LET_GO;
        });
    }

    /** Our Secrets have a finalizer of ours: what cannot be removed now is removed at the next look, before the migration is let go. */
    private void letGo(MastodonMigration migration, Observation seen, Outside outside) {
        outside.workers().removeAll();
        Optional.ofNullable(migration.getStatus().internal.burst).filter(burst -> burst.endedAt == null).flatMap(burst -> outside.compute()).ifPresent(Compute::calmSidekiq);
        outside.forget();
        if (seen.targetTakesWrites() && !seen.ended()) {
            SavedSource.of(migration.getStatus()).map(saved -> Story.farewell(saved, ProxyTrust.of(migration.getStatus()))).ifPresent(told -> reporter.farewell(told, migration));
        }
    }

    private Duration goOn(MastodonMigration migration) {
        var outside = ports.of(migration);
        return goOn(migration, observe(migration, outside), outside);
    }

    private Duration goOn(MastodonMigration migration, Observation seen, Outside outside) {
        var acted = executor.act(engine.decide(seen), seen, outside);
        LOG.debugf("%s: %s", migration.getMetadata().getName(), acted.decision());
        var facts = new ArrayList<Fact>(acted.facts());
        facts.addAll(Report.of(acted.decision(), seen));
        // A step takes its time, and what it did is not done before its end.
        var stepped = seen.at(Instant.now());
        return unlessEdited(() -> reporter.report(facts, stepped, migration) == StatusReporter.Kept.ALL ? lookAgain(acted.decision()) : STALLED);
    }

    /** Edited meanwhile: what was just done is found again at the next look. */
    private static Duration unlessEdited(Supplier<Duration> write) {
        try {
            return write.get();
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                throw e;
            }
            return AT_ONCE;
        }
    }

    /** A GET, not the cache: a spec edited a moment ago must count before each side effect. */
    private Optional<MastodonMigration> read(MastodonMigration cached) {
        return Optional.ofNullable(client.resource(cached).get()).filter(found -> found.getMetadata().getUid().equals(cached.getMetadata().getUid()));
    }

    private static Observation observe(MastodonMigration migration, Outside outside) {
        if (migration.getStatus() == null) {
            migration.setStatus(new MastodonMigrationStatus());
        }
        var generation = Optional.ofNullable(migration.getMetadata().getGeneration()).orElse(0L);
        return new Observation(migration.getSpec(), Ports.violations(migration, outside), generation, migration.isMarkedForDeletion(), migration.getStatus(), Instant.now(), Optional.empty());
    }

    private static Duration lookAgain(Decision decision) {
        return switch (decision) {
            case Decision.Continue going -> going.lookAgain();
            case Decision.Rest rest -> rest.lookAgain();
            case Decision.Stall stall -> STALLED;
            case Decision.Suspend suspend -> STALLED;
            case Decision.Start start -> AT_ONCE;
            case Decision.Begin begin -> AT_ONCE;
            case Decision.Advance advance -> AT_ONCE;
            case Decision.Retry retry -> AT_ONCE;
            case Decision.BackToGate back -> AT_ONCE;
            case Decision.Step step -> throw new IllegalStateException("a step is taken, not reported: " + step);
        };
    }
}
