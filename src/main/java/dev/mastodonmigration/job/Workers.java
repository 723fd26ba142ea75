package dev.mastodonmigration.job;

import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A migration's workers. Every method returns at once, and may be called again at any time. */
public interface Workers {
    /** What a look found of one worker. */
    sealed interface Seen {
        /** Of its Job, once that exists. */
        Optional<String> uid();
    }

    /**
     * Under way.
     *
     * @param reading   what it says of itself; empty while it does not answer
     * @param addresses where its pods listen; several where they share the work
     * @param heldUp    why it does not run yet, in Kubernetes' words
     */
    record Running(Optional<String> uid, Optional<Progress.Reading> reading, List<String> addresses, Optional<String> heldUp) implements Seen {
        public boolean inSync() {
            return reading.filter(Progress.Reading::inSync).isPresent();
        }

        public boolean standsBy() {
            return reading.filter(said -> said.stage().equals(Progress.Reading.STANDING_BY.stage())).isPresent();
        }

        /** To be put behind the task's name; empty when nothing holds it up. */
        public String hitch() {
            return heldUp.map(reason -> " (" + reason + ")").orElse("");
        }
    }

    record Succeeded(Optional<String> uid, WorkerReport report) implements Seen {}

    record Failed(Optional<String> uid, Cause cause, String message) implements Seen {}

    enum Cause {
        /** A network, a killed pod. */
        MAY_PASS,
        /** Only the admin can help. */
        REFUSED,
        /** It ran, and its Job is gone: somebody deleted it. */
        LOST
    }

    /** Name of the Job for that task and attempt: the same for the same input, so that it is found again. */
    String name(String task, int attempt);

    /** The image that workers of a migration that starts now run. */
    String image();

    /** One look at each, by task: those whose Job was never seen are created. Reports are taken from the workers themselves where they can be reached, and then acknowledged. */
    Map<String, Seen> look(List<JobRecord> jobs);

    /** Tells a worker that replicates to drain, one on standby to run; answers how many pods heard. */
    int ask(Running worker);

    /** Deletes their Jobs; true while a pod of theirs still runs. */
    boolean stop(List<JobRecord> jobs);

    /** Brings the credentials that running workers read up to date. */
    void refreshCredentials();

    /**
     * Does a task in the operator itself, for when no pod can be had: begins it, or looks how far it is.
     *
     * @return its report once it has ended; the next call with the same arguments then begins it again
     */
    Optional<WorkerReport> here(String task, long epoch);

    /** Takes no notice of a report of {@link #here} that was not told yet: the next call begins the task again. */
    void forgetHere(String task, long epoch);

    /** Removes every Job of the migration, and the Secret with the credentials. */
    void removeAll();
}
