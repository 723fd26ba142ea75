package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.aws.MachineParameters.Reported;
import dev.mastodonmigration.target.aws.MachineParameters.Told;
import dev.mastodonmigration.target.aws.ec2.Machine;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What the machines are told to do. Whatever starts or stops a Sidekiq raises the epoch above all that any machine has seen: what an operator wrote that was asleep is then done by nobody, however late it
 * comes, so that it never starts a second scheduler.
 */
final class Ec2Orders {
    static final String NOBODY = "";
    private static final String STOPPED = "stopped";
    private final MachineParameters parameters;
    private final Told told;
    private final Map<String, Reported> reports;

    /** @param reports of all machines that are not gone, whatever their generation */
    Ec2Orders(MachineParameters parameters, Told told, Map<String, Reported> reports) {
        this.parameters = parameters;
        this.told = told;
        this.reports = reports;
    }

    /** Id of the machine whose Sidekiqs are to run. */
    Optional<String> works() {
        return Optional.of(told.desired().sidekiq()).filter(id -> !id.equals(NOBODY));
    }

    /** Those on which a Sidekiq runs, by their own words. */
    List<String> working() {
        return reports.entrySet().stream().filter(one -> one.getValue().report().units().entrySet().stream().anyMatch(unit -> unit.getKey().startsWith(Machine.SIDEKIQ) && !STOPPED.equals(unit.getValue())))
                .map(Map.Entry::getKey).sorted().toList();
    }

    /** Whether a machine says that it has done what all were told last. */
    boolean isDone(String instance) {
        return report(instance).filter(one -> one.report().desired() == told.version()).isPresent();
    }

    /** Whether a machine has seen a later word than the parameter holds: then somebody wrote over it, and no machine does what it says. */
    boolean isOverwritten() {
        return highest() > told.desired().epoch();
    }

    private int highest() {
        return Stream.concat(Stream.of(told.desired().epoch()), reports.values().stream().map(one -> one.report().epoch())).flatMapToInt(IntStream::of).max().orElseThrow();
    }

    void start(String instance) {
        if (works().filter(instance::equals).isEmpty() || isOverwritten()) {
            parameters.write(told.desired().withSidekiq(instance, highest() + 1));
        }
    }

    /** Nobody's Sidekiq is to run any more. */
    Provisioned stop(String why) {
        parameters.write(told.desired().withSidekiq(NOBODY, highest() + 1));
        return new Provisioned.Working("Sidekiq was told to stop: " + why);
    }

    /** Has these units run once, each anew. */
    void once(Collection<String> units, String run) {
        var runs = new TreeMap<>(told.desired().once());
        units.forEach(unit -> runs.put(unit, run));
        parameters.write(told.desired().withOnce(runs));
    }

    /** Forgets runs, and what they said. */
    void forget(Collection<String> units) {
        var runs = new TreeMap<>(told.desired().once());
        if (runs.keySet().removeAll(units)) {
            parameters.write(told.desired().withOnce(runs));
        }
    }

    Told told() {
        return told;
    }

    Optional<Reported> report(String instance) {
        return Optional.ofNullable(reports.get(instance));
    }

    static OutsideException notTold() {
        return new OutsideException("The parameter that tells the machines what to do is gone. It is created anew when the migration goes on.", true);
    }
}
