package dev.mastodonmigration.target.aws.ec2;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.outside.OutsideException;
import java.util.List;

/**
 * One machine as it is to be launched.
 *
 * @param name    under which all of the migration's things stand on AWS
 * @param sidekiq of the whole instance, whether this machine runs them or another
 */
public record Machine(String name, String region, Role role, MastodonMigrationSpec spec, List<SidekiqUnit> sidekiq) {
    /** @throws OutsideException when not exactly one process serves the scheduler queue */
    public Machine {
        var violations = SidekiqUnit.violations(sidekiq);
        if (!violations.isEmpty()) {
            throw new OutsideException(String.join(" ", violations), false);
        }
    }

    public static List<Machine> of(String name, MastodonMigrationSpec spec) {
        return Role.of(spec.target().compute().ec2().topology()).stream().map(role -> new Machine(name, spec.aws().region(), role, spec, SidekiqUnit.DEFAULT)).toList();
    }
}
