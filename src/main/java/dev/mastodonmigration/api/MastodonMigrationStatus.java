package dev.mastodonmigration.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How far the migration is, and everything that a restarted operator must know. Written by the StatusLedger alone. Times are RFC 3339. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public class MastodonMigrationStatus {
    /** Values of {@link #phase} that are not phases: the migration has ended. */
    public static final String COMPLETED = "Completed";
    public static final String ABORTED = "Aborted";
    public static final String ROLLED_BACK = "RolledBack";

    @JsonPropertyDescription("The metadata.generation of the spec that this status speaks of.")
    public Long observedGeneration;
    @JsonPropertyDescription("The phase that runs now. In the end it is Completed, Aborted or RolledBack.")
    public String phase;
    @JsonPropertyDescription("Where the running phase stands in the plan, for example 9/17.")
    public String step;
    @JsonPropertyDescription("How the migration stands, in a few words.")
    public String summary;
    @JsonPropertyDescription("The last phase that succeeded.")
    public String lastCompletedPhase;
    @JsonPropertyDescription("Which list of phases the migration follows: Forward, Abort or Rollback.")
    public String itinerary;
    @JsonPropertyDescription("Why the migration went back, where it did.")
    public String reason;
    @JsonPropertyDescription("The phases that the migration goes through, in order. It does not change once Preflight has passed, unless the migration goes back.")
    public List<String> plan = new ArrayList<>();
    @JsonPropertyDescription("What became of each phase.")
    public List<PhaseRecord> phases = new ArrayList<>();
    @JsonPropertyDescription("How far the running copy is.")
    public Progress progress;
    @JsonPropertyDescription("What to expect, from what the rehearsal measured.")
    public Forecast forecast;
    @JsonPropertyDescription("What the instance costs a month, before and after the move.")
    public Cost cost;
    @JsonPropertyDescription("The interruption that users see.")
    public Downtime downtime;
    @JsonPropertyDescription("What was proved equal.")
    public Verification verification;
    @JsonPropertyDescription("How users fare who come through the edge, while it is there.")
    public Edge edge;
    @JsonPropertyDescription("What you must know or do, until it is settled.")
    public List<Finding> findings = new ArrayList<>();
    @JsonPropertyDescription("The source as it was before the first change. Restoring needs it, so it is never overwritten.")
    public Source source;
    @JsonPropertyDescription("What became of the old host.")
    public Retirement retirement;
    @JsonPropertyDescription("Ready, Reconciling, Stalled, AwaitingApproval, InSync, SourceFrozen, DataVerified, TargetLive, RollbackPossible.")
    public List<Condition> conditions = new ArrayList<>();
    @JsonPropertyDescription("What the operator must remember. Its fields may change from version to version.")
    public Internal internal = new Internal();

    public enum PhaseState { Running, Retrying, Stalled, Succeeded, Failed }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class PhaseRecord {
        @JsonPropertyDescription("Name of the phase.")
        public String name;
        @JsonPropertyDescription("Running, Retrying (it waits for its next attempt, or for a system outside that does not answer), Stalled (it cannot pass by itself), Succeeded or Failed.")
        public PhaseState state;
        @JsonPropertyDescription("When its first attempt began.")
        public String startedAt;
        @JsonPropertyDescription("When it ended.")
        public String finishedAt;
        @JsonPropertyDescription("When the running attempt is given up.")
        public String deadline;
        @JsonPropertyDescription("How many attempts were begun.")
        public int attempts;
        @JsonPropertyDescription("When the next attempt begins.")
        public String retryAt;
        @JsonPropertyDescription("Since when a system outside has not answered.")
        public String blockedSince;
        @JsonPropertyDescription("What was told last, so that it is not told again while it stays the same.")
        public String told;
        @JsonPropertyDescription("What happens, or what was found, and what to do.")
        public String message;
        @JsonPropertyDescription("The Jobs of the running attempt.")
        public List<JobRecord> jobs = new ArrayList<>();
    }

    /** The intent to run a Job is recorded before the Job is created; its uid once it was seen: one that then vanishes is lost. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class JobRecord {
        @JsonPropertyDescription("What its worker does.")
        public String task;
        @JsonPropertyDescription("Name of the Job.")
        public String name;
        @JsonPropertyDescription("The uid of the Job, once it was created.")
        public String uid;
        @JsonPropertyDescription("Set for a worker on standby: it does nothing before it is asked, and then acts in this epoch.")
        public Long standbyEpoch;
        @JsonPropertyDescription("The PersistentVolumeClaim that it has, for a worker that has one.")
        public String persistentVolumeClaim;
        @JsonPropertyDescription("The part of a bucket that it has, as s3://name/folder/, for a worker that has one.")
        public String bucket;
        @JsonPropertyDescription("Id of the source's add-on whose data it puts there, where it is one.")
        public String addOn;
    }

    /** What the operator must remember from one look to the next, and no admin needs. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Internal {
        @JsonPropertyDescription("The operator raises it when the target opens: a worker of an older epoch may write nothing.")
        public Long epoch;
        @JsonPropertyDescription("Image of the workers, pinned when the migration starts.")
        public String workerImage;
        @JsonPropertyDescription("The immutable parts of the spec, as they were when Preflight passed.")
        public Map<String, String> accepted = new LinkedHashMap<>();
        @JsonPropertyDescription("The AWS account that things are created in, as it was before the first of them.")
        public String awsAccount;
        @JsonPropertyDescription("When what was copied was taken off the target's databases, in an abort.")
        public String targetResetAt;
        @JsonPropertyDescription("The workers that replicate live, one for each database.")
        public List<Replicator> replicators = new ArrayList<>();
        @JsonPropertyDescription("Since when all that is replicated live has been in sync without a break.")
        public String inSyncSince;
        @JsonPropertyDescription("When running workers were last given the credentials of the day.")
        public String credentialsReadAt;
        @JsonPropertyDescription("Where the source's Postgres was when it was looked at last.")
        public String sourceDatabase;
        @JsonPropertyDescription("When it was seen there first, if it was elsewhere before.")
        public String sourceDatabaseMovedAt;
        @JsonPropertyDescription("The workers that were started before the freeze and wait for their moment in it.")
        public Standby standby;
        @JsonPropertyDescription("Sidekiq on the source, told to fetch no more jobs before the clock starts.")
        public Quieting quieting;
        @JsonPropertyDescription("Why the migration last returned to the cutover gate.")
        public Returned returned;
        @JsonPropertyDescription("What was deployed on the target.")
        public Deployed deployed;
        @JsonPropertyDescription("How users fared who were led to the edge.")
        public Shift shift;
        @JsonPropertyDescription("How far the names are that the admin leads to the edge.")
        public ByHand byHand;
        @JsonPropertyDescription("TRUSTED_PROXY_IP of the source's apps, as it was before the operator set it for the edge; gone when it was set back.")
        public Trust trust;
        @JsonPropertyDescription("What users will come by to the edge, as it was asked last what it lets through.")
        public EntranceAsked entrance;
        @JsonPropertyDescription("When the instance on the target was last asked what users ask, and did not answer all of it.")
        public String probedAt;
        @JsonPropertyDescription("Sidekiq's additional pods, for what piled up during the move.")
        public Burst burst;
        @JsonPropertyDescription("When the source's databases were last asked which other programs are connected to them.")
        public String programsAskedAt;
        @JsonPropertyDescription("When everything of ours was taken off the source's database.")
        public String sourceReleasedAt;
    }

    /** Sidekiq has more pods for a while after the move. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Burst {
        @JsonPropertyDescription("Since when.")
        public String startedAt;
        @JsonPropertyDescription("When it was last asked how long jobs wait.")
        public String lookedAt;
        @JsonPropertyDescription("How often in a row no job had waited for long.")
        public int level;
        @JsonPropertyDescription("When all had their usual number again.")
        public String endedAt;
    }

    /** A worker that replicates one database. It outlives the phase that starts it. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Replicator {
        @JsonPropertyDescription("What it does.")
        public String task;
        @JsonPropertyDescription("How often it was started.")
        public int attempts;
        @JsonPropertyDescription("How often it failed since both sides were last in sync.")
        public int failures;
        @JsonPropertyDescription("When it failed last.")
        public String failedAt;
        @JsonPropertyDescription("Why it failed; set until it is started again.")
        public String failure;
        @JsonPropertyDescription("Which failure was told last, so that it is not told again while it stays the same.")
        public String told;
        @JsonPropertyDescription("Set when only the admin can help.")
        public Boolean refused;
        @JsonPropertyDescription("metadata.generation when it failed.")
        public Long generation;
        @JsonPropertyDescription("Its Job.")
        public JobRecord job;
    }

    /** Pods that run already when the clock starts, so that none has to start inside the freeze. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Standby {
        @JsonPropertyDescription("How often the workers were started.")
        public int attempts;
        @JsonPropertyDescription("When they were started.")
        public String startedAt;
        @JsonPropertyDescription("When the one that was asked to do its work answered last, noted once a second.")
        public String heardAt;
        @JsonPropertyDescription("Their Jobs.")
        public List<JobRecord> jobs = new ArrayList<>();
    }

    /** Sidekiq on the source was told to fetch no more, and its dynos were neither stopped nor restarted since. */
    public boolean sidekiqIsQuiet() {
        return internal.quieting != null && internal.quieting.finishedAt == null;
    }

    /** Sidekiq on the source, told to fetch no more jobs, before the clock starts. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Quieting {
        @JsonPropertyDescription("How many Jobs told it, in all.")
        public int attempts;
        @JsonPropertyDescription("When it was told first.")
        public String startedAt;
        @JsonPropertyDescription("When its dynos were gone, or restarted because the clock did not start.")
        public String finishedAt;
        @JsonPropertyDescription("Its Job.")
        public List<JobRecord> jobs = new ArrayList<>();
    }

    /** A return to the cutover gate: why, and what must change before the next try. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Returned {
        @JsonPropertyDescription("When.")
        public String at;
        @JsonPropertyDescription("Why.")
        public String reason;
        @JsonPropertyDescription("When the next try may begin; not before an edit of the spec if missing.")
        public String againAt;
        @JsonPropertyDescription("metadata.generation at that time.")
        public Long generation;
    }

    /** Users are led to the edge step by step, and back a step where they fare worse there. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Shift {
        @JsonPropertyDescription("When it was looked at last how they fare.")
        public String judgedAt;
        @JsonPropertyDescription("In how many of these looks, one after another, they fared worse.")
        public int badWindows;
        @JsonPropertyDescription("How often they were led back a step, since the last edit of the spec.")
        public int retreats;
        @JsonPropertyDescription("metadata.generation of the spec when they were led back last.")
        public Long generation;
        @JsonPropertyDescription("The share, in percent, that they were led back to; missing while it rises.")
        public Integer percent;
        @JsonPropertyDescription("Why they were led back.")
        public String reason;
        @JsonPropertyDescription("When a larger share is tried again; not before an edit of the spec if missing.")
        public String againAt;
    }

    /** The admin leads users to the edge, and the world remembers the old records for a while. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class ByHand {
        @JsonPropertyDescription("Names of the instance.")
        public List<NameLed> names = new ArrayList<>();
    }

    /** A name that the admin leads to the edge. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class NameLed {
        public String domain;
        @JsonPropertyDescription("Its records as they were seen first.")
        public String records;
        @JsonPropertyDescription("Where it leads, as seen last before it led to the edge: SOURCE, ELSEWHERE, BY_NAME, BY_ADDRESS.")
        public String leads;
        @JsonPropertyDescription("Since when it leads there, as far as it was seen.")
        public String leadsSince;
        @JsonPropertyDescription("How long the world may remember them, as seen last before they led to the edge.")
        public Long ttlSeconds;
        @JsonPropertyDescription("How long somebody may remember them who asked before their TTL was lowered, or before they led to the edge.")
        public String rememberedUntil;
        @JsonPropertyDescription("When a request for it came first to the edge; missing before, and while its DNS leads to the source.")
        public String comeSince;
        @JsonPropertyDescription("When they were seen first to lead to the edge; missing where they do not.")
        public String movedAt;
        @JsonPropertyDescription("Since when its zone's name servers cannot be asked; missing while they can.")
        public String silentSince;
    }

    /** What the source's apps have to be told while users come through the edge: else they take them all for one, the edge. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Trust {
        @JsonPropertyDescription("Those whose TRUSTED_PROXY_IP the operator sets. None where it did already.")
        public List<TrustingApp> apps = new ArrayList<>();
        @JsonPropertyDescription("What was wrong already before that when the source was asked past the edge.")
        public String faultBefore;
        @JsonPropertyDescription("When all of them were last seen to run with it.")
        public String seenAt;
        @JsonPropertyDescription("metadata.generation of the spec that was looked at then.")
        public Long generation;
        @JsonPropertyDescription("Since when no web process of an app that was set is up. Left out: it is not so.")
        public String downSince;
        @JsonPropertyDescription("Why it is taken back, and not set again before the spec is edited.")
        public String givenUp;
    }

    /** One app. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class TrustingApp {
        @JsonPropertyDescription("Its name.")
        public String name;
        @JsonPropertyDescription("TRUSTED_PROXY_IP before. Left out: it was not set.")
        public String was;
        @JsonPropertyDescription("Every value that the operator was about to set it to, the last one last.")
        public List<String> set = new ArrayList<>();
        @JsonPropertyDescription("Version of the app's newest release just before.")
        public int release;
    }

    /** What stands in front of the edge is asked once at each address, and again while something is wrong there. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class EntranceAsked {
        @JsonPropertyDescription("Where.")
        public String address;
        @JsonPropertyDescription("When.")
        public String at;
    }

    /** What stands on the target, and what of it was tested. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Deployed {
        @JsonPropertyDescription("When images and configuration were last brought up to date.")
        public String ensuredAt;
        @JsonPropertyDescription("metadata.generation of the spec that they were made from.")
        public Long generation;
        @JsonPropertyDescription("The images and configuration that passed the smoke test.")
        public String testedRevision;
    }

    /** What an admin must know or do. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Finding {
        @JsonPropertyDescription("Stays the same for the same finding.")
        public String id;
        @JsonPropertyDescription("Action: something for you to do. Warning: something may go wrong. Note: worth knowing.")
        public Severity severity;
        @JsonPropertyDescription("What was found, and what to do.")
        public String message;
        @JsonPropertyDescription("Since when it has been known.")
        public String since;
    }

    public enum Severity { Action, Warning, Note }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Progress {
        @JsonPropertyDescription("In one word or two, for kubectl get.")
        public String summary;
        @JsonPropertyDescription("The copy of Postgres.")
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
        @JsonPropertyDescription("How many seconds the copy will take.")
        public Long copySeconds;
        @JsonPropertyDescription("How many seconds the instance will be down at most.")
        public Long downtimeSeconds;
    }

    /** In USD a month, of 730 hours, without tax, traffic, backups beyond what is free, credits and discounts. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Cost {
        @JsonPropertyDescription("What is paid now and what will be, in sentences.")
        public String summary;
        @JsonPropertyDescription("Whether the move saves money; Unknown where not enough prices are known to say.")
        public Verdict verdict;
        @JsonPropertyDescription("When prices were looked up.")
        public String asOf;
        @JsonPropertyDescription("What is paid where the instance is.")
        public Bill source;
        @JsonPropertyDescription("What will be paid where it goes.")
        public Bill target;
        @JsonPropertyDescription("What is paid from Provision until the source is given up.")
        public Bill whileBothRun;
    }

    public enum Verdict { Saves, DoesNotSave, Unknown }

    public enum PriceFrom { PriceListApi, HerokuApi, Bundled }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Bill {
        @JsonPropertyDescription("USD a month for all of which the price is known; missing where none is.")
        public Double monthlyUsd;
        @JsonPropertyDescription("What else costs something, and the operator does not know how much.")
        public List<String> unknown = new ArrayList<>();
        @JsonPropertyDescription("What is paid for.")
        public List<BillItem> items = new ArrayList<>();
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class BillItem {
        @JsonPropertyDescription("What it is.")
        public String name;
        @JsonPropertyDescription("How many of it.")
        public Integer quantity;
        @JsonPropertyDescription("USD for one.")
        public Double unitUsd;
        @JsonPropertyDescription("What unitUsd is for: hour, month, or GiB and month.")
        public String per;
        @JsonPropertyDescription("USD a month for all of them.")
        public Double monthlyUsd;
        @JsonPropertyDescription("Who says so: PriceListApi (AWS), HerokuApi, or Bundled, the operator's own list.")
        public PriceFrom priceFrom;
        @JsonPropertyDescription("The day of the list that has the price.")
        public String priceAsOf;
        @JsonPropertyDescription("Why the price is not known, or comes from the operator's own list.")
        public String note;
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Downtime {
        @JsonPropertyDescription("When the source was told to stop: maintenance mode went on.")
        public String startedAt;
        @JsonPropertyDescription("When the operator decided to open the target. Until targetWritableAt it can still go back, if the target has not opened.")
        public String targetOpenedAt;
        @JsonPropertyDescription("When the target was seen to take writes. It has writes that the source lacks from here on, so nothing goes back by itself any more.")
        public String targetWritableAt;
        @JsonPropertyDescription("When Sidekiq ran on the target.")
        public String sidekiqStartedAt;
        @JsonPropertyDescription("When the instance took writes again, on the target or, restored, on the source.")
        public String finishedAt;
        @JsonPropertyDescription("How long the instance was down; while it is down, how long it has been.")
        public Double seconds;
    }

    /** Rates and shares are of the minute before. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Edge {
        @JsonPropertyDescription("When this was measured. Rates and shares are of the minute before.")
        public String measuredAt;
        @JsonPropertyDescription("Who answers: Source, Target, or Hold, in which requests wait; more than one while that changes.")
        public String state;
        @JsonPropertyDescription("How many of its pods told what they measured.")
        public Integer pods;
        @JsonPropertyDescription("Requests that wait.")
        public Integer held;
        @JsonPropertyDescription("The longest that a request has waited, since these pods started.")
        public Double longestHeldSeconds;
        @JsonPropertyDescription("Requests that waited too long, or were one too many, and were answered with 503, since these pods started.")
        public Long refused;
        @JsonPropertyDescription("The source, while requests are passed on to it.")
        public EdgeSide source;
        @JsonPropertyDescription("The target, while requests are passed on to it.")
        public EdgeSide target;
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class EdgeSide {
        @JsonPropertyDescription("Requests per second.")
        public Double requestsPerSecond;
        @JsonPropertyDescription("How many of 100 requests were answered with 5xx, or not at all.")
        public Double errorPercent;
        @JsonPropertyDescription("Within how many milliseconds 95 of 100 answers began, rounded up.")
        public Long p95Milliseconds;
        @JsonPropertyDescription("Requests answered with 429. Many of them: the source takes all users for one, see TRUSTED_PROXY_IP.")
        public Long rateLimited;
        @JsonPropertyDescription("Deliveries of other servers answered so that these do not try again.")
        public Long inboxRefusals;
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
        @JsonPropertyDescription("When all of it had been told to stop, and a worker was asked to close its database for writing.")
        public String stoppedAt;
        @JsonPropertyDescription("When its database was closed for writing.")
        public String closedAt;
        @JsonPropertyDescription("When the last of its processes was proved gone.")
        public String goneAt;
        @JsonPropertyDescription("What of it runs again although it was stopped.")
        public List<String> awake = new ArrayList<>();
        @JsonPropertyDescription("When something of it was last seen to run although it had been stopped.")
        public String seenAt;
        @JsonPropertyDescription("Each app as it was.")
        public List<App> apps = new ArrayList<>();
        @JsonPropertyDescription("The add-ons that held the data which moves. No other add-on is ever deleted.")
        public List<DataAddOn> addOns = new ArrayList<>();
    }

    public enum DataKind { Postgres, Redis }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public static class DataAddOn {
        @JsonPropertyDescription("Postgres or Redis.")
        public DataKind kind;
        @JsonPropertyDescription("The platform's own id of it.")
        public String id;
        @JsonPropertyDescription("Its name.")
        public String name;
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public static class App {
        @JsonPropertyDescription("Heroku app.")
        public String name;
        @JsonPropertyDescription("The platform's own id of it. An app of that name with another id is never deleted.")
        public String id;
        @JsonPropertyDescription("Maintenance mode.")
        public Boolean maintenance;
        @JsonPropertyDescription("Version of its newest release: its config.")
        public Integer release;
        @JsonPropertyDescription("Dynos by process type.")
        public Map<String, Integer> formation = new LinkedHashMap<>();
        @JsonPropertyDescription("Where its databases move and it does not: config vars that lead to them.")
        public List<Variable> variables = new ArrayList<>();
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public static class Variable {
        @JsonPropertyDescription("Config var.")
        public String name;
        @JsonPropertyDescription("Whether somebody had set it: without that, and without an attachment, it was not there.")
        public Boolean set;
        @JsonPropertyDescription("Id of the add-on whose attachment gave it.")
        public String addOn;
        @JsonPropertyDescription("Name of that add-on.")
        public String addOnName;
        @JsonPropertyDescription("Name of that attachment.")
        public String attachment;
        @JsonPropertyDescription("Namespace of that attachment, where it has one.")
        public String namespace;
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Retirement {
        @JsonPropertyDescription("The final backup of the source's Postgres: missing until it was written and read back.")
        public Backup backup;
        @JsonPropertyDescription("What is deleted of the old host, in order. Recorded before the first of it is touched: nothing else is deleted.")
        public List<Asset> assets = new ArrayList<>();
        @JsonPropertyDescription("When the platform was last asked for that list, at the gate.")
        public String listedAt;
        @JsonPropertyDescription("Generation of the spec by which it was asked for.")
        public Long generation;
        @JsonPropertyDescription("Why none of it could be deleted then.")
        public List<String> obstacles = new ArrayList<>();
        @JsonPropertyDescription("What else goes with what is deleted.")
        public List<String> consequences = new ArrayList<>();
        @JsonPropertyDescription("Who still came to the apps that are to be deleted.")
        public Stragglers stragglers;
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Stragglers {
        @JsonPropertyDescription("When the platform's log was last asked.")
        public String askedAt;
        @JsonPropertyDescription("Since when it could not be read, where that may pass.")
        public String unreadSince;
        @JsonPropertyDescription("When the last request came.")
        public String lastAt;
        @JsonPropertyDescription("For which of the instance's names.")
        public String host;
        @JsonPropertyDescription("How many requests were in the log when that one was seen.")
        public Integer count;
        @JsonPropertyDescription("When the oldest of them came.")
        public String firstAt;
    }

    public enum AssetKind { App, RedisAddOn, PostgresAddOn }

    public enum AssetState { Planned, Removing, Removed }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Asset {
        @JsonPropertyDescription("App, RedisAddOn or PostgresAddOn.")
        public AssetKind kind;
        @JsonPropertyDescription("The platform's own id of it.")
        public String id;
        @JsonPropertyDescription("The app that it belongs to.")
        public String app;
        @JsonPropertyDescription("Its name.")
        public String name;
        @JsonPropertyDescription("Its plan.")
        public String plan;
        @JsonPropertyDescription("What it costs a month in USD.")
        public Double monthlyUsd;
        @JsonPropertyDescription("Why that is not known.")
        public String billing;
        @JsonPropertyDescription("Planned, Removing (the platform is or was asked to delete it) or Removed.")
        public AssetState state;
        @JsonPropertyDescription("When it was seen to be gone.")
        public String removedAt;
    }

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public static class Backup {
        @JsonPropertyDescription("The PersistentVolumeClaim that it is on, where it is on one.")
        public String persistentVolumeClaim;
        @JsonPropertyDescription("The part of a bucket that it is in, as s3://name/folder/, where it is in one.")
        public String bucket;
        @JsonPropertyDescription("Id of the add-on that it was made of; missing where the database was no add-on.")
        public String addOn;
        @JsonPropertyDescription("When it was complete.")
        public String finishedAt;
        @JsonPropertyDescription("When it was last seen to be there still, and whole.")
        public String checkedAt;
        @JsonPropertyDescription("How often that was looked at.")
        public Integer checks;
        @JsonPropertyDescription("Tables in it.")
        public Long tables;
        @JsonPropertyDescription("Rows in it.")
        public Long rows;
        @JsonPropertyDescription("Bytes of the dump.")
        public Long bytes;
        @JsonPropertyDescription("Where it is, and how to restore it.")
        public String message;
    }
}
