package dev.mastodonmigration.itinerary;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.SpecDefaults;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the schema cannot say of a spec, and no adapter's part: every field that this version would otherwise ignore in silence. */
public final class SpecRules {
    private final List<String> violations = new ArrayList<>();

    private final boolean isBackedUp;

    private SpecRules(boolean isBackedUp) {
        this.isBackedUp = isBackedUp;
    }

    /** What is wrong with the spec before a migration begins, each in one sentence that names the field; empty when nothing is. */
    public static List<String> violations(MastodonMigrationSpec spec) {
        return violations(spec, new MastodonMigrationStatus());
    }

    /** The same of one that has begun: what has been done already needs nothing more. */
    public static List<String> violations(MastodonMigrationSpec spec, MastodonMigrationStatus status) {
        var rules = new SpecRules(status.retirement != null && status.retirement.backup != null);
        rules.target(spec);
        rules.gates(spec);
        return List.copyOf(rules.violations);
    }

    private void target(MastodonMigrationSpec spec) {
        if (spec.target().compute() != null && (spec.instance().streamingImage() == null || spec.instance().streamingImage().isBlank())) {
            violations.add("spec.instance.streamingImage is required when compute moves.");
        }
        if (spec.target().compute() == null) {
            computeStays(spec);
        }
        if (spec.aws() != null && !movesToAws(spec.target()) && SpecDefaults.backupBucket(spec).isEmpty()) {
            violations.add("spec.aws is set, and nothing under spec.target moves to AWS: remove it.");
        }
    }

    /** Databases alone: users stay where they are, and Mastodon's programs run on the old host. */
    private void computeStays(MastodonMigrationSpec spec) {
        if (spec.target().dns() != null) {
            violations.add("spec.target.dns leads users to compute on the target, and compute stays: remove dns, or set compute.");
        }
        if (Boolean.TRUE.equals(spec.instance().moveLocalDomain())) {
            violations.add("spec.instance.moveLocalDomain leads those who ask for localDomain to compute on the target, and compute stays: remove it, or set compute.");
        }
        if (SpecDefaults.rebuildsRedis(spec)) {
            violations.add("spec.strategy.redis: Rebuild has the target build Mastodon's feeds, and compute stays: use Live or Snapshot.");
        }
    }

    private static boolean movesToAws(Target target) {
        return target.postgres() != null && target.postgres().rds() != null || target.redis() != null && target.redis().elastiCache() != null
                || target.compute() != null && target.compute().ec2() != null || target.dns() != null && target.dns().route53() != null;
    }

    private void gates(MastodonMigrationSpec spec) {
        if (spec.rehearsal() != null && spec.rehearsal().smokeTest() != null) {
            notYet("spec.rehearsal.smokeTest", "remove it");
        }
        if (spec.cutover() != null) {
            time("spec.cutover.notBefore", spec.cutover().notBefore());
            time("spec.cutover.notAfter", spec.cutover().notAfter());
        }
        if (spec.soak() != null && Boolean.TRUE.equals(spec.soak().reverseReplication())) {
            notYet("spec.soak.reverseReplication: true", "remove it");
        }
        if (spec.retire() != null) {
            retire(spec);
        }
        if (SpecDefaults.state(spec) == DesiredState.RolledBack) {
            notYet("spec.state: RolledBack", "set spec.state: Running, or Aborted as long as the target does not take writes");
        }
    }

    private void retire(MastodonMigrationSpec spec) {
        if (Boolean.TRUE.equals(spec.retire().finalBackup()) && spec.target().postgres() == null) {
            violations.add("spec.retire.finalBackup: true, but Postgres does not move, so that it is not given up either: remove it.");
        } else if (SpecDefaults.finalBackup(spec) && SpecDefaults.backupPlace(spec).isEmpty() && !isBackedUp) {
            violations.add("spec.retire.finalBackup: the final backup needs a place: set spec.retire.backup.persistentVolumeClaim or spec.retire.backup.s3"
                    + (spec.retire().finalBackup() == null ? ", or spec.retire.finalBackup: false to delete the source's Postgres without one." : "."));
        }
        if (SpecDefaults.backupBucket(spec).isPresent() && (spec.aws() == null || spec.aws().credentialsSecretRef() == null)) {
            violations.add("spec.retire.backup.s3 needs spec.aws.credentialsSecretRef: the worker that writes there has no AWS identity of its own, and does not get the operator's. Name a Secret with one that may write to the bucket"
                    + (spec.aws() == null ? ", and the bucket's region in spec.aws.region." : "."));
        }
        if (SpecDefaults.deletesApps(spec) && !SpecDefaults.deletesAddOns(spec)) {
            violations.add("spec.retire.apps: true, but not spec.retire.addons: an app's add-ons are deleted with it. Set both, or delete the apps yourself.");
        }
        if (spec.target().compute() == null) {
            staying("formation", spec.retire().formation());
            staying("apps", spec.retire().apps());
        }
    }

    private void staying(String field, Boolean wanted) {
        if (Boolean.TRUE.equals(wanted)) {
            violations.add("spec.retire." + field + ": true, but compute does not move: the apps run the instance. Remove it.");
        }
    }

    /** The schema sees the shape of a time, and not that there is no thirteenth month. */
    private void time(String field, String text) {
        try {
            Optional.ofNullable(text).ifPresent(OffsetDateTime::parse);
        } catch (DateTimeException e) {
            violations.add(field + ": \"" + text + "\" is not a time such as 2026-11-22T20:00:00Z.");
        }
    }

    private void notYet(String field, String instead) {
        violations.add(field + " is not supported yet: " + instead + ".");
    }
}
