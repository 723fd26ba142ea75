package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.job.WorkerClient;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.util.List;
import java.util.Optional;

/** The way to scripted workers: no pod listens anywhere. */
final class ScriptedWorkerClient extends WorkerClient {
    private final ScriptedJobs jobs;

    ScriptedWorkerClient(ScriptedJobs jobs) {
        this.jobs = jobs;
    }

    @Override
    public Optional<Progress.Reading> read(String worker, String token) {
        return jobs.reading(worker);
    }

    @Override
    public Optional<WorkerReport> report(String worker, String token) {
        return jobs.lastWords(worker);
    }

    @Override
    public int drain(List<String> workers, String token) {
        return (int) workers.stream().filter(jobs::call).count();
    }

    @Override
    public void acknowledge(List<String> workers, String token) {
        workers.forEach(jobs::acknowledge);
    }
}
