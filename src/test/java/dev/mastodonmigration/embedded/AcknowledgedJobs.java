package dev.mastodonmigration.embedded;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * What became of the acknowledged jobs, by the ledger alone: waiting somewhere is not enough, each that is due has to run, on whichever side.
 *
 * @param acknowledged all of them
 * @param ran          those that were due and ran
 * @param neverRan     those that were due and did not, each with its time
 */
public record AcknowledgedJobs(int acknowledged, Set<String> ran, Map<String, Instant> neverRan) {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long MILLISECONDS_BETWEEN_LOOKS = 200;

    /** Waits, for a minute at most, until each job that was acknowledged by now and is due by now has run. */
    static AcknowledgedJobs awaitDue(Ledger ledger) {
        var now = Instant.now();
        var jobs = dueAt(ledger, now);
        while (!jobs.neverRan().isEmpty() && Instant.now().isBefore(now.plus(PATIENCE))) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(MILLISECONDS_BETWEEN_LOOKS));
            jobs = dueAt(ledger, now);
        }
        return jobs;
    }

    static AcknowledgedJobs dueAt(Ledger ledger, Instant moment) {
        var acknowledged = new LinkedHashMap<String, Instant>();
        var executed = new HashSet<String>();
        ledger.entries().stream().filter(entry -> entry.kind() == Ledger.Kind.ACKNOWLEDGED).map(Ledger.Entry::write).forEach(write -> {
            switch (write.table()) {
                case Ledger.JOB -> acknowledged.put(write.key(), Ledger.due(write));
                case LiveTables.DELIVERIES -> executed.add(write.key());
                default -> { }
            }
        });
        var due = acknowledged.entrySet().stream().filter(job -> !job.getValue().isAfter(moment)).toList();
        return new AcknowledgedJobs(acknowledged.size(),
                due.stream().map(Map.Entry::getKey).filter(executed::contains).collect(Collectors.toSet()),
                due.stream().filter(job -> !executed.contains(job.getKey())).collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }

    public int due() {
        return ran.size() + neverRan.size();
    }

    /** One line for each job that was due and never ran; empty when all did. */
    public List<String> complaints() {
        return neverRan.entrySet().stream().sorted(Map.Entry.comparingByValue())
                .map(job -> "job " + job.getKey() + " was acknowledged and due at " + job.getValue() + ", but never ran on either side").toList();
    }
}
