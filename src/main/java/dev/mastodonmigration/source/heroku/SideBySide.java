package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.outside.OutsideException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Asks about several things at once: Heroku takes its time for each call, and users wait meanwhile. Each on a thread of its own, because on two cores the common
 * pool of the JVM has one thread and would do them one after the other.
 */
final class SideBySide {
    private SideBySide() {}

    static void each(List<String> names, Consumer<String> act) {
        all(names, name -> {
            act.accept(name);
            return name;
        });
    }

    /**
     * The answers in the order of the names. One that is refused does not keep the others from being carried out.
     *
     * @throws OutsideException the refusal that waiting does not lift, if there is one; otherwise the first
     */
    static <T> List<T> all(List<String> names, Function<String, T> act) {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            return answers(names, threads, names.stream().map(name -> threads.submit(() -> act.apply(name))).toList());
        }
    }

    private static <T> List<T> answers(List<String> names, ExecutorService threads, List<Future<T>> pending) {
        var answers = new ArrayList<T>();
        Optional<OutsideException> refusal = Optional.empty();
        for (var each : pending) {
            try {
                answers.add(each.get());
            } catch (ExecutionException e) {
                var told = told(e.getCause());
                refusal = refusal.filter(before -> !before.mayPass() || told.mayPass()).or(() -> Optional.of(told));
            } catch (InterruptedException e) {
                threads.shutdownNow();
                throw HerokuCalls.interrupted(String.join(", ", names));
            }
        }
        if (refusal.isPresent()) {
            throw refusal.get();
        }
        return answers;
    }

    private static OutsideException told(Throwable cause) {
        return switch (cause) {
            case OutsideException outside -> outside;
            case RuntimeException fault -> throw fault;
            case Error fault -> throw fault;
            default -> throw new IllegalStateException(cause);
        };
    }
}
