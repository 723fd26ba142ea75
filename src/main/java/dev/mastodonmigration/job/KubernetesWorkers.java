package dev.mastodonmigration.job;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.outside.KubernetesRefusals;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/** A migration's workers as Jobs of Kubernetes. Who runs is asked itself first, because Kubernetes knows what became of it only seconds later. */
final class KubernetesWorkers implements Workers {
    private static final Logger LOG = Logger.getLogger(KubernetesWorkers.class);
    private static final Set<String> WITH_THE_LAST_CREDENTIALS = Set.of(Tasks.WITHDRAW_OPENING, Tasks.REOPEN_SOURCE, Tasks.CLEAR_SOURCE, Tasks.RESET_TARGET, Tasks.RELEASE, Tasks.CHECK_BACKUP);

    /** The same for every migration. */
    record Means(Jobs jobs, WorkerSecret secret, WorkerClient client, HeardReports heard, TasksHere here) {}

    /** What one running worker says: that it is over, how far it is, or nothing. */
    private record Answer(String worker, Optional<WorkerReport> report, Optional<Progress.Reading> reading) {}

    private final MastodonMigration migration;
    private final Supplier<Map<String, String>> files;
    private final Means means;
    private Optional<String> token = Optional.empty();

    KubernetesWorkers(MastodonMigration migration, Supplier<Map<String, String>> files, Means means) {
        this.migration = migration;
        this.files = files;
        this.means = means;
    }

    @Override
    public String name(String task, int attempt) {
        return WorkerJob.name(migration, task, attempt);
    }

    @Override
    public String image() {
        return means.jobs().image();
    }

    @Override
    public Map<String, Seen> look(List<JobRecord> records) {
        return KubernetesRefusals.asking(() -> lookAt(records));
    }

    private Map<String, Seen> lookAt(List<JobRecord> records) {
        var found = Together.each(records, this::see);
        var absent = records.stream().filter(record -> found.get(records.indexOf(record)).isEmpty()).toList();
        if (!absent.isEmpty()) {
            writeSecret(unreadable -> unreadable.mayPass() || migration.isMarkedForDeletion() || absent.stream().allMatch(record -> WITH_THE_LAST_CREDENTIALS.contains(record.task)));
        }
        var seen = new LinkedHashMap<String, Seen>();
        for (var i = 0; i < records.size(); i++) {
            var record = records.get(i);
            seen.put(record.task, found.get(i).orElseGet(() -> new Running(Optional.of(means.jobs().create(migration, record)), Optional.empty(), List.of(), Optional.empty())));
        }
        return seen;
    }

    /** Empty: its Job is to be created. */
    private Optional<Seen> see(JobRecord record) {
        var job = means.jobs().find(migration, record);
        if (job.isEmpty() && record.uid == null) {
            return Optional.empty();
        }
        if (job.isEmpty() || record.uid != null && !record.uid.equals(job.get().getMetadata().getUid())) {
            return Optional.of(new Failed(Optional.ofNullable(record.uid), Cause.LOST, "Job " + record.name + " was running and is gone: somebody or something deleted it."));
        }
        return Optional.of(means.heard().of(job.get().getMetadata().getUid()).map(report -> over(job.get(), report)).orElseGet(() -> see(record, job.get())));
    }

    private Seen see(JobRecord record, Job job) {
        return switch (means.jobs().outcome(job, Instant.now())) {
            case JobOutcome.Succeeded(var report) -> over(job, report);
            case JobOutcome.Failed(var report) -> over(job, report);
            case JobOutcome.Running(var addresses, var heldUp) -> {
                var answers = addresses.isEmpty() ? List.<Answer>of() : Together.each(addresses, this::listen);
                var end = end(record, answers);
                end.ifPresent(report -> means.heard().keep(job.getMetadata().getUid(), report));
                acknowledge(answers);
                yield end.map(report -> over(job, report)).orElseGet(() -> new Running(uid(job),
                        answers.stream().map(Answer::reading).flatMap(Optional::stream).findFirst(), addresses, heldUp));
            }
        };
    }

    private Answer listen(String worker) {
        var report = token().flatMap(bearer -> means.client().report(worker, bearer));
        return new Answer(worker, report, report.isPresent() ? Optional.empty() : token().flatMap(bearer -> means.client().read(worker, bearer)));
    }

    /** What is true of the whole Job: where several share the work, one that has to try again is replaced and the others go on. */
    private static Optional<WorkerReport> end(JobRecord record, List<Answer> answers) {
        var reports = answers.stream().map(Answer::report).flatMap(Optional::stream).toList();
        return first(reports, WorkerReport.Outcome.SUCCEEDED).or(() -> first(reports, WorkerReport.Outcome.REFUSED))
                .or(() -> SharedJob.isShared(record.task) ? Optional.empty() : first(reports, WorkerReport.Outcome.RETRYABLE));
    }

    private static Optional<WorkerReport> first(List<WorkerReport> reports, WorkerReport.Outcome outcome) {
        return reports.stream().filter(report -> report.outcome() == outcome).findFirst();
    }

    /** What was kept, or stands in the termination message of its pod: the worker wrote that first. */
    private void acknowledge(List<Answer> answers) {
        var over = answers.stream().filter(answer -> answer.report().isPresent()).map(Answer::worker).toList();
        if (!over.isEmpty()) {
            token().ifPresent(bearer -> means.client().acknowledge(over, bearer));
        }
    }

    private static Seen over(Job job, WorkerReport report) {
        return switch (report.outcome()) {
            case SUCCEEDED -> new Succeeded(uid(job), report);
            case RETRYABLE -> new Failed(uid(job), Cause.MAY_PASS, report.message());
            case REFUSED -> new Failed(uid(job), Cause.REFUSED, report.message());
        };
    }

    private static Optional<String> uid(Job job) {
        return Optional.of(job.getMetadata().getUid());
    }

    @Override
    public int ask(Running worker) {
        return worker.addresses().isEmpty() ? 0 : token().map(bearer -> means.client().drain(worker.addresses(), bearer)).orElse(0);
    }

    @Override
    public boolean stop(List<JobRecord> records) {
        records.forEach(record -> {
            means.jobs().delete(migration, record);
            Optional.ofNullable(record.uid).ifPresent(means.heard()::forget);
        });
        var now = Instant.now();
        return records.stream().anyMatch(record -> means.jobs().hasRunningPod(migration, record, now));
    }

    @Override
    public void refreshCredentials() {
        writeSecret(unreadable -> true);
    }

    /**
     * Going back must not depend on what the admin has deleted together with the migration, nor the freeze on whether Heroku answers just now: the Secret of the last
     * Job will do then.
     */
    private void writeSecret(Predicate<OutsideException> tolerable) {
        try {
            means.secret().write(migration, files.get());
        } catch (OutsideException unreadable) {
            if (!tolerable.test(unreadable) || means.secret().token(migration).isEmpty()) {
                throw unreadable;
            }
            LOG.infof("%s/%s: the workers keep the credentials that they have: %s", migration.getMetadata().getNamespace(), migration.getMetadata().getName(), unreadable.getMessage());
        }
    }

    @Override
    public Optional<WorkerReport> here(String task, long epoch) {
        return means.here().run(keyHere(task, epoch), WorkerJob.told(migration, epoch, SpecDefaults.parallelism(migration.getSpec())), this::lastFiles);
    }

    @Override
    public void forgetHere(String task, long epoch) {
        means.here().forget(keyHere(task, epoch));
    }

    private TasksHere.Key keyHere(String task, long epoch) {
        return new TasksHere.Key(migration.getMetadata().getUid(), task, epoch);
    }

    /** The pods' own, which are kept up to date: what is done here is done in a hurry, and perhaps while the source's platform does not answer. */
    private Map<String, String> lastFiles() {
        return means.secret().files(migration).orElseGet(files);
    }

    @Override
    public void removeAll() {
        means.jobs().deleteAll(migration).forEach(means.heard()::forget);
        means.secret().delete(migration);
        means.here().forget(migration.getMetadata().getUid());
    }

    /** Read once: a look asks many workers. */
    private synchronized Optional<String> token() {
        token = token.or(() -> means.secret().token(migration));
        return token;
    }
}
