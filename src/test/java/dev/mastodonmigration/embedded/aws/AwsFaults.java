package dev.mastodonmigration.embedded.aws;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** The faults that are planted, each for one call to come. */
public final class AwsFaults {
    private static final class Planted {
        final Predicate<AwsCall> which;
        final AwsFault fault;
        int left;

        Planted(Predicate<AwsCall> which, int left, AwsFault fault) {
            this.which = which;
            this.left = left;
            this.fault = fault;
        }
    }

    private final List<Planted> planted = new ArrayList<>();

    /** For the next call of an action, as {@code rds:CreateDBInstance}. */
    public void next(String name, AwsFault fault) {
        nth(1, name, fault);
    }

    /** For the n-th call of an action, counted from now. */
    public void nth(int n, String name, AwsFault fault) {
        plant(n, call -> call.name().equals(name), fault);
    }

    /** For the n-th call of all, counted from now. */
    public void nthOfAll(int n, AwsFault fault) {
        plant(n, call -> true, fault);
    }

    /** For the n-th call that changes something, counted from now. */
    public void nthChange(int n, AwsFault fault) {
        plant(n, call -> !call.action().matches("(Describe|Get|List|Simulate|Lookup|Search|Test).*"), fault);
    }

    private synchronized void plant(int n, Predicate<AwsCall> which, AwsFault fault) {
        planted.add(new Planted(which, n, fault));
    }

    /** How many have not had their call yet. */
    public synchronized int waiting() {
        return planted.size();
    }

    /** The first fault whose call this is. All of them count it. */
    synchronized Optional<AwsFault> take(AwsCall call) {
        var due = new ArrayList<Planted>();
        for (var one : planted) {
            if (one.which.test(call) && --one.left <= 0) {
                due.add(one);
            }
        }
        due.stream().findFirst().ifPresent(planted::remove);
        return due.stream().findFirst().map(one -> one.fault);
    }

    synchronized void clear() {
        planted.clear();
    }
}
