package dev.mastodonmigration.embedded.aws;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** The faults that are planted, each for one call to come, or for as long as a test wants. */
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

    private record Standing(Predicate<AwsCall> which, AwsFault fault) {}

    private final List<Planted> planted = new ArrayList<>();
    private final List<Standing> standing = new ArrayList<>();

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
        plant(n, AwsCall::isChange, fault);
    }

    /** For every such call, until {@link #clear}: credentials that have expired, a service that is down. */
    public synchronized void whenever(Predicate<AwsCall> which, AwsFault fault) {
        standing.add(new Standing(which, fault));
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
        return due.stream().findFirst().map(one -> one.fault).or(() -> standing.stream().filter(one -> one.which().test(call)).map(Standing::fault).findFirst());
    }

    /** Nothing goes wrong any more. */
    public synchronized void clear() {
        planted.clear();
        standing.clear();
    }
}
