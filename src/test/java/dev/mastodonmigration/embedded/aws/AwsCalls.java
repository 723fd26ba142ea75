package dev.mastodonmigration.embedded.aws;

import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;

/** Every call that came, in order: for counting, for holding a policy against, and for searching secrets where none belong. */
public final class AwsCalls {
    private final List<RecordedCall> recorded = new CopyOnWriteArrayList<>();

    void add(RecordedCall call) {
        recorded.add(call);
    }

    /** Forgets those that came so far. */
    public void clear() {
        recorded.clear();
    }

    public List<RecordedCall> all() {
        return List.copyOf(recorded);
    }

    /** Those of one action, as {@code rds:CreateDBInstance}. */
    public List<RecordedCall> of(String name) {
        return recorded.stream().filter(call -> call.call().name().equals(name)).toList();
    }

    public int count(String name) {
        return of(name).size();
    }

    public Optional<RecordedCall> last(String name) {
        return of(name).stream().reduce((first, second) -> second);
    }

    /** The names of all actions that were asked for, as a policy lists them. */
    public SortedSet<String> names() {
        var names = new TreeSet<String>();
        recorded.forEach(call -> names.add(call.call().name()));
        return names;
    }

    /** Those that AWS was asked to change something with, in order. */
    public List<RecordedCall> changes() {
        return recorded.stream().filter(call -> call.call().isChange()).toList();
    }

    /** Calls in which this text stands: in the body, a form's value or the path. */
    public List<RecordedCall> containing(String text) {
        return recorded.stream().filter(call -> call.call().body().contains(text) || call.call().target().contains(text)
                || call.call().parameters().values().stream().anyMatch(value -> value.contains(text))).toList();
    }
}
