package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseRecord;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.api.PhaseRun;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.itinerary.ImmutableFields;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.job.Workers;
import dev.mastodonmigration.mastodon.MastodonEnvironment;
import dev.mastodonmigration.source.SavedSource;
import dev.mastodonmigration.source.Source;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.status.JobIntent;
import dev.mastodonmigration.target.Compute;
import dev.mastodonmigration.target.TargetDatabase;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What a phase may touch in one step: the migration as it was just read, the systems outside through their ports, and the facts that it tells. */
public final class PhaseContext {
    static final Duration AT_ONCE = Duration.ofMillis(10);
    private static final Duration WHILE_MUCH_CHANGES = Duration.ofMinutes(2);
    private static final Duration QUICKLY = Duration.ofSeconds(1);
    private static final Duration SLOWLY = Duration.ofSeconds(5);
    private final MastodonMigrationSpec spec;
    private final MastodonMigrationStatus status;
    private final long generation;
    private final PhaseRun run;
    private final Instant now;
    private final Outside outside;
    private final List<Fact> facts = new ArrayList<>();
    private final Replication replication;

    /**
     * @param status as it was read; nobody changes it here
     * @param run    the phase that takes a step, and which way
     */
    public PhaseContext(MastodonMigrationSpec spec, MastodonMigrationStatus status, long generation, PhaseRun run, Instant now, Outside outside) {
        this.spec = spec;
        this.status = status;
        this.generation = generation;
        this.run = run;
        this.now = now;
        this.outside = outside;
        this.replication = new Replication(this);
    }

    public MastodonMigrationSpec spec() {
        return spec;
    }

    public MastodonMigrationStatus status() {
        return status;
    }

    public long generation() {
        return generation;
    }

    public Instant now() {
        return now;
    }

    /**
     * How long a look at what is created or removed elsewhere waits for the next. Each makes one change, and there are up to thirty, so the first ones follow each other quickly; later it mostly waits, for
     * minutes, and each look costs calls there.
     */
    Duration untilNextLook() {
        return now.isBefore(Instant.parse(record().startedAt).plus(WHILE_MUCH_CHANGES)) ? QUICKLY : SLOWLY;
    }

    public Outside outside() {
        return outside;
    }

    public Source source() {
        return outside.source();
    }

    public Workers workers() {
        return outside.workers();
    }

    public Optional<Compute> compute() {
        return outside.compute();
    }

    public Optional<Edge> edge() {
        return outside.edge();
    }

    /** What replicates live, looked at once in a step. */
    public Replication replication() {
        return replication;
    }

    boolean began(PhaseId phase) {
        return status.phases.stream().anyMatch(record -> record.name.equals(PhaseRun.of(phase).name()));
    }

    /** Whether web, streaming and Sidekiq run on where they are. No edit changes that once the migration has begun. */
    boolean computeStays() {
        return !ImmutableFields.movesCompute(spec, status.internal.accepted);
    }

    /** To be put into status, and told, when the step is over. */
    void tell(Fact fact) {
        facts.add(fact);
    }

    public List<Fact> facts() {
        return List.copyOf(facts);
    }

    /** Those findings of that phase, and no others any more. */
    void findings(String origin, Severity severity, List<String> messages) {
        var found = messages.stream().map(message -> new Fact.Found(origin + "-" + Integer.toHexString(message.hashCode()), severity, message)).toList();
        status.findings.stream().filter(known -> known.id.startsWith(origin + "-") && found.stream().noneMatch(fact -> fact.id().equals(known.id))).forEach(known -> tell(new Fact.Settled(known.id)));
        found.forEach(this::tell);
    }

    PhaseRecord record() {
        return status.phases.stream().filter(record -> record.name.equals(run.name())).findFirst().orElseThrow(() -> new IllegalStateException("phase " + run + " was not begun"));
    }

    /** The source before the first change, as status has it; empty while nothing was changed. */
    Optional<SavedSource> saved() {
        return SavedSource.of(status);
    }

    /** The variables of the instance on the target: the source's, carried over. A database that stays is the source's own. */
    SortedMap<String, String> environment() {
        return MastodonEnvironment.of(outside.source().environment(), spec,
                outside.postgres().map(TargetDatabase::url).orElseGet(() -> outside.source().urls().postgres().orElseThrow().toString()), outside.postgres().flatMap(TargetDatabase::ca),
                outside.redis().map(TargetDatabase::url).orElseGet(() -> outside.source().urls().redis().orElseThrow().toString()), outside.redis().flatMap(TargetDatabase::ca));
    }

    /** What the source's processes use from now on, where they stay. */
    Source.Databases databases() {
        return new Source.Databases(outside.postgres().map(PhaseContext::database), outside.redis().map(PhaseContext::database));
    }

    private static Source.Database database(TargetDatabase of) {
        return new Source.Database(of.url(), of.ca());
    }

    /** Whether that phase of the way forward has ended well, as status has it. */
    boolean hasDone(PhaseId phase) {
        return status.phases.stream().anyMatch(record -> record.name.equals(phase.name()) && record.state == PhaseState.Succeeded);
    }

    /** Whether this attempt has already recorded a Job for the task. */
    boolean intended(String task) {
        return record().jobs.stream().anyMatch(job -> job.task.equals(task));
    }

    /** Runs these worker tasks side by side, each as one Job, to their end. */
    StepResult work(List<String> tasks, Function<Map<String, WorkerReport>, StepResult> whenAllSucceeded) {
        var missing = tasks.stream().filter(task -> !intended(task)).toList();
        if (!missing.isEmpty()) {
            tell(new Fact.JobsIntended(run, missing.stream().map(task -> intent(task, record().attempts)).toList()));
            return new StepResult.Working("about to start " + String.join(", ", missing), AT_ONCE);
        }
        var look = look(record().jobs.stream().filter(job -> tasks.contains(job.task)).toList());
        return look.failure().orElseGet(() -> look.running().isEmpty() ? whenAllSucceeded.apply(look.reports()) : new StepResult.Working("running " + look.names()));
    }

    /** Writes down that this phase is about to create that Job. */
    void intend(JobIntent job) {
        tell(new Fact.JobsIntended(run, List.of(job)));
    }

    JobIntent intent(String task, int attempt) {
        return new JobIntent(task, outside.workers().name(task, attempt));
    }

    /**
     * One look at Jobs.
     *
     * @param failure the first that failed, was refused or is lost
     * @param reports of those that succeeded, by task
     * @param running those that run, by task
     */
    record Look(Optional<StepResult> failure, Map<String, WorkerReport> reports, Map<String, Workers.Running> running) {
        /** Of those that run, with what holds them up. */
        String names() {
            return running.entrySet().stream().map(job -> job.getKey() + job.getValue().hitch()).collect(Collectors.joining(", "));
        }
    }

    /** Looks at these Jobs, and tells what it sees of them. */
    Look look(List<JobRecord> jobs) {
        Optional<StepResult> failure = Optional.empty();
        var reports = new LinkedHashMap<String, WorkerReport>();
        var running = new LinkedHashMap<String, Workers.Running>();
        var seen = outside.workers().look(jobs);
        for (var job : jobs) {
            var one = seen.get(job.task);
            one.uid().filter(uid -> job.uid == null).ifPresent(uid -> tell(new Fact.JobSeen(job.name, uid)));
            switch (one) {
                case Workers.Running under -> {
                    running.put(job.task, under);
                    under.reading().ifPresent(reading -> tell(new Fact.Progressed(job.task, reading)));
                }
                case Workers.Succeeded succeeded -> {
                    reports.put(job.task, succeeded.report());
                    tell(new Fact.CopyEnded(job.task));
                }
                case Workers.Failed failed -> failure = failure.or(() -> Optional.of(result(failed)));
            }
        }
        return new Look(failure, reports, running);
    }

    static StepResult result(Workers.Failed failed) {
        return switch (failed.cause()) {
            case MAY_PASS -> new StepResult.Retryable(failed.message());
            case REFUSED -> new StepResult.Refused(failed.message());
            case LOST -> new StepResult.Lost(failed.message());
        };
    }
}
