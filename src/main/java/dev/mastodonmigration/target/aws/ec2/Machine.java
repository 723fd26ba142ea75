package dev.mastodonmigration.target.aws.ec2;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.outside.OutsideException;
import java.util.List;
import java.util.Optional;

/**
 * One machine as it is to be launched.
 *
 * @param name    under which all of the migration's things stand on AWS
 * @param sidekiq of the whole instance, whether this machine runs them or another
 */
public record Machine(String name, String region, Role role, MastodonMigrationSpec spec, List<SidekiqUnit> sidekiq) {
    /** CloudWatch knows certain numbers only. */
    public static final int LOG_DAYS = 30;
    /** Each Sidekiq's unit begins so. */
    public static final String SIDEKIQ = "mastodon-sidekiq-";

    /** @throws OutsideException when not exactly one process serves the scheduler queue */
    public Machine {
        var violations = SidekiqUnit.violations(sidekiq);
        if (!violations.isEmpty()) {
            throw new OutsideException(String.join(" ", violations), false);
        }
    }

    public static List<Machine> of(String name, MastodonMigrationSpec spec) {
        return Role.of(spec.target().compute().ec2().topology()).stream().map(role -> new Machine(name, spec.aws().region(), role, spec, SidekiqUnit.of(spec.target().compute().ec2()))).toList();
    }

    /** Of the machines' programs, made before them. */
    public static String logGroup(String name) {
        return "/" + name;
    }

    /** Units that users' requests come to. */
    public List<String> servers() {
        return Containers.servers(this).stream().map(Container::name).toList();
    }

    /** Units that run where {@link Desired#sidekiq} says so. */
    public List<String> workers() {
        return Containers.sidekiq(this).stream().map(Container::name).toList();
    }

    /** Units of the smoke test, which {@link Desired#once} asks for. */
    public List<String> smokeTests() {
        return Containers.once(this).stream().map(Container::name).filter(name -> name.startsWith(Containers.SMOKE)).toList();
    }

    /** The unit that builds home and list feeds; empty where no Sidekiq runs. */
    public Optional<String> feeds() {
        return Containers.once(this).stream().map(Container::name).filter(Containers.FEEDS::equals).findFirst();
    }
}
