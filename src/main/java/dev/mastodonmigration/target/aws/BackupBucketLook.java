package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.BackupPlace;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.S3;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.worker.bucket.Bucket;
import dev.mastodonmigration.worker.bucket.BucketException;
import dev.mastodonmigration.worker.bucket.BucketPlace;
import software.amazon.awssdk.core.exception.SdkClientException;

/** Tries in Preflight what the worker of the final backup will do weeks later, as whom it will do it: an upload is begun and ended again, which leaves nothing. */
record BackupBucketLook(MastodonMigration migration, AwsApi api) {
    Findings look(S3 chosen) {
        var place = BucketPlace.of(BackupPlace.Bucket.of(chosen).url()).ofMigration(migration.getMetadata().getUid());
        try {
            // Not closed: the client is everybody's.
            new Bucket(api.storage(), api.region(), place).tryOut();
            return Findings.NONE;
        } catch (BucketException refused) {
            if (refused.getCause() instanceof SdkClientException silent) {
                return AwsRefusals.asking(() -> {
                    throw silent;
                });
            }
            throw new OutsideException("spec.retire.backup.s3: " + refused.getMessage(), refused.mayPass());
        }
    }
}
