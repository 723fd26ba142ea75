package dev.mastodonmigration.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How far the migration is, and everything that a restarted operator must know. Written by the StatusReporter alone. Times are RFC 3339. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public class MastodonMigrationStatus {
    /** Values of {@link #phase} that are not phases: the migration has ended. */
    public static final String COMPLETED = "Completed";
    public static final String ABORTED = "Aborted";

    @JsonPropertyDescription("metadata.generation that this status speaks of.")
    public Long observedGeneration;
    @JsonPropertyDescription("What runs now; Completed or Aborted in the end.")
    public String phase;
    @JsonPropertyDescription("The last phase that succeeded.")
    public String lastCompletedPhase;
    @JsonPropertyDescription("Forward, Abort or Rollback.")
    public String itinerary;
    @JsonPropertyDescription("Why the itinerary changed.")
    public String reason;
    @JsonPropertyDescription("Phases of the itinerary, frozen when it starts.")
    public List<String> plan = new ArrayList<>();
    @JsonPropertyDescription("What became of each phase.")
    public List<PhaseRecord> phases = new ArrayList<>();
    @JsonPropertyDescription("Raised when the target opens: a worker of an older epoch may write nothing.")
    public Long epoch;
    @JsonPropertyDescription("Image of the workers, pinned when the migration starts.")
    public String workerImage;
    @JsonPropertyDescription("Immutable parts of the spec, as they were at the start.")
    public Map<String, String> accepted = new LinkedHashMap<>();
    @JsonPropertyDescription("How far the running copy is.")
    public Progress progress;
    @JsonPropertyDescription("The workers that replicate live, from Replicate to Drain.")
    public Replication replication;
    @JsonPropertyDescription("Workers that were started before the freeze and wait for their moment in it.")
    public Standby standby;
    @JsonPropertyDescription("Sidekiq on the source, told to fetch no more jobs before the clock starts.")
    public Quieting quieting;
    @JsonPropertyDescription("What to expect, from the rehearsal's measurements.")
    public Forecast forecast;
    @JsonPropertyDescription("The interruption that users see.")
    public Downtime downtime;
    @JsonPropertyDescription("What was proved equal.")
    public Verification verification;
    @JsonPropertyDescription("The source before the first change: what restoring needs. Never overwritten.")
    public Source source;
    @JsonPropertyDescription("Ready, Reconciling, Stalled, AwaitingApproval, SourceFrozen, DataVerified, TargetLive, RollbackPossible.")
    public List<Condition> conditions = new ArrayList<>();

    public enum PhaseState { Running, Retrying, Stalled, Succeeded, Failed }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class PhaseRecord {
        @JsonPropertyDescription("Phase.")
        public String name;
        @JsonPropertyDescription("Running, Retrying (waits for its next attempt), Stalled (cannot pass by itself), Succeeded or Failed.")
        public PhaseState state;
        @JsonPropertyDescription("Start of the first attempt.")
        public String startedAt;
        @JsonPropertyDescription("End.")
        public String finishedAt;
        @JsonPropertyDescription("When the running attempt is given up.")
        public String deadline;
        @JsonPropertyDescription("Attempts begun.")
        public int attempts;
        @JsonPropertyDescription("When the next attempt begins.")
        public String retryAt;
        @JsonPropertyDescription("What happens, or what was found, and what to do.")
        public String message;
        @JsonPropertyDescription("Jobs of the running attempt.")
        public List<JobRecord> jobs = new ArrayList<>();
    }

    /** The intent to run a Job is recorded before the Job is created; its uid once it was seen: one that then vanishes is lost. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class JobRecord {
        @JsonPropertyDescription("Worker task.")
        public String task;
        @JsonPropertyDescription("Name of the Job.")
        public String name;
        @JsonPropertyDescription("uid of the Job, once it was created.")
        public String uid;
        @JsonPropertyDescription("Set for a worker on standby: it does nothing before it is asked, and then acts in this epoch.")
        public Long standbyEpoch;
    }

    /** Pods that run already when the clock starts, so that none has to start inside the freeze. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Standby {
        @JsonPropertyDescription("Times that the workers were started.")
        public int attempts;
        @JsonPropertyDescription("Phase and attempt that started them.")
        public String startedBy;
        @JsonPropertyDescription("When they were started.")
        public String startedAt;
        @JsonPropertyDescription("When the one that was asked to do its work answered last; noted once a second.")
        public String heardAt;
        @JsonPropertyDescription("Their Jobs.")
        public List<JobRecord> jobs = new ArrayList<>();
    }

    /** Sidekiq on the source was told to fetch no more, and its dynos were neither stopped nor restarted since. */
    public boolean sidekiqIsQuiet() {
        return quieting != null && quieting.endedAt == null;
    }

    /** Sidekiq on the source, told to fetch no more jobs, before the clock starts. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Quieting {
        @JsonPropertyDescription("Jobs that told it, in all.")
        public int attempts;
        @JsonPropertyDescription("Jobs that told it since it is quiet.")
        public int tries;
        @JsonPropertyDescription("When it was told last.")
        public String startedAt;
        @JsonPropertyDescription("When its dynos were gone, or restarted because the clock did not start.")
        public String endedAt;
        @JsonPropertyDescription("Why the clock did not start: written before its dynos are restarted for it.")
        public String failure;
        @JsonPropertyDescription("When it may be told again; not before an edit of the spec if missing.")
        public String againAt;
        @JsonPropertyDescription("metadata.generation when the clock did not start.")
        public Long generation;
        @JsonPropertyDescription("Its Job.")
        public List<JobRecord> jobs = new ArrayList<>();
    }

    /** Replication outlives the phase that starts it: its Jobs are kept here. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Replication {
        @JsonPropertyDescription("Times that the workers were started.")
        public int attempts;
        @JsonPropertyDescription("Phase and attempt that started them.")
        public String startedBy;
        @JsonPropertyDescription("Since when both sides have been in sync without a break.")
        public String inSyncSince;
        @JsonPropertyDescription("Jobs of the running attempt.")
        public List<JobRecord> jobs = new ArrayList<>();
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Progress {
        @JsonPropertyDescription("In one word or two, for kubectl get.")
        public String summary;
        @JsonPropertyDescription("Postgres.")
        public PostgresProgress postgres;
        @JsonPropertyDescription("Redis.")
        public RedisProgress redis;
        @JsonPropertyDescription("Estimated seconds until the running step ends.")
        public Long etaSeconds;
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class PostgresProgress {
        @JsonPropertyDescription("What is being done: dumping, restoring, verifying.")
        public String stage;
        @JsonPropertyDescription("Bytes copied.")
        public Long bytesCopied;
        @JsonPropertyDescription("Bytes to copy, estimated.")
        public Long bytesTotal;
        @JsonPropertyDescription("Rows copied, where they are counted.")
        public Long rowsCopied;
        @JsonPropertyDescription("Tables done.")
        public Long tablesDone;
        @JsonPropertyDescription("Tables in all.")
        public Long tablesTotal;
        @JsonPropertyDescription("Average rate.")
        public Long bytesPerSecond;
        @JsonPropertyDescription("Captured changes not yet applied.")
        public Long lagChanges;
        @JsonPropertyDescription("Age of the last applied round in seconds.")
        public Double lagSeconds;
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class RedisProgress {
        @JsonPropertyDescription("What is being done: copying, verifying.")
        public String stage;
        @JsonPropertyDescription("Keys copied.")
        public Long keysCopied;
        @JsonPropertyDescription("Keys to copy, estimated.")
        public Long keysTotal;
        @JsonPropertyDescription("Payload bytes copied.")
        public Long bytesCopied;
        @JsonPropertyDescription("Average rate.")
        public Long bytesPerSecond;
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Forecast {
        @JsonPropertyDescription("Seconds that the copy will take.")
        public Long copySeconds;
        @JsonPropertyDescription("Seconds that the instance will be down.")
        public Long downtimeSeconds;
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Downtime {
        @JsonPropertyDescription("Maintenance mode went on.")
        public String startedAt;
        @JsonPropertyDescription("From here on the target may have writes that the source lacks: nothing goes back by itself any more.")
        public String targetOpenedAt;
        @JsonPropertyDescription("The target accepted writes.")
        public String targetWritableAt;
        @JsonPropertyDescription("The instance served again, on the target or, restored, on the source.")
        public String endedAt;
        @JsonPropertyDescription("endedAt minus startedAt.")
        public Double seconds;
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Verification {
        @JsonPropertyDescription("Postgres.")
        public PostgresVerification postgres;
        @JsonPropertyDescription("Redis.")
        public RedisVerification redis;
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public static class PostgresVerification {
        @JsonPropertyDescription("Tables compared.")
        public Long tables;
        @JsonPropertyDescription("Rows compared.")
        public Long rows;
        @JsonPropertyDescription("Differences found.")
        public Long differences;
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public static class RedisVerification {
        @JsonPropertyDescription("Keys compared.")
        public Long keys;
        @JsonPropertyDescription("Differences found.")
        public Long differences;
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public static class Source {
        @JsonPropertyDescription("When this was read.")
        public String savedAt;
        @JsonPropertyDescription("When its dynos had been told to stop.")
        public String stoppedAt;
        @JsonPropertyDescription("When its dynos were gone and a worker was asked to put the write gate on its database.")
        public String closingAt;
        @JsonPropertyDescription("Each app as it was.")
        public List<App> apps = new ArrayList<>();
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public static class App {
        @JsonPropertyDescription("Heroku app.")
        public String name;
        @JsonPropertyDescription("Maintenance mode.")
        public Boolean maintenance;
        @JsonPropertyDescription("Version of its newest release: its config.")
        public Integer release;
        @JsonPropertyDescription("Dynos by process type.")
        public Map<String, Integer> formation = new LinkedHashMap<>();
    }
}
