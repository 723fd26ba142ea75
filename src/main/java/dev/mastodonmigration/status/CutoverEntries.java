package dev.mastodonmigration.status;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.App;
import dev.mastodonmigration.api.MastodonMigrationStatus.DataAddOn;
import dev.mastodonmigration.api.MastodonMigrationStatus.Deployed;
import dev.mastodonmigration.api.MastodonMigrationStatus.Downtime;
import dev.mastodonmigration.api.MastodonMigrationStatus.Forecast;
import dev.mastodonmigration.api.MastodonMigrationStatus.PostgresVerification;
import dev.mastodonmigration.api.MastodonMigrationStatus.RedisVerification;
import dev.mastodonmigration.api.MastodonMigrationStatus.Source;
import dev.mastodonmigration.api.MastodonMigrationStatus.Variable;
import dev.mastodonmigration.api.MastodonMigrationStatus.Verification;
import dev.mastodonmigration.source.SavedSource;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;

/** What status says of the two sides and of the clock. */
final class CutoverEntries {
    private static final double MILLISECONDS = 1000.0;
    private final MastodonMigrationStatus status;
    private final Instant now;

    CutoverEntries(MastodonMigrationStatus status, Instant now) {
        this.status = status;
        this.now = now;
    }

    /** Never overwritten: a second reading would find the stopped values. */
    void saved(Fact.SourceSaved saved) {
        if (status.source != null) {
            return;
        }
        status.source = new Source();
        status.source.savedAt = now.toString();
        saved.source().apps().forEach(app -> {
            var entry = new App();
            entry.name = app.name();
            entry.id = app.id().orElse(null);
            entry.maintenance = app.maintenance() == SavedSource.Maintenance.ON;
            entry.release = app.release().orElse(null);
            entry.formation = new LinkedHashMap<>(app.formation());
            entry.variables = app.variables().stream().map(CutoverEntries::variable).toList();
            status.source.apps.add(entry);
        });
        saved.source().addOns().forEach(addOn -> {
            var entry = new DataAddOn();
            entry.kind = addOn.kind();
            entry.id = addOn.id();
            entry.name = addOn.name();
            status.source.addOns.add(entry);
        });
    }

    /** A process of it runs, or was stopped just now: it may run on for a while after the platform has ceased to list it. */
    void sourceSeen() {
        status.source.seenAt = now.toString();
    }

    void sourceAwake(Fact.SourceAwake awake) {
        status.source.awake = List.copyOf(awake.what());
        sourceSeen();
    }

    private static Variable variable(SavedSource.Variable saved) {
        var entry = new Variable();
        entry.name = saved.name();
        switch (saved.origin()) {
            case SavedSource.Attached attached -> {
                entry.addOn = attached.addOn();
                entry.addOnName = attached.addOnName();
                entry.attachment = attached.attachment();
                entry.namespace = attached.namespace().orElse(null);
            }
            case SavedSource.SetByHand set -> entry.set = true;
            case SavedSource.Absent absent -> entry.set = false;
        }
        return entry;
    }

    void clockStarted() {
        status.downtime = new Downtime();
        status.downtime.startedAt = now.toString();
    }

    void sourceGone() {
        status.source.goneAt = now.toString();
        sidekiqNoLongerQuiet();
    }

    void sidekiqNoLongerQuiet() {
        if (status.sidekiqIsQuiet()) {
            status.internal.quieting.finishedAt = now.toString();
        }
    }

    /** Processes that were never stopped were not started anew either: a quiet Sidekiq among them is still so. */
    void sourceRestored() {
        if (status.source.stoppedAt != null) {
            sidekiqNoLongerQuiet();
        }
        stopTheClock();
    }

    void targetOpening() {
        status.downtime.targetOpenedAt = now.toString();
        status.internal.epoch++;
    }

    void targetWritable(Fact.Serving serving) {
        status.downtime.targetWritableAt = now.toString();
        if (serving == Fact.Serving.AT_ONCE) {
            stopTheClock();
        }
    }

    void stopTheClock() {
        if (status.downtime != null && status.downtime.finishedAt == null) {
            status.downtime.finishedAt = now.toString();
            status.downtime.seconds = since(status.downtime.startedAt);
        }
    }

    /** While the instance is down, status says how long it has been. */
    void tick() {
        if (status.downtime != null && status.downtime.finishedAt == null) {
            status.downtime.seconds = Math.floor(since(status.downtime.startedAt));
        }
    }

    private double since(String time) {
        return Duration.between(Instant.parse(time), now).toMillis() / MILLISECONDS;
    }

    void deployed(long generation) {
        var deployed = new Deployed();
        deployed.testedRevision = status.internal.deployed == null ? null : status.internal.deployed.testedRevision;
        deployed.ensuredAt = now.toString();
        deployed.generation = generation;
        status.internal.deployed = deployed;
    }

    void smokeTestPassed(Fact.SmokeTestPassed passed) {
        status.internal.deployed.testedRevision = passed.revision();
    }

    void forecasted(Fact.Forecasted forecasted) {
        status.forecast = new Forecast();
        status.forecast.copySeconds = forecasted.copy().toSeconds();
        status.forecast.downtimeSeconds = forecasted.downtime().toSeconds();
    }

    void verified(Fact.Verified verified) {
        var rows = new PostgresVerification();
        rows.tables = verified.tables();
        rows.rows = verified.rows();
        rows.differences = verified.rowDifferences();
        var keys = new RedisVerification();
        keys.keys = verified.keys();
        keys.differences = verified.keyDifferences();
        status.verification = new Verification();
        status.verification.postgres = rows;
        status.verification.redis = keys;
    }
}
