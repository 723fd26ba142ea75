package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.outside.OutsideException;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The AWS account that a migration creates things in. It is remembered before the first of them is created: with credentials of another account all of them are "not
 * found", and would be created once more there, or taken for deleted.
 */
record AwsHome(MastodonMigration migration, Supplier<AwsApi> api) {
    /** The one that the credentials of now belong to. */
    String account() {
        return AwsRefusals.asking(() -> api.get().sts().getCallerIdentity()).account();
    }

    /** @throws OutsideException when the credentials belong to another than at the first creation */
    void demand() {
        Optional.ofNullable(migration.getStatus()).map(status -> status.internal.awsAccount).ifPresent(then -> {
            var now = account();
            if (!then.equals(now)) {
                throw new OutsideException("The AWS credentials belong to account " + now + ". What this migration created is in account " + then + ", region " + AwsClients.region(migration)
                        + ", where they find nothing of it. Nothing was created or deleted in " + now + ". Give the operator credentials of account " + then
                        + " again; to move to another account, abort with those first and start a new migration.", false);
            }
        });
    }
}
