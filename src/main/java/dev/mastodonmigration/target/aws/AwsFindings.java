package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

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

    /** Who we are to AWS. @param what will be created, as "RDS instance …" */
    static Findings identity(AwsApi api, String what) {
        var caller = AwsRefusals.asking(() -> api.sts().getCallerIdentity());
        return note("Provision creates " + what + " with its groups of the same name in AWS account " + caller.account() + ", region " + api.region() + ", as " + caller.arn() + ".");
    }

    /** Whether what stands under our names is ours. @param finds each refuses what is not */
    @SafeVarargs
    static Findings free(Supplier<Optional<?>>... finds) {
        return Stream.of(finds).map(find -> tried(() -> {
            find.get();
            return Findings.NONE;
        })).reduce(Findings.NONE, Findings::and);
    }

    static Findings blocker(String message) {
        return new Findings(List.of(message), List.of());
    }

    static Findings note(String message) {
        return new Findings(List.of(), List.of(message));
    }
}
