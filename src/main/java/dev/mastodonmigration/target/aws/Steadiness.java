package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.outside.Provisioned;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Counts how many looks in a row found an instance ready: a new one is available, backs up, is modified, and is available again
 * (hashicorp/terraform-provider-aws waits for three times, 10 s apart). Kept in memory: a restart of the operator only makes it count anew, and so wait longer.
 */
final class Steadiness {
    static final int WANTED = 3;
    private static final Duration BELIEVED = Duration.ofMinutes(1);
    private final Map<String, Answer> answers = new ConcurrentHashMap<>();
    private final Map<String, Seen> seen = new ConcurrentHashMap<>();
    private final InstantSource clock;
    private final Duration apart;

    private record Seen(int looks, Instant last) {}

    private record Answer(Provisioned.Ready said, Instant at) {}

    Steadiness(InstantSource clock, Duration apart) {
        this.clock = clock;
        this.apart = apart;
    }

    /** It was ready. @return how many looks in a row have found it so, those closer to the last than they should be apart not counted */
    int ready(String uid) {
        var now = clock.instant();
        return seen.compute(uid, (key, before) -> before == null ? new Seen(1, now) : now.isBefore(before.last().plus(apart)) ? before : new Seen(before.looks() + 1, now)).looks();
    }

    /** It was found ready, with all that belongs to it, and this was said of it. */
    Provisioned.Ready whole(String uid, Provisioned.Ready said) {
        answers.put(uid, new Answer(said, clock.instant()));
        return said;
    }

    /** What was said of it when it was last found ready, if that is not long ago: while it waits for something else it need not be asked for with each look. */
    Optional<Provisioned> wholeLately(String uid) {
        return Optional.ofNullable(answers.get(uid)).filter(answer -> clock.instant().isBefore(answer.at().plus(BELIEVED))).map(Answer::said);
    }

    /** It was not. */
    void broken(String uid) {
        seen.remove(uid);
        answers.remove(uid);
    }
}
