package dev.mastodonmigration.api;

import dev.mastodonmigration.api.MastodonMigrationSpec.S3;
import dev.mastodonmigration.api.MastodonMigrationStatus.Backup;
import dev.mastodonmigration.api.MastodonMigrationStatus.JobRecord;
import java.util.Optional;

/** What of the admin's the final backup is written to. */
public sealed interface BackupPlace {
    /** With its article, to follow "into", "is in" or "look at". */
    String words();

    /** @param claim name of the PersistentVolumeClaim */
    record Volume(String claim) implements BackupPlace {
        @Override
        public String words() {
            return "the volume " + claim;
        }
    }

    /** @param url as {@code s3://bucket/folder/}, with a slash at its end */
    record Bucket(String url) implements BackupPlace {
        public static Bucket of(S3 s3) {
            var folder = s3.prefix() == null ? "" : s3.prefix();
            return new Bucket("s3://" + s3.bucket() + "/" + folder + (folder.isEmpty() || folder.endsWith("/") ? "" : "/"));
        }

        @Override
        public String words() {
            return "the bucket " + url;
        }
    }

    /** As status keeps it, in one field or the other; empty where neither is set. */
    static Optional<BackupPlace> of(String claim, String bucket) {
        return Optional.ofNullable(bucket).<BackupPlace>map(Bucket::new).or(() -> Optional.ofNullable(claim).map(Volume::new));
    }

    static Optional<BackupPlace> of(JobRecord job) {
        return of(job.persistentVolumeClaim, job.bucket);
    }

    static Optional<BackupPlace> of(Backup backup) {
        return of(backup.persistentVolumeClaim, backup.bucket);
    }
}
