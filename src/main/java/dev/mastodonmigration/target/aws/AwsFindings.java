package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import java.util.List;
import java.util.function.Supplier;

/** Looks one after the other, of which a refusal of one does not hide what the others find. */
final class AwsFindings {
    private AwsFindings() {}

    /** @throws OutsideException when AWS did not answer: then nothing is known yet */
    static Findings tried(Supplier<Findings> look) {
        try {
            return look.get();
        } catch (OutsideException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            return blocker(refused.getMessage());
        }
    }

    static Findings blocker(String message) {
        return new Findings(List.of(message), List.of());
    }

    static Findings note(String message) {
        return new Findings(List.of(), List.of(message));
    }
}
