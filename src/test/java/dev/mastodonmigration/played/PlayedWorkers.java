package dev.mastodonmigration.played;

import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import dev.mastodonmigration.job.Workers;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerReport;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Workers that do in two looks what their task says, to two played databases of which we know only whether they take writes. */
public final class PlayedWorkers implements Workers {
    private static final Map<String, Long> FIGURES = Map.of(Figure.TABLES, 3L, Figure.ROWS, 30L, Figure.KEYS, 7L, Figure.DIFFERENCES, 0L, Figure.CLIENTS, 0L);
    private static final Progress.Reading IN_SYNC = new Progress.Reading("in sync", 1, 1, 1, 1, 0, 0).withLag(0, 0, true).ofRedis("redis");
    private static final Progress.Reading RUNNING = new Progress.Reading("copying", 1, 2, 1, 2, 0, 0);

    private enum State { STARTING, STANDS_BY, RUNS, OVER }

    private static final class Job {
        private final String task;
        private final String uid;
        private final long epoch;
        private State state = State.STARTING;
        private Optional<Seen> end = Optional.empty();

        private Job(String task, String uid, long epoch) {
            this.task = task;
            this.uid = uid;
            this.epoch = epoch;
        }
    }

    private final Trouble trouble;
    private final PlayedSource source;
    private final Map<String, Job> jobs = new LinkedHashMap<>();
    private final Map<String, Function<Integer, WorkerReport>> script = new HashMap<>();
    private final Map<String, Integer> runs = new HashMap<>();
    private final Map<String, WorkerReport> here = new HashMap<>();
    public final List<String> ran = new ArrayList<>();
    /** What the operator does itself, and never gets to the end of. */
    public final Set<String> silent = new HashSet<>();
    public boolean marked;
    /** Only then is there a gate on the source. */
    public boolean movesPostgres = true;
    public boolean sourceClosed;
    public boolean targetOpen;
    public boolean targetClaimed;
    public boolean podsRefused;
    public boolean lags;
    public long targetEpoch = 1;
    public int refreshed;
    private int created;

    public PlayedWorkers(Trouble trouble, PlayedSource source) {
        this.trouble = trouble;
        this.source = source;
    }

    /** What a task reports in its nth run, from 1, instead of doing what it is for. */
    public void script(String task, Function<Integer, WorkerReport> report) {
        script.put(task, report);
    }

    public boolean isEmpty() {
        return jobs.isEmpty();
    }

    /** Somebody deletes every Job of that task. */
    public void lose(String task) {
        jobs.values().removeIf(job -> job.task.equals(task));
    }

    @Override
    public String name(String task, int attempt) {
        return "played-" + task + "-" + attempt;
    }

    @Override
    public String image() {
        return "worker:pinned";
    }

    @Override
    public Map<String, Seen> look(List<JobRecord> records) {
        var seen = new LinkedHashMap<String, Seen>();
        for (var record : records) {
            trouble.may("workers.look " + record.task);
            seen.put(record.task, look(record));
        }
        return seen;
    }

    private Seen look(JobRecord record) {
        var job = jobs.get(record.name);
        if (job == null && record.uid != null) {
            return new Failed(Optional.of(record.uid), Cause.LOST, "Job " + record.name + " is gone.");
        }
        if (job == null) {
            if (podsRefused) {
                throw new OutsideException("exceeded quota", true);
            }
            job = new Job(record.task, "uid-" + ++created, record.standbyEpoch == null ? targetEpoch : record.standbyEpoch);
            jobs.put(record.name, job);
            return new Running(Optional.of(job.uid), Optional.empty(), List.of(), Optional.empty());
        }
        if (job.state == State.STARTING) {
            job.state = record.standbyEpoch == null ? State.RUNS : State.STANDS_BY;
        } else if (job.state == State.RUNS && !isReplicator(job)) {
            end(job);
        }
        var uid = Optional.of(job.uid);
        return job.end.orElseGet(() -> new Running(uid, Optional.of(reading(record.name)), List.of(record.name), Optional.empty()));
    }

    private Progress.Reading reading(String name) {
        var job = jobs.get(name);
        return job.state == State.STANDS_BY ? Progress.Reading.STANDING_BY : isReplicator(job) && !lags ? IN_SYNC : RUNNING;
    }

    private static boolean isReplicator(Job job) {
        return job.task.equals(Tasks.REPLICATE_POSTGRES) || job.task.equals(Tasks.REPLICATE_REDIS);
    }

    private void end(Job job) {
        job.state = State.OVER;
        var report = run(job.task, job.epoch);
        var uid = Optional.of(job.uid);
        job.end = Optional.of(switch (report.outcome()) {
            case SUCCEEDED -> new Succeeded(uid, report);
            case RETRYABLE -> new Failed(uid, Cause.MAY_PASS, report.message());
            case REFUSED -> new Failed(uid, Cause.REFUSED, report.message());
        });
    }

    private WorkerReport run(String task, long epoch) {
        ran.add(task);
        var scripted = script.get(task);
        var report = scripted == null ? act(task, epoch) : scripted.apply(runs.merge(task, 1, Integer::sum));
        if (scripted == null || report.outcome() != WorkerReport.Outcome.SUCCEEDED) {
            return report;
        }
        var acted = act(task, epoch);
        return acted.outcome() == WorkerReport.Outcome.SUCCEEDED && !report.figures().isEmpty() ? report : acted;
    }

    /** What the real ones guard, guarded here too. */
    private WorkerReport act(String task, long epoch) {
        switch (task) {
            case Tasks.CLAIM_TARGET -> targetClaimed = true;
            case Tasks.MARK_SOURCE -> marked = true;
            case Tasks.QUIET_SIDEKIQ -> source.quiet = true;
            case Tasks.CLOSE_SOURCE -> {
                if (!marked) {
                    return WorkerReport.refused("the source was given back");
                }
                sourceClosed = movesPostgres;
            }
            case Tasks.OPEN_TARGET -> {
                if (epoch < targetEpoch) {
                    return WorkerReport.refused("a newer epoch");
                }
                if (movesPostgres && !sourceClosed) {
                    return WorkerReport.refused("the source is not closed");
                }
                targetEpoch = epoch;
                targetOpen = true;
            }
            case Tasks.WITHDRAW_OPENING -> {
                targetEpoch = Long.MAX_VALUE;
                return WorkerReport.succeeded("withdrawn", Map.of(Figure.OPENED, targetOpen ? 1L : 0L));
            }
            case Tasks.REOPEN_SOURCE, Tasks.CLEAR_SOURCE -> {
                if (targetOpen) {
                    return WorkerReport.refused("the target is open");
                }
                sourceClosed = false;
                marked = false;
            }
            case Tasks.RESET_TARGET -> targetClaimed = false;
            case Tasks.RELEASE -> {
                sourceClosed = false;
                marked = false;
                targetClaimed = false;
            }
            default -> {}
        }
        return WorkerReport.succeeded(task + " done.", FIGURES);
    }

    @Override
    public int ask(Running worker) {
        worker.addresses().stream().map(jobs::get).forEach(job -> {
            if (job.state == State.STANDS_BY) {
                job.state = State.RUNS;
            } else if (isReplicator(job) && job.state == State.RUNS) {
                end(job);
            }
        });
        return worker.addresses().size();
    }

    @Override
    public boolean stop(List<JobRecord> records) {
        trouble.may("workers.stop");
        records.forEach(record -> jobs.remove(record.name));
        return false;
    }

    @Override
    public void refreshCredentials() {
        trouble.may("workers.refreshCredentials");
        refreshed++;
    }

    @Override
    public Optional<WorkerReport> here(String task, long epoch) {
        trouble.may("workers.here");
        if (silent.contains(task)) {
            return Optional.empty();
        }
        if (!here.containsKey(task)) {
            here.put(task, run(task, epoch));
            return Optional.empty();
        }
        return Optional.ofNullable(here.remove(task));
    }

    @Override
    public void forgetHere(String task, long epoch) {
        here.remove(task);
    }

    @Override
    public void removeAll() {
        trouble.may("workers.removeAll");
        jobs.clear();
    }
}
