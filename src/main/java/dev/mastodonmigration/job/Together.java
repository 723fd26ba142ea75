package dev.mastodonmigration.job;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** Does the same to several at the same time: inside the freeze, one that is slow must not add to another. */
final class Together {
    private Together() {}

    /** In the order given; the first failure is thrown once all have ended. */
    static <T, R> List<R> each(List<T> items, Function<T, R> act) {
        if (items.size() == 1) {
            return List.of(act.apply(items.getFirst()));
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var under = items.stream().map(item -> CompletableFuture.supplyAsync(() -> act.apply(item), threads)).toList();
            return under.stream().map(CompletableFuture::join).toList();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }
}
