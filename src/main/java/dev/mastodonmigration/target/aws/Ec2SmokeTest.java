package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.target.SmokeTest;
import dev.mastodonmigration.target.aws.ec2.Machine;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.services.ec2.model.Instance;

/** Runs the smoke test on every machine, once for each revision, and reads what they report of it: a new revision begins a new run, and so does forgetting the last. */
final class Ec2SmokeTest {
    private static final String ADVICE = " Correct it: the smoke test runs again by itself, at once after an edit of the image, of the configuration or of the Secrets.";
    private final Ec2Orders orders;
    private final Map<Machine, Instance> running;

    Ec2SmokeTest(Ec2Orders orders, Map<Machine, Instance> running) {
        this.orders = orders;
        this.running = running;
    }

    /** One look; begins what was not begun. */
    SmokeTest look(String revision) {
        var told = orders.told();
        var units = units(running.keySet());
        if (!units.stream().allMatch(unit -> told.desired().once().getOrDefault(unit, "").startsWith(revision + "/"))) {
            // The version makes it a new run to a machine that did not see that the last one was forgotten.
            orders.once(units, revision + "/" + told.version());
            return new SmokeTest.Running("begun");
        }
        var failed = new ArrayList<String>();
        var waiting = new ArrayList<String>();
        var passed = new ArrayList<String>();
        running.forEach((machine, instance) -> machine.smokeTests().forEach(unit -> {
            var here = unit + " on machine " + instance.instanceId();
            orders.report(instance.instanceId()).map(one -> one.report().once().get(unit)).filter(once -> once.run().equals(told.desired().once().get(unit))).ifPresentOrElse(once -> {
                switch (once.state()) {
                    case "ended" -> passed.add(once.words());
                    case "failed" -> failed.add(once.words() + " (" + here + ": aws ssm start-session --target " + instance.instanceId() + ", then journalctl -u " + unit + ").");
                    default -> waiting.add(here + (once.words().isEmpty() ? " runs" : " is tried again: " + once.words()));
                }
            }, () -> waiting.add(here + " has not begun yet"));
        }));
        if (!failed.isEmpty()) {
            return new SmokeTest.Failed(String.join(" ", failed) + ADVICE);
        }
        return waiting.isEmpty() ? new SmokeTest.Passed(String.join(", ", new LinkedHashSet<>(passed))) : new SmokeTest.Running(String.join(", ", waiting));
    }

    static List<String> units(Collection<Machine> machines) {
        return machines.stream().flatMap(machine -> machine.smokeTests().stream()).distinct().toList();
    }
}
