package dev.mastodonmigration.target.aws.ec2;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.mastodon.Example;
import java.util.List;

/** The example's machines. */
final class Machines {
    static final String NAME = "mastodon-example-social-0a1b2c3d";

    private Machines() {}

    static Machine single() {
        return machine(Role.SINGLE);
    }

    static List<Machine> split() {
        return List.of(machine(Role.WEB), machine(Role.SIDEKIQ));
    }

    static Machine machine(Role role) {
        return machine(role, SidekiqUnit.DEFAULT);
    }

    static Machine machine(Role role, List<SidekiqUnit> sidekiq) {
        return new Machine(NAME, "eu-central-1", role, spec(), sidekiq);
    }

    static MastodonMigrationSpec spec() {
        return Example.migration().getSpec();
    }
}
