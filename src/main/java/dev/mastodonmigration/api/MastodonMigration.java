package dev.mastodonmigration.api;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn.Type;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;

/** The resource an admin applies: one Mastodon instance to be moved, and how far the move has come. */
@Group(MastodonMigration.GROUP)
@Version(MastodonMigration.VERSION)
@Plural("mastodonmigrations")
@ShortNames("mmig")
@AdditionalPrinterColumn(name = "STEP", jsonPath = ".status.step", type = Type.STRING)
@AdditionalPrinterColumn(name = "PHASE", jsonPath = ".status.phase", type = Type.STRING)
@AdditionalPrinterColumn(name = "STATUS", jsonPath = ".status.summary", type = Type.STRING)
@AdditionalPrinterColumn(name = "DOWNTIME", jsonPath = ".status.downtime.seconds", type = Type.NUMBER)
@AdditionalPrinterColumn(name = "PROGRESS", jsonPath = ".status.progress.summary", type = Type.STRING, priority = 1)
@AdditionalPrinterColumn(name = "LAG", jsonPath = ".status.progress.postgres.lagSeconds", type = Type.NUMBER, priority = 1)
@AdditionalPrinterColumn(name = "AGE", jsonPath = ".metadata.creationTimestamp", type = Type.DATE)
public class MastodonMigration extends CustomResource<MastodonMigrationSpec, MastodonMigrationStatus> implements Namespaced {
    public static final String GROUP = "mastodonmigration.dev";
    public static final String VERSION = "v1alpha1";
    public static final String KIND = "MastodonMigration";

    @Override
    protected MastodonMigrationSpec initSpec() {
        return null;
    }
}
