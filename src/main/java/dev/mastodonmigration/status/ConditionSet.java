package dev.mastodonmigration.status;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Conditions by type. A transition time moves only when the status does, not with the message. */
final class ConditionSet {
    private final List<Condition> conditions;
    private final Instant now;
    private final long generation;

    ConditionSet(List<Condition> before, Instant now, long generation) {
        this.conditions = new ArrayList<>(before);
        this.now = now;
        this.generation = generation;
    }

    ConditionSet set(String type, boolean holds, String reason, String message) {
        var status = holds ? "True" : "False";
        var before = conditions.stream().filter(condition -> condition.getType().equals(type)).findFirst();
        var since = before.filter(condition -> Objects.equals(condition.getStatus(), status)).map(Condition::getLastTransitionTime)
                .orElseGet(() -> now.truncatedTo(ChronoUnit.SECONDS).toString());
        var after = new ConditionBuilder().withType(type).withStatus(status).withReason(reason).withMessage(message)
                .withLastTransitionTime(since).withObservedGeneration(generation).build();
        before.ifPresentOrElse(condition -> conditions.set(conditions.indexOf(condition), after), () -> conditions.add(after));
        return this;
    }

    /** For conditions that exist only while they are true, as kstatus wants Reconciling and Stalled. */
    ConditionSet setOnlyIf(String type, boolean holds, String reason, String message) {
        if (holds) {
            return set(type, true, reason, message);
        }
        return remove(type);
    }

    ConditionSet remove(String type) {
        conditions.removeIf(condition -> condition.getType().equals(type));
        return this;
    }

    List<Condition> toList() {
        return conditions;
    }
}
