package dev.mastodonmigration.job;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.job.KubernetesWorkers.Means;
import dev.mastodonmigration.worker.control.TaskSource;
import jakarta.inject.Singleton;
import java.util.Map;
import java.util.function.Supplier;

/** Makes the workers of a migration, with what all migrations share. */
@Singleton
public class WorkersFactory {
    private final Means means;

    /** @param tasks what a worker could do, for when no pod can be had */
    public WorkersFactory(Jobs jobs, WorkerSecret secret, WorkerClient client, TaskSource tasks) {
        means = new Means(jobs, secret, client, new HeardReports(), new TasksHere(tasks));
    }

    /** @param files contents of the files that workers find their credentials in, by the names in {@code WorkerContext}; read when a worker is started */
    public Workers of(MastodonMigration migration, Supplier<Map<String, String>> files) {
        return new KubernetesWorkers(migration, files, means);
    }
}
