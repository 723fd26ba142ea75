package dev.mastodonmigration.reconcile;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.cost.Prices;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.itinerary.Decision;
import dev.mastodonmigration.itinerary.Observation;
import dev.mastodonmigration.itinerary.PhaseEngine;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.phase.Outside;
import dev.mastodonmigration.phase.Phase;
import dev.mastodonmigration.phase.Phases;
import dev.mastodonmigration.played.PlayedCompute;
import dev.mastodonmigration.played.PlayedDatabase;
import dev.mastodonmigration.played.PlayedProbes;
import dev.mastodonmigration.played.PlayedSource;
import dev.mastodonmigration.played.PlayedWorkers;
import dev.mastodonmigration.played.Trouble;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.status.StatusLedger;
import dev.mastodonmigration.status.Story;
import dev.mastodonmigration.status.Told;
import dev.mastodonmigration.target.Compute;
import dev.mastodonmigration.target.TargetDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** A whole migration in memory: the real engine, phases, ledger and story, against played systems and a clock that jumps. */
final class PlayedMigration {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final PhaseEngine engine = new PhaseEngine();
    private final Executor executor = new Executor(Phases.all().stream().collect(Collectors.toMap(Phase::id, Function.identity())));
    final PlayedSource source;
    final PlayedWorkers workers;
    final PlayedCompute compute;
    final PlayedDatabase postgres;
    final PlayedDatabase redis;
    final PlayedProbes probes = new PlayedProbes();
    Optional<Edge> edge = Optional.empty();
    Outside.Entrances entrances = entrance -> Optional.of(List.of());
    Prices prices = Prices.NONE;
    final List<Told> told = new ArrayList<>();
    MastodonMigrationSpec spec;
    long generation = 1;
    boolean deleting;
    Instant now = Instant.parse("2026-11-22T20:00:00Z");
    MastodonMigrationStatus status = new MastodonMigrationStatus();
    /** Whether the operator dies before it writes what it just did. */
    Predicate<Decision> dies = decision -> false;

    PlayedMigration(MastodonMigrationSpec spec, Trouble trouble) {
        this.spec = spec;
        this.source = new PlayedSource(trouble);
        this.workers = new PlayedWorkers(trouble, source);
        this.compute = new PlayedCompute(trouble, () -> this.spec.instance().image());
        this.postgres = new PlayedDatabase(trouble, "postgres://u:p@target:5432/db");
        this.redis = new PlayedDatabase(trouble, "redis://target:6379");
    }

    static PlayedMigration of(MastodonMigrationSpec spec) {
        return new PlayedMigration(spec, Trouble.NONE);
    }

    void edit(MastodonMigrationSpec edited) {
        spec = edited;
        generation++;
    }

    private Outside outside() {
        return new Outside(source, Optional.of(postgres).filter(moves -> spec.target().postgres() != null).map(TargetDatabase.class::cast),
                Optional.of(redis).filter(moves -> spec.target().redis() != null).map(TargetDatabase.class::cast), Optional.of(compute).filter(moves -> spec.target().compute() != null).map(Compute.class::cast), edge, workers, probes, entrances, prices, () -> Findings.NONE, () -> new Outside.InUse(source.postgresHost + ":5432/db", "redis"), Optional::empty);
    }

    /** One reconcile; answers after how long the next one is due. */
    Duration step() {
        var migration = new MastodonMigration();
        migration.setSpec(spec);
        migration.setStatus(copy(status));
        source.stays = spec.target().compute() == null;
        workers.movesPostgres = spec.target().postgres() != null;
        var outside = outside();
        var violations = new ArrayList<>(outside.source().violations());
        outside.compute().ifPresent(chosen -> violations.addAll(chosen.violations()));
        var seen = new Observation(spec, violations, generation, deleting, migration.getStatus(), now, Optional.empty());
        var acted = executor.act(engine.decide(seen), seen, outside);
        var facts = new ArrayList<Fact>(acted.facts());
        facts.addAll(Report.of(acted.decision(), seen));
        if (dies.test(acted.decision())) {
            return Duration.ZERO;
        }
        var ledger = new StatusLedger(migration.getStatus(), now, generation);
        facts.forEach(fact -> {
            told.addAll(new Story(migration.getStatus()).tell(fact).stream().toList());
            ledger.apply(fact);
        });
        status = migration.getStatus();
        return switch (acted.decision()) {
            case Decision.Continue going -> going.lookAgain();
            case Decision.Rest rest -> rest.lookAgain();
            case Decision.Stall stall -> Duration.ofSeconds(30);
            case Decision.Suspend suspend -> Duration.ofSeconds(30);
            default -> Duration.ofMillis(10);
        };
    }

    /** Reconciles, each time after the time that the last one asked for. */
    PlayedMigration until(Predicate<MastodonMigrationStatus> wanted) {
        for (int i = 0; i < 10_000; i++) {
            now = now.plus(step());
            if (wanted.test(status)) {
                return this;
            }
        }
        throw new AssertionError("not reached within 10000 looks: " + describe());
    }

    PlayedMigration untilPhase(String phase) {
        return until(status -> phase.equals(status.phase));
    }

    String describe() {
        return status.phase + " " + status.summary + " " + status.phases.stream().map(record -> record.name + "=" + record.state + " " + record.attempts + " " + record.message).collect(Collectors.joining("\n  ", "\n  ", ""))
                + told.stream().skip(Math.max(0, told.size() - 15)).map(one -> one.reason() + ": " + one.message()).collect(Collectors.joining("\n  ", "\ntold:\n  ", ""));
    }

    String condition(String type) {
        return status.conditions.stream().filter(condition -> condition.getType().equals(type)).map(condition -> condition.getStatus() + " " + condition.getReason() + " " + condition.getMessage()).findFirst().orElse("");
    }

    /** As an operator gets it from the API server, which kept what the last one wrote. */
    private static MastodonMigrationStatus copy(MastodonMigrationStatus status) {
        try {
            return JSON.readValue(JSON.writeValueAsBytes(status), MastodonMigrationStatus.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
