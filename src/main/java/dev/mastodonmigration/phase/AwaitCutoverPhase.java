package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The gate before the clock starts: the admin's approval, inside the admin's window. "Ready" is said only while it is true. */
@Singleton
public class AwaitCutoverPhase implements Phase {
    private static final Duration MEANWHILE = Duration.ofSeconds(5);
    /** A backup takes minutes, and Heroku counts calls. */
    private static final Duration BETWEEN_BACKUPS = Duration.ofSeconds(30);

    @Override
    public PhaseId id() {
        return PhaseId.AwaitCutover;
    }

    @Override
    public StepResult step(PhaseContext context) {
        var closed = SpecDefaults.notAfter(context.spec()).filter(context.now()::isAfter);
        if (closed.isPresent()) {
            return new StepResult.Refused(closed(closed.get()));
        }
        var returned = returned(context);
        if (returned.isPresent()) {
            return returned.get();
        }
        var sync = context.replication().untilInSync();
        if (!(sync instanceof StepResult.Done)) {
            return sync instanceof StepResult.Working working ? notReady(working) : sync;
        }
        var target = new TargetCheck(context).upToDate();
        if (!(target instanceof StepResult.Done)) {
            return target instanceof StepResult.Working working ? notReady(working) : target;
        }
        new CostLook(context).whenChanged();
        new EntranceLook(context).again();
        new OtherPrograms(context).look();
        HoldForecast.tell(context);
        if (!SpecDefaults.cutoverApproved(context.spec())) {
            return StepResult.Waiting.forApproval(checklist(context)).meanwhile(MEANWHILE);
        }
        return SpecDefaults.notBefore(context.spec()).filter(context.now()::isBefore)
                .<StepResult>map(opens -> StepResult.Waiting.until(opens, context.now(), "Approved; the cutover window opens at " + opens + ".").meanwhile(MEANWHILE))
                .orElseGet(() -> new SourceBackups(context).running().<StepResult>map(backup -> new StepResult.Working("Approved; the source runs on, because the freeze does not begin while its Postgres is copied. " + backup, BETWEEN_BACKUPS))
                        .orElseGet(() -> new StepResult.Done("The cutover is approved, both sides are in sync, and the target is ready.")));
    }

    @Override
    public void endAttempt(PhaseContext context) {
        new TargetCheck(context).forgetFailedTest();
    }

    static String closed(Instant at) {
        return "The cutover window closed at " + at + " and the source runs on. Set spec.cutover.notBefore and notAfter to the next one.";
    }

    private static StepResult notReady(StepResult.Working working) {
        return new StepResult.Working("Not ready to cut over yet, the source runs on: " + working.message(), working.lookAgain());
    }

    /** After a try that could not go on: not before an edit, or after a pause. */
    private static Optional<StepResult> returned(PhaseContext context) {
        var last = context.status().internal.returned;
        if (last == null || last.generation != context.generation()) {
            return Optional.empty();
        }
        if (last.againAt == null) {
            return Optional.of(StepResult.Waiting.forApproval("The cutover was tried and the source runs on. " + last.reason + " When that is fixed, set spec.cutover.approved to false and to true again.").meanwhile(MEANWHILE));
        }
        var again = Instant.parse(last.againAt);
        return context.now().isBefore(again)
                ? Optional.of(StepResult.Waiting.until(again, context.now(), "The cutover was tried and the source runs on; it is tried again at " + again + ". " + last.reason).meanwhile(MEANWHILE)) : Optional.empty();
    }

    private static String checklist(PhaseContext context) {
        var items = new ArrayList<String>();
        if (context.computeStays()) {
            items.add(context.source().name() + " can reach what it is to use: try it from a one-off dyno, for example with `heroku run`, against " + newDatabases(context) + ".");
        } else if (context.edge().isEmpty()) {
            items.add("Users of " + SpecDefaults.webDomain(context.spec()) + " can come to " + context.compute().map(compute -> compute.entrances().web()).orElse("what stands in front of your apps") + ", with a valid certificate.");
            items.add("The TTL of its DNS records is low.");
        } else {
            items.add("Nobody changes the DNS records of " + String.join(", ", SpecDefaults.hosts(context.spec())) + (context.edge().get().steps().isEmpty() ? " until then: the operator does when the target takes writes."
                    : ": they lead to the edge now. Who still comes to the old host by an older record sees its maintenance page during the freeze, and after it."));
        }
        items.add("No Heroku Scheduler job is left.");
        items.add("You have a backup.");
        context.status().findings.stream().filter(finding -> finding.severity == Severity.Action).forEach(finding -> items.add(finding.message));
        var text = new StringBuilder("Ready to cut over. Before you approve, check:");
        for (int i = 0; i < items.size(); i++) {
            text.append(" (").append(i + 1).append(") ").append(items.get(i));
        }
        return text.append(" Forecast: ").append(forecast(context)).append(" It can go back until the target takes writes, and not after. To approve, set spec.cutover.approved to true.").toString();
    }

    private static String newDatabases(PhaseContext context) {
        return Stream.of(SpecDefaults.movesPostgres(context.spec()) ? "the new Postgres" : "", SpecDefaults.movesRedis(context.spec()) ? "the new Redis" : "").filter(words -> !words.isEmpty()).collect(Collectors.joining(" and "));
    }

    private static String forecast(PhaseContext context) {
        var forecast = context.status().forecast;
        return forecast == null ? "unknown, the rehearsal was off." : context.edge().filter(edge -> !edge.steps().isEmpty()).isPresent()
                ? "requests wait for up to " + forecast.downtimeSeconds + " s; those that would wait longer than spec.edge.hold are answered with 503 and come again."
                : "the instance will be down for up to " + forecast.downtimeSeconds + " s, and until " + (context.computeStays() ? "its processes have started." : "your users' DNS follows.");
    }
}
