package dev.mastodonmigration.target.aws.ec2;

import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import java.util.ArrayList;
import java.util.List;

/** One Sidekiq process: its queues and its threads. */
public record SidekiqUnit(String name, List<String> queues, int concurrency) {
    public static final List<SidekiqUnit> DEFAULT = List.of(new SidekiqUnit("default", SpecDefaults.ALL_QUEUES, MastodonProcesses.SIDEKIQ_CONCURRENCY));

    /** What of them cannot run side by side. */
    static List<String> violations(List<SidekiqUnit> units) {
        var violations = new ArrayList<String>();
        if (units.stream().filter(unit -> MastodonProcesses.serveScheduler(unit.queues())).count() != 1) {
            violations.add("spec.target.compute.ec2: exactly one Sidekiq process must serve the scheduler queue: two would publish and delete twice.");
        }
        if (units.stream().map(SidekiqUnit::name).distinct().count() != units.size()) {
            violations.add("spec.target.compute.ec2: two Sidekiq processes have the same name. Rename one.");
        }
        return violations;
    }
}
