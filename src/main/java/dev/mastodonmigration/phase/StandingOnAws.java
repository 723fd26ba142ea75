package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.itinerary.StepResult;
import dev.mastodonmigration.outside.InAccount;
import dev.mastodonmigration.outside.OutsideException;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Says what still stands where a removal fails: it costs money, and is not forgotten while it cannot be removed. */
final class StandingOnAws {
    private static final String WAYS_OUT = " The operator goes on trying. To have it left to you instead, set spec.aws.deletionPolicy to Retain. In a namespace that is being deleted no Secret can be created:"
            + " edit the copy of the credentials there, the Secret whose name ends with -aws.";
    private final PhaseContext context;
    private final Supplier<Stream<? extends InAccount>> of;

    StandingOnAws(PhaseContext context, Supplier<Stream<? extends InAccount>> of) {
        this.context = context;
        this.of = of;
    }

    StepResult toldWith(Supplier<StepResult> removal) {
        try {
            return switch (removal.get()) {
                case StepResult.Retryable failed -> new StepResult.Retryable(failed.message() + words());
                case StepResult.Lost lost -> new StepResult.Lost(lost.message() + words());
                case StepResult.Refused refused -> new StepResult.Refused(refused.message() + words());
                case StepResult other -> other;
            };
        } catch (OutsideException e) {
            throw new OutsideException(e.getMessage() + words(), e.mayPass());
        }
    }

    private String words() {
        var remains = of.get().map(InAccount::remains).flatMap(Optional::stream).map(words -> " " + words).collect(Collectors.joining());
        return remains.isEmpty() || !SpecDefaults.deletesFromAws(context.spec()) ? remains : remains + WAYS_OUT;
    }
}
