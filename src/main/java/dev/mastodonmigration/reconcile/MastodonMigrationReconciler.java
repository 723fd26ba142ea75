package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.itinerary.Decision;
import dev.mastodonmigration.itinerary.Observation;
import dev.mastodonmigration.itinerary.PhaseEngine;
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
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Observe, decide, act, report: once for each look at a migration. */
@ControllerConfiguration(name = "mastodonmigration", maxReconciliationInterval = @MaxReconciliationInterval(interval = 30, timeUnit = TimeUnit.SECONDS))
@GradualRetry(maxAttempts = Integer.MAX_VALUE, initialInterval = 500, maxInterval = 10_000)
public class MastodonMigrationReconciler implements Reconciler<MastodonMigration>, Cleaner<MastodonMigration> {
    private static final Logger LOG = Logger.getLogger(MastodonMigrationReconciler.class);
    private static final Duration AT_ONCE = Duration.ofMillis(10);
    private static final Duration STALLED = Duration.ofSeconds(30);
    private final PhaseEngine engine = new PhaseEngine();
    private final KubernetesClient client;
    private final Executor executor;
    private final StatusReporter reporter;

    MastodonMigrationReconciler(KubernetesClient client, Executor executor, StatusReporter reporter) {
        this.client = client;
        this.executor = executor;
        this.reporter = reporter;
    }

    @Override
    public UpdateControl<MastodonMigration> reconcile(MastodonMigration cached, Context<MastodonMigration> context) {
        return UpdateControl.<MastodonMigration>noUpdate().rescheduleAfter(read(cached).map(this::goOn).orElse(STALLED));
    }

    /** Before the target opened, deleting a migration aborts it first; while it opens, it is let go only when the instance serves again. Data is never deleted with it. */
    @Override
    public DeleteControl cleanup(MastodonMigration cached, Context<MastodonMigration> context) {
        var migration = read(cached);
        var seen = migration.map(MastodonMigrationReconciler::observe);
        if (seen.isEmpty() || !seen.get().started() || seen.get().ended() || seen.get().targetOpened() && !seen.get().down()) {
            migration.filter(read -> read.getStatus() != null).ifPresent(this::letGo);
            return DeleteControl.defaultDelete();
        }
        return DeleteControl.noFinalizerRemoval().rescheduleAfter(goOn(migration.get()));
    }

    private void letGo(MastodonMigration migration) {
        executor.stopEverything(migration);
        reporter.farewell(migration);
    }

    private Duration goOn(MastodonMigration migration) {
        var seen = observe(migration);
        var decision = executor.act(engine.decide(seen), seen, migration);
        LOG.debugf("%s: %s", migration.getMetadata().getName(), decision);
        try {
            reporter.report(decision, seen, migration);
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                throw e;
            }
            return AT_ONCE; // edited meanwhile: what was just done is found again
        }
        return lookAgain(decision);
    }

    /** A GET, not the cache: a spec edited a moment ago must count before each side effect. */
    private Optional<MastodonMigration> read(MastodonMigration cached) {
        return Optional.ofNullable(client.resource(cached).get()).filter(found -> found.getMetadata().getUid().equals(cached.getMetadata().getUid()));
    }

    private static Observation observe(MastodonMigration migration) {
        if (migration.getStatus() == null) {
            migration.setStatus(new MastodonMigrationStatus());
        }
        var generation = Optional.ofNullable(migration.getMetadata().getGeneration()).orElse(0L);
        return new Observation(migration.getSpec(), generation, migration.isMarkedForDeletion(), migration.getStatus(), Instant.now(), Optional.empty());
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
            case Decision.Step step -> throw new IllegalStateException("a step is taken, not reported: " + step);
        };
    }
}
