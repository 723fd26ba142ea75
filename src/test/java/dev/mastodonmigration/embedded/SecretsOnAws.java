package dev.mastodonmigration.embedded;

import dev.mastodonmigration.embedded.aws.AwsCalls;
import dev.mastodonmigration.embedded.aws.RecordedCall;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Holds every request to AWS against every secret: each may stand in those that need it and in no other, and user-data, which many may read, has none. */
final class SecretsOnAws {
    private static final String PARAMETER = "ssm:PutParameter";

    /** @param places names of the calls that it belongs to; none where AWS has no business with it */
    private record Kept(String value, Set<String> places) {}

    private final Map<String, Kept> secrets = new LinkedHashMap<>();

    /** One that machines read from Parameter Store, and that is set with these calls beside. */
    SecretsOnAws ofMachines(String what, String value, String... alsoIn) {
        var places = new ArrayList<>(List.of(alsoIn));
        places.add(PARAMETER);
        secrets.put(what, new Kept(value, Set.copyOf(places)));
        return this;
    }

    /** One that stays where the instance is. */
    SecretsOnAws notForAws(String what, String value) {
        secrets.put(what, new Kept(value, Set.of()));
        return this;
    }

    /** One line for each place in which a secret stands and does not belong, or is missing from where it does; none holds a secret. */
    List<String> complaints(AwsCalls calls, List<String> userData) {
        var complaints = new ArrayList<String>();
        secrets.forEach((what, secret) -> {
            var holding = calls.containing(secret.value());
            holding.stream().filter(call -> !belongs(call, secret)).forEach(call -> complaints.add(what + " stands in " + call.call().name()));
            secret.places().stream().filter(place -> holding.stream().noneMatch(call -> call.call().name().equals(place))).forEach(place -> complaints.add(what + " was sent by no " + place));
            userData.stream().filter(text -> text.contains(secret.value())).forEach(text -> complaints.add(what + " stands in the user-data of machines"));
        });
        return List.copyOf(complaints);
    }

    /** In Parameter Store it is encrypted, or readable by everybody who may read a String. */
    private static boolean belongs(RecordedCall call, Kept secret) {
        return secret.places().contains(call.call().name()) && (!call.call().name().equals(PARAMETER) || call.call().body().contains("\"SecureString\""));
    }

    int count() {
        return secrets.size();
    }
}
