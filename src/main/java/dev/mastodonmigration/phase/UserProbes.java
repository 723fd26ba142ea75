package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.probe.Endpoint;
import dev.mastodonmigration.probe.InstanceNames;
import dev.mastodonmigration.probe.Probes;
import dev.mastodonmigration.status.Fact;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/**
 * Asks the instance on the target what its users ask: where it runs, and where DNS leads users, as far as that is ours; and whether Sidekiq does its jobs, wherever it runs. The target takes writes by then, so nothing is
 * taken back, whatever comes: what still does not answer when patience is over is the admin's to look at, and the migration goes on.
 */
final class UserProbes {
    private static final String FINDING = "probe-";
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    /** Mastodon refuses a stranger more than 300 calls in five minutes (config/initializers/rack_attack.rb); two of the probes count. */
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(3);
    /** Each may wait for its slowest answer, and meanwhile nothing else is looked at. */
    private static final Duration BETWEEN_LATER_LOOKS = Duration.ofMinutes(5);
    private static final Duration WHILE_ASKING = Duration.ofMillis(500);
    /** Sidekiq is given the time of a heartbeat, and its Redis that of a connection. */
    private static final Duration LONGEST_LOOK = Duration.ofMinutes(1);
    private static final String STANDS_IN_FRONT = " Where it runs it answers as it should, so look at what stands in front of it.";
    /** Some load balancers do not let pods behind them come back in by their own address. */
    private static final String IN_FRONT_OR_NOT_REACHED = " Where it runs it answers, so look at what stands in front of it; and ask it from outside the cluster: it may be only the operator that cannot reach it by that way.";
    private final PhaseContext context;

    UserProbes(PhaseContext context) {
        this.context = context;
    }

    /** One look. @param since when everything runs */
    StepResult look(Instant since) {
        var asked = new SidekiqLook(context).answer();
        if (asked.isEmpty() && context.now().isBefore(since.plus(PATIENCE).plus(LONGEST_LOOK))) {
            return new StepResult.Working(serving() + ". Sidekiq is asked whether it does its jobs", WHILE_ASKING);
        }
        var sidekiq = asked.orElseGet(SidekiqLook.Answer::none);
        var faults = faults(sidekiq);
        if (!faults.isEmpty() && context.now().isBefore(since.plus(PATIENCE))) {
            return new StepResult.Working(serving() + ". Not everything answers users yet: " + faults.values().iterator().next().message() + (faults.size() > 1 ? " And " + (faults.size() - 1) + " more." : ""), BETWEEN_LOOKS);
        }
        tell(faults);
        return new StepResult.Done(faults.isEmpty() ? serving() + (context.computeStays() ? "" : ", and answer what users ask") + ". " + sidekiq.words()
                : serving() + ". Not everything answers users as it should: " + faults.values().stream().map(Fact.Found::message).collect(Collectors.joining(" ")));
    }

    private String serving() {
        return context.computeStays() ? context.source().name() + " runs as before, with the new databases" : "Web, streaming and Sidekiq run on the target";
    }

    /** Asks every few minutes while something that was found is not settled. It may wait for an answer, so what is urgent comes before it. @return as {@link #lastTime} */
    boolean again() {
        var last = Optional.ofNullable(context.status().internal.probedAt).map(Instant::parse);
        return last.isPresent() && context.now().isBefore(last.get().plus(BETWEEN_LATER_LOOKS)) || lastTime();
    }

    /** Asks what was found and is not settled, because nobody asks after this. @return whether nothing is being asked any more: Sidekiq's answer takes some seconds */
    boolean lastTime() {
        if (context.status().findings.stream().noneMatch(finding -> finding.id.startsWith(FINDING))) {
            return true;
        }
        var sidekiq = new SidekiqLook(context).answer();
        sidekiq.ifPresent(answer -> tell(faults(answer)));
        return sidekiq.isPresent();
    }

    private void tell(Map<String, Fact.Found> faults) {
        if (!faults.isEmpty()) {
            context.tell(new Fact.Probed());
        }
        context.status().findings.stream().filter(known -> known.id.startsWith(FINDING) && !faults.containsKey(known.id)).forEach(known -> context.tell(new Fact.Settled(known.id)));
        faults.values().forEach(context::tell);
    }

    /** By id of the finding. */
    private Map<String, Fact.Found> faults(SidekiqLook.Answer sidekiq) {
        var faults = new LinkedHashMap<String, Fact.Found>();
        if (!context.computeStays()) {
            askUsersQuestions(faults);
        }
        sidekiq.fault().ifPresent(fault -> put(faults, FINDING + "sidekiq", sidekiq.severity(), fault));
        return faults;
    }

    private void askUsersQuestions(Map<String, Fact.Found> faults) {
        try {
            var compute = context.compute().flatMap(running -> running.endpoint());
            var users = byPublicName().filter(way -> !compute.equals(Optional.of(way)));
            // Side by side: each waits for its slowest answer.
            var direct = compute.map(this::ask);
            var byName = users.map(this::ask);
            direct.ifPresent(asked -> asked.join().forEach(fault -> put(faults, FINDING + fault.probe().id(), Severity.Action, fault.message())));
            var there = Set.copyOf(faults.keySet());
            byName.ifPresent(asked -> asked.join().forEach(fault -> {
                var answersThere = direct.isPresent() && !there.contains(FINDING + fault.probe().id());
                put(faults, FINDING + "public-" + fault.probe().id(), answersThere && !fault.answered() ? Severity.Warning : Severity.Action, fault.message() + (!answersThere ? "" : fault.answered() ? STANDS_IN_FRONT : IN_FRONT_OR_NOT_REACHED));
            }));
        } catch (OutsideException unknown) {
            put(faults, FINDING + "address", Severity.Action, "Whether the instance answers users on the target could not be asked, because where it runs is not known: " + unknown.getMessage());
        }
    }

    private static void put(Map<String, Fact.Found> faults, String id, Severity severity, String message) {
        faults.put(id, new Fact.Found(id, severity, message));
    }

    private CompletableFuture<List<Probes.Fault>> ask(Endpoint endpoint) {
        return CompletableFuture.supplyAsync(() -> context.outside().probes().faults(endpoint, InstanceNames.of(context.spec())), task -> Thread.ofVirtual().start(task));
    }

    private Optional<Endpoint> byPublicName() {
        var names = InstanceNames.of(context.spec());
        return context.edge().map(edge -> Endpoint.overTls(host(edge.address(names.web())), host(edge.address(names.streaming()))));
    }

    /** Of several addresses one is enough: each was asked before DNS led there. */
    private static String host(FrontAddress address) {
        return switch (address) {
            case FrontAddress.Named named -> named.name();
            case FrontAddress.Fixed fixed -> fixed.addresses().getFirst();
        };
    }
}
