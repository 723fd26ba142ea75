package dev.mastodonmigration.status;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** Every Job that a status speaks of. */
public final class JobRecords {
    private JobRecords() {}

    public static Stream<JobRecord> all(MastodonMigrationStatus status) {
        return Stream.of(status.phases.stream().flatMap(record -> record.jobs.stream()), lasting(status)).flatMap(jobs -> jobs);
    }

    /** Those that outlive the phase that started them. */
    public static Stream<JobRecord> lasting(MastodonMigrationStatus status) {
        return Stream.of(
                status.internal.replicators.stream().map(replicator -> replicator.job).filter(Objects::nonNull),
                Optional.ofNullable(status.internal.standby).map(standby -> standby.jobs).orElse(List.of()).stream(),
                Optional.ofNullable(status.internal.quieting).map(quieting -> quieting.jobs).orElse(List.of()).stream()).flatMap(jobs -> jobs);
    }

    /** Of that phase, by its name in status. */
    public static List<JobRecord> of(MastodonMigrationStatus status, String phase) {
        return status.phases.stream().filter(record -> record.name.equals(phase)).flatMap(record -> record.jobs.stream()).toList();
    }
}
