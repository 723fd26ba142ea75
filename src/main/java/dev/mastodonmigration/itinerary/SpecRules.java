package dev.mastodonmigration.itinerary;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.api.SpecDefaults;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the schema cannot say of a spec, and no adapter's part: every field that this version would otherwise ignore in silence. */
public final class SpecRules {
    private final List<String> violations = new ArrayList<>();

    private SpecRules() {}

    /** What is wrong with the spec, each in one sentence that names the field; empty when nothing is. */
    public static List<String> violations(MastodonMigrationSpec spec) {
        var rules = new SpecRules();
        rules.target(spec);
        rules.gates(spec);
        return List.copyOf(rules.violations);
    }

    private void target(MastodonMigrationSpec spec) {
        if (spec.target().compute() != null && (spec.instance().streamingImage() == null || spec.instance().streamingImage().isBlank())) {
            violations.add("spec.instance.streamingImage is required when compute moves.");
        }
        if (spec.aws() != null && !movesToAws(spec.target())) {
            violations.add("spec.aws is set, and nothing under spec.target moves to AWS: remove it.");
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
            retire("finalBackup", spec.retire().finalBackup());
            retire("addons", spec.retire().addons());
            retire("apps", spec.retire().apps());
        }
        if (SpecDefaults.state(spec) == DesiredState.RolledBack) {
            notYet("spec.state: RolledBack", "set spec.state: Running, or Aborted as long as the target does not take writes");
        }
    }

    private void retire(String field, Boolean wanted) {
        if (Boolean.TRUE.equals(wanted)) {
            notYet("spec.retire." + field + ": true", "remove it and do that by hand in the end");
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
