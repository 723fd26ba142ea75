package dev.mastodonmigration.edge;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.edge.EntranceProbe.Fault;
import dev.mastodonmigration.edge.EntranceProbe.Question;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Has entrances asked beside whatever else goes on, because that takes minutes, and keeps each answer for whoever comes back for it. In memory alone: a new operator asks again. */
public final class EntranceQuestions {
    private record Asked(Entrance entrance, CompletableFuture<List<Fault>> answer) {
        /** What is to be asked again: what was fine there stays fine. Not where the way there was wrong, which may lead to another one by then. */
        Set<Question> wrong() {
            var faults = answer.join().stream().map(Fault::about).collect(Collectors.toSet());
            var wrong = ALL.stream().filter(question -> faults.contains(question.about())).collect(Collectors.toSet());
            return wrong.isEmpty() || wrong.size() < faults.size() ? ALL : wrong;
        }
    }

    /** Longer than all questions together, if each of them is answered at its last moment. */
    private static final Duration LONGEST = Duration.ofMinutes(15);
    private static final Set<Question> ALL = EnumSet.allOf(Question.class);
    private final Map<String, Asked> asked = new ConcurrentHashMap<>();
    /** The last answers that were had, where something was wrong. */
    private final Map<String, Asked> answered = new ConcurrentHashMap<>();
    private final EntranceProbe probe;

    public EntranceQuestions(EntranceProbe probe) {
        this.probe = probe;
    }

    /** What is wrong with it; empty while that is being found out. Who has had the answer and comes again has it asked anew, what was wrong alone. @param who the migration's uid */
    public Optional<List<Fault>> ask(String who, Entrance entrance) {
        var question = asked.compute(who, (uid, known) -> known != null && known.entrance().equals(entrance) ? known : begin(entrance, Optional.ofNullable(answered.get(who)).filter(before -> before.entrance().equals(entrance)).map(Asked::wrong).orElse(ALL)));
        if (!question.answer().isDone()) {
            return Optional.empty();
        }
        asked.remove(who, question);
        var faults = question.answer().join();
        answered.compute(who, (uid, before) -> faults.isEmpty() ? null : question);
        return Optional.of(faults);
    }

    private Asked begin(Entrance entrance, Set<Question> questions) {
        return new Asked(entrance, CompletableFuture.supplyAsync(() -> probe.faults(entrance, questions), task -> Thread.ofVirtual().name("entrance").start(task)).orTimeout(LONGEST.toMinutes(), TimeUnit.MINUTES)
                .exceptionally(unexpected -> List.of(new Fault("way", Severity.Warning, "Whether " + entrance.name() + " lets through what Mastodon needs could not be found out: " + unexpected + "."))));
    }
}
