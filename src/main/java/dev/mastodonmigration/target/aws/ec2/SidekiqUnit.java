package dev.mastodonmigration.target.aws.ec2;

import dev.mastodonmigration.api.MastodonMigrationSpec.Ec2;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One Sidekiq process: its queues and its threads. */
public record SidekiqUnit(String name, List<String> queues, int concurrency) {
    public static final List<SidekiqUnit> DEFAULT = List.of(new SidekiqUnit("default", SpecDefaults.ALL_QUEUES, MastodonProcesses.SIDEKIQ_CONCURRENCY));

    /** Those that the spec names; one with all queues where it names none. */
    public static List<SidekiqUnit> of(Ec2 spec) {
        return Optional.ofNullable(spec.sidekiq()).filter(units -> !units.isEmpty()).map(units -> units.stream().map(unit -> new SidekiqUnit(unit.name(),
                Optional.ofNullable(unit.queues()).filter(queues -> !queues.isEmpty()).orElse(SpecDefaults.ALL_QUEUES), Optional.ofNullable(unit.concurrency()).orElse(MastodonProcesses.SIDEKIQ_CONCURRENCY))).toList()).orElse(DEFAULT);
    }

    /** What of them cannot run side by side. */
    public static List<String> violations(List<SidekiqUnit> units) {
        var violations = new ArrayList<String>();
        if (units.stream().filter(unit -> MastodonProcesses.serveScheduler(unit.queues())).count() != 1) {
            violations.add("spec.target.compute.ec2.sidekiq: exactly one Sidekiq process must serve the scheduler queue: two would publish and delete twice.");
        }
        if (units.stream().map(SidekiqUnit::name).distinct().count() != units.size()) {
            violations.add("spec.target.compute.ec2.sidekiq: two Sidekiq processes have the same name. Rename one.");
        }
        return violations;
    }
}
