package dev.mastodonmigration.embedded.aws;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.w3c.dom.Element;

/** One instance between what was asked of it and what has come of it: moto's own has always done it at once. */
final class RdsInstance {
    static final String PASSWORD = "MasterUserPassword";
    private static final String IN_SYNC = "in-sync";
    private static final String APPLYING = "applying";
    private static final String PENDING_REBOOT = "pending-reboot";

    private final Deque<String> ahead;
    private String status = "creating";
    /** Waits for the maintenance window, which no test lives to see. */
    private final Map<String, String> postponed = new LinkedHashMap<>();
    /** Is done at the last of the statuses ahead; new storage is there already while it is optimised. */
    private final Map<String, String> underWay = new LinkedHashMap<>();
    private Optional<String> parameterGroup;
    private String applyStatus = IN_SYNC;
    private int looksUntilInSync;

    RdsInstance(Optional<String> parameterGroup, List<String> statuses) {
        this.parameterGroup = parameterGroup;
        this.ahead = new ArrayDeque<>(statuses);
    }

    String status() {
        return status;
    }

    boolean hasParameterGroup(String name) {
        return parameterGroup.map(name::equalsIgnoreCase).orElse(false);
    }

    /** From the next look on. */
    void goThrough(List<String> statuses) {
        ahead.clear();
        ahead.addAll(statuses);
    }

    void postpone(Map<String, String> changes) {
        postponed.putAll(changes);
    }

    /** Begins changes. */
    void begin(Map<String, String> changes, RdsStatuses statuses) {
        if (!changes.isEmpty()) {
            underWay.putAll(changes);
            goThrough(statuses.after(underWay.keySet()));
        }
    }

    /** Takes what waits for the window, because a change that is to be made now takes it along. */
    Map<String, String> takePostponed() {
        var taken = new LinkedHashMap<>(postponed);
        postponed.clear();
        return taken;
    }

    /** A group that is attached later is in use after a reboot only. */
    void attach(String group) {
        if (!hasParameterGroup(group)) {
            parameterGroup = Optional.of(group);
            applyStatus = PENDING_REBOOT;
        }
    }

    /** Its parameter group was changed: static parameters wait for a reboot, dynamic ones take a few looks. */
    void parametersChanged(Set<String> applyMethods) {
        if (applyMethods.contains(PENDING_REBOOT)) {
            applyStatus = PENDING_REBOOT;
        } else if (!applyStatus.equals(PENDING_REBOOT)) {
            apply(1);
        }
    }

    void reboot(List<String> statuses) {
        goThrough(statuses);
        apply(statuses.size());
    }

    private void apply(int looks) {
        applyStatus = APPLYING;
        looksUntilInSync = looks;
    }

    /** One look. Returns the changes that are done with it. */
    Map<String, String> look() {
        Optional.ofNullable(ahead.poll()).ifPresent(next -> status = next);
        if (applyStatus.equals(APPLYING) && looksUntilInSync-- == 0) {
            applyStatus = IN_SYNC;
        }
        if (!ahead.isEmpty() && !status.equals("storage-optimization")) {
            return Map.of();
        }
        var done = Map.copyOf(underWay);
        underWay.clear();
        return done;
    }

    /** Puts its state into what moto says of it. */
    void show(Element instance) {
        Xml.set(instance, "DBInstanceStatus", status);
        if (status.equals("creating")) {
            Xml.remove(instance, "Endpoint");
        }
        var values = Xml.childOf(instance, "PendingModifiedValues");
        values.setTextContent("");
        postponed.forEach((name, value) -> Xml.set(values, name, value));
        underWay.forEach((name, value) -> Xml.set(values, name, name.equals(PASSWORD) ? "****" : value));
        Xml.all(instance, "ParameterApplyStatus").forEach(element -> element.setTextContent(applyStatus));
    }
}
