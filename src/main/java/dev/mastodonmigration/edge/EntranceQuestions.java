package dev.mastodonmigration.edge;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.edge.EntranceProbe.Fault;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Has entrances asked beside whatever else goes on, because that takes minutes, and keeps each answer for whoever comes back for it. In memory alone: a new operator asks again. */
public final class EntranceQuestions {
    private record Asked(Entrance entrance, CompletableFuture<List<Fault>> answer) {}

    /** Longer than all questions together, if each of them is answered at its last moment. */
    private static final Duration LONGEST = Duration.ofMinutes(15);
    private final Map<String, Asked> asked = new ConcurrentHashMap<>();
    private final EntranceProbe probe;

    public EntranceQuestions(EntranceProbe probe) {
        this.probe = probe;
    }

    /** What is wrong with it; empty while that is being found out. Who has had the answer and comes again has it asked anew. @param who the migration's uid */
    public Optional<List<Fault>> ask(String who, Entrance entrance) {
        var question = asked.compute(who, (uid, known) -> known != null && known.entrance().equals(entrance) ? known : begin(entrance));
        if (!question.answer().isDone()) {
            return Optional.empty();
        }
        asked.remove(who, question);
        return Optional.of(question.answer().join());
    }

    private Asked begin(Entrance entrance) {
        return new Asked(entrance, CompletableFuture.supplyAsync(() -> probe.faults(entrance), task -> Thread.ofVirtual().name("entrance").start(task)).orTimeout(LONGEST.toMinutes(), TimeUnit.MINUTES)
                .exceptionally(unexpected -> List.of(new Fault("way", Severity.Warning, "Whether " + entrance.name() + " lets through what Mastodon needs could not be found out: " + unexpected + "."))));
    }
}
