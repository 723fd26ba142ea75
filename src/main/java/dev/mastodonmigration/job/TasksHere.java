package dev.mastodonmigration.job;

import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.TaskSource;
import dev.mastodonmigration.worker.control.Worker;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerTask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** Runs a worker's task in this process, where no pod can be had: the namespace terminates, a quota is full, no node is left. Every task may be begun again, so a killed operator's successor does. */
final class TasksHere {
    /** What runs is the same while these are. */
    record Key(String migrationUid, String task, long epoch) {}

    private final TaskSource tasks;
    private final Map<Key, CompletableFuture<WorkerReport>> under = new ConcurrentHashMap<>();

    TasksHere(TaskSource tasks) {
        this.tasks = tasks;
    }

    /**
     * Begins it, or looks how far it is.
     *
     * @param told  environment of a worker's container
     * @param files credentials, read when it begins
     * @return its report, told once
     */
    Optional<WorkerReport> run(Key key, Map<String, String> told, Supplier<Map<String, String>> files) {
        if (!under.containsKey(key)) {
            under.put(key, begin(key, told, files.get()));
        }
        if (!under.get(key).isDone()) {
            return Optional.empty();
        }
        return Optional.of(under.remove(key).join());
    }

    private CompletableFuture<WorkerReport> begin(Key key, Map<String, String> told, Map<String, String> files) {
        var task = tasks.find(key.task(), told).orElseThrow(() -> new IllegalArgumentException("there is no task " + key.task()));
        return CompletableFuture.supplyAsync(() -> run(task, told, files), work -> Thread.ofVirtual().name("here " + key.task()).start(work))
                .exceptionally(broken -> WorkerReport.retryable("the task could not be run in the operator: " + Redaction.of(broken.getCause())));
    }

    private static WorkerReport run(WorkerTask task, Map<String, String> told, Map<String, String> files) {
        try (var directory = PrivateDirectory.with(files)) {
            var environment = new HashMap<>(told);
            environment.put(WorkerContext.ENV_SECRETS, directory.path().toString());
            environment.put(WorkerContext.ENV_SCRATCH, directory.path().toString());
            return Worker.attempt(task, WorkerContext.of(environment));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Begins anew at the next call: what it finds would be too old. */
    void forget(Key key) {
        under.remove(key);
    }

    /** Forgets what nobody will ask for any more. */
    void forget(String migrationUid) {
        under.keySet().removeIf(key -> key.migrationUid().equals(migrationUid));
    }
}
