package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.target.Readiness;
import dev.mastodonmigration.target.Readiness.Count;
import dev.mastodonmigration.target.aws.ec2.Machine;
import dev.mastodonmigration.target.aws.ec2.MachineReport;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.TargetHealth;

/** Which of Mastodon's processes serve: by the machines' own words, as long as they are fresh, and by those of the load balancer, which asks each machine itself. */
final class Ec2Readiness {
    /** A machine reports at least once a minute. */
    static final Duration SILENT = Duration.ofMinutes(4);
    private static final String HEALTHY = "healthy";
    /** Of a target to which no listener leads: the load balancer, or its listener, is not there. */
    private static final String UNUSED = "unused";
    private static final Count YES = new Count(1, 1);
    private static final Count NO = new Count(0, 1);
    private static final Count NOT_WANTED = new Count(0, 0);
    private final Ec2Orders orders;
    private final Map<String, TargetHealth> health;
    private final Instant now;
    private final TreeMap<String, Count> parts = new TreeMap<>();
    private final List<String> missing = new ArrayList<>();
    private final List<String> troubles = new ArrayList<>();

    Ec2Readiness(Ec2Orders orders, Map<String, TargetHealth> health, Instant now) {
        this.orders = orders;
        this.health = health;
        this.now = now;
    }

    Readiness of(List<Machine> machines, Map<Machine, Instance> running) {
        for (var machine : machines) {
            Optional.ofNullable(running.get(machine)).map(Instance::instanceId).ifPresentOrElse(id -> look(machine, id), () -> {
                missing.add("machine " + machine.role().words);
                machine.servers().forEach(unit -> parts.put(unit, NO));
                machine.workers().forEach(unit -> parts.put(unit, NOT_WANTED));
            });
        }
        return new Readiness(parts, missing, troubles);
    }

    private void look(Machine machine, String id) {
        var fresh = orders.report(id).filter(one -> one.at().isAfter(now.minus(SILENT)));
        fresh.map(one -> one.report().trouble()).filter(words -> !words.isEmpty()).ifPresent(words -> troubles.add("machine " + id + " says: " + words));
        if (fresh.isEmpty()) {
            troubles.add(orders.report(id).map(one -> "machine " + id + " is silent since " + one.at()).orElse("machine " + id + " has said nothing yet: it sets itself up, in some minutes")
                    + ". To look: aws ssm start-session --target " + id + ", then journalctl -u 'mastodon-*'");
        }
        var done = fresh.filter(one -> orders.isDone(id)).map(MachineParameters.Reported::report);
        // Its own words first: what was edited since and not rolled out is not asked for.
        var units = orders.report(id).map(one -> Set.copyOf(one.report().units().keySet())).orElseGet(() -> Stream.concat(machine.servers().stream(), machine.workers().stream()).collect(Collectors.toSet()));
        // Sidekiqs that were not told to run are none, whatever runs: that is asked for by itself.
        units.forEach(unit -> parts.put(unit, !unit.startsWith(Machine.SIDEKIQ) || orders.works().filter(id::equals).isPresent() ? is(unit, done) : NOT_WANTED));
        if (machine.role().serves) {
            balanced(id);
        }
    }

    private static Count is(String unit, Optional<MachineReport> report) {
        return report.filter(one -> HEALTHY.equals(one.units().get(unit))).isPresent() ? YES : NO;
    }

    private void balanced(String id) {
        var seen = Optional.ofNullable(health.get(id));
        if (seen.filter(one -> UNUSED.equals(one.stateAsString())).isPresent()) {
            missing.add("load balancer");
            return;
        }
        var well = seen.filter(one -> HEALTHY.equals(one.stateAsString())).isPresent();
        parts.put("load balancer", well ? YES : NO);
        if (!well) {
            troubles.add("the load balancer says of machine " + id + ": " + seen.map(one -> one.stateAsString() + Optional.ofNullable(one.reasonAsString()).map(reason -> ", " + reason).orElse("")).orElse("it was not told of it"));
        }
    }
}
