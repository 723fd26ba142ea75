package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What of a database is there now: said wherever it is not, or not yet, removed, because it costs money.
 *
 * @param there   stands, and is ours
 * @param gone    does not, or is not ours
 * @param unknown may stand: it could not be looked at
 * @param why     it could not
 */
record Remains(List<String> there, List<String> gone, List<String> unknown, Optional<String> why) {
    /**
     * Asks AWS no further once it has refused: that costs time, and the next answer would be the same.
     *
     * @param names of all that there may be on AWS
     * @param onAws the same; throws when AWS cannot be asked at all
     */
    static Remains of(List<String> names, Supplier<List<Standing>> onAws, DatabaseSecret secret) {
        var there = new ArrayList<String>();
        var gone = new ArrayList<String>();
        var unknown = new ArrayList<>(names);
        Optional<String> why = Optional.empty();
        try {
            for (var thing : onAws.get()) {
                thing.standing().ifPresentOrElse(there::add, () -> gone.add(thing.named()));
                unknown.remove(thing.named());
            }
        } catch (OutsideException refused) {
            why = Optional.of(refused.getMessage());
        }
        try {
            secret.standing().ifPresentOrElse(there::add, () -> gone.add(secret.named()));
        } catch (OutsideException refused) {
            unknown.add(secret.named());
            why = why.or(() -> Optional.of(refused.getMessage()));
        }
        return new Remains(there, gone, unknown, why);
    }

    private boolean isNothing() {
        return there.isEmpty() && unknown.isEmpty();
    }

    /** Where spec.aws.deletionPolicy lets it stay. @param hint how to delete it, in a sentence without a full stop; empty where there is nothing to say */
    Provisioned retained(String hint) {
        if (isNothing()) {
            return new Provisioned.Ready("Nothing of this migration is on AWS: there is no " + String.join(", no ", gone));
        }
        return new Provisioned.Left("spec.aws.deletionPolicy is not Delete, so what was created stays, and costs money: " + stays() + why.map(reason -> " (the operator could not look: " + withoutStop(reason) + ")").orElse("") + (gone.isEmpty() ? "" : ". Deleted already, or never created: " + String.join(", ", gone))
                + (hint.isEmpty() ? "" : ". " + hint));
    }

    /** Where it is to go, and did not go yet; empty where nothing is there. */
    Optional<String> waiting() {
        return isNothing() ? Optional.empty() : Optional.of("Until then this stays, and costs money: " + stays() + ".");
    }

    private String stays() {
        var known = String.join(", ", there);
        return unknown.isEmpty() ? known : known + (known.isEmpty() ? "" : ", and ") + "whatever was created of " + String.join(", ", unknown);
    }

    private static String withoutStop(String sentence) {
        return sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
    }
}
