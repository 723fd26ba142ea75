package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.bucket.Bucket;
import dev.mastodonmigration.worker.bucket.BucketPlace;
import dev.mastodonmigration.worker.bucket.CredentialFiles;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The admin's bucket, for the tasks of the final backup.
 *
 * @param region      of the bucket; empty where the spec has lost it
 * @param credentials likewise
 * @param endpoint    instead of AWS's own, in tests
 */
public record BackupBucket(BucketPlace place, Optional<String> region, Optional<CredentialFiles> credentials, Optional<URI> endpoint) implements BackupDestination {
    static BackupBucket of(Map<String, String> environment) {
        return new BackupBucket(BucketPlace.of(environment.get(WorkerContext.ENV_BUCKET)), Optional.ofNullable(environment.get(WorkerContext.ENV_AWS_REGION)),
                Optional.ofNullable(environment.get(WorkerContext.ENV_AWS_CREDENTIALS)).map(Path::of).map(CredentialFiles::new), Optional.ofNullable(environment.get(WorkerContext.ENV_AWS_ENDPOINT)).map(URI::create));
    }

    /** Tries it first: a dump of hours must not end with what could have been said at its beginning. Uploads that a worker before this one left unfinished end here. */
    @Override
    public BackupStore open(WorkerContext context) throws IOException, Refusal {
        var bucket = bucket(context);
        try {
            bucket.tryOut();
            return new BucketStore(bucket, context.migrationUid());
        } catch (IOException e) {
            bucket.close();
            throw e;
        }
    }

    @Override
    public BackupStore find(WorkerContext context) throws Refusal {
        return new BucketStore(bucket(context), context.migrationUid());
    }

    private Bucket bucket(WorkerContext context) throws Refusal {
        return Bucket.at(place.ofMigration(context.migrationUid()), region.orElseThrow(BackupBucket::gone), endpoint, credentials.orElseThrow(BackupBucket::gone).required());
    }

    private static Refusal gone() {
        return new Refusal("The final backup in a bucket needs spec.aws.region and spec.aws.credentialsSecretRef: put them back.");
    }
}
