package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Follows a large list that is used as a queue: what was pushed and popped at its two ends is seen by comparing these with the target's, and done there too.
 * What happens in the middle shows in the length at most, so such a list is proved from end to end when the source is closed, and brought whole where it differs;
 * that proof makes it exact, not what is seen here. Each look reads the list in one transaction, so that length and ends are of one moment.
 */
final class ListByEnds {
    private static final int FIRST_WINDOW = 64;
    private static final int WIDER = 8;
    /** The most elements of an end that are looked at, in pages. */
    private static final int MOST_PAGES = 4;
    /** A list that has to be brought whole may take this part of the time. */
    static final int REST_PER_WORK = 10;

    /** The source does not show the list: it became another type meanwhile, or no transactions are allowed there. */
    private static final class NotShown extends RuntimeException {
        private static final long serialVersionUID = 1L;

        NotShown(JedisDataException cause) {
            super(cause);
        }
    }

    private final Jedis source;
    private final GuardedWriter target;
    private final LargeKeys around;
    private final Map<RedisKey, Long> wholeNotBefore = new HashMap<>();

    ListByEnds(Jedis source, GuardedWriter target, LargeKeys around) {
        this.source = source;
        this.target = target;
        this.around = around;
    }

    private record Ends(long length, List<byte[]> head, List<byte[]> tail) {
        static Ends of(List<Object> looked) {
            return new Ends((long) looked.get(0), elements(looked.get(1)), elements(looked.get(2)));
        }
    }

    private record Step(Shift head, Shift tail) {
        boolean isNone() {
            return head.removed() + head.added() + tail.removed() + tail.added() == 0;
        }
    }

    /**
     * Brings a list that does not expire.
     *
     * @param bytes about how large it is
     * @return for how many nanoseconds it is to rest; empty when it cannot be followed like this, and nothing was done
     */
    Optional<Long> bring(RedisKey key, long bytes) throws Refusal, IOException {
        var started = System.nanoTime();
        try {
            var page = ValueCopy.page(bytes, (long) shown(new CommandArguments(Command.LLEN).key(key.bytes())).getFirst());
            if (page < Shift.LEAST_IN_COMMON) {
                return Optional.empty();
            }
            around.followed(key);
            if (follow(key, page)) {
                return Optional.of(REST_PER_WORK * (System.nanoTime() - started));
            }
            var wait = wholeNotBefore.getOrDefault(key, started) - started;
            if (wait > 0 && around.mayRest()) {
                return Optional.of(wait);
            }
            copy(key, page);
            var cost = System.nanoTime() - started;
            wholeNotBefore.put(key, System.nanoTime() + REST_PER_WORK * cost);
            return Optional.of(0L);
        } catch (NotShown e) {
            return Optional.empty();
        }
    }

    /** False when the two lists have not enough in common. */
    private boolean follow(RedisKey key, int page) throws Refusal, IOException {
        if (target.jedis().pttl(key.bytes()) != KeyState.NEVER || !target.jedis().type(key.bytes()).equals("list")) {
            return false;
        }
        for (int window = Math.min(FIRST_WINDOW, page); window <= MOST_PAGES * page; window *= WIDER) {
            var now = Ends.of(shown(ends(key, window)));
            var before = Ends.of(answers(target.jedis(), ends(key, window)));
            if (Math.min(now.length, before.length) < 2L * window) {
                return false;
            }
            var step = step(before, now);
            if (step.isPresent()) {
                return (!step.get().isNone() || !around.isSuspect(key)) && apply(key, step.get(), now);
            }
        }
        return false;
    }

    private static Optional<Step> step(Ends before, Ends now) {
        return Shift.between(before.head, now.head)
                .flatMap(head -> Shift.between(before.tail.reversed(), now.tail.reversed()).map(tail -> new Step(head, tail)))
                .filter(step -> now.length == before.length + step.head.growth() + step.tail.growth());
    }

    private boolean apply(RedisKey key, Step step, Ends now) throws Refusal, IOException {
        trim(key, step.head.removed(), step.tail.removed());
        push(Command.LPUSH, key, now.head.subList(0, step.head.added()).reversed());
        push(Command.RPUSH, key, now.tail.subList(now.tail.size() - step.tail.added(), now.tail.size()));
        target.flush();
        return true;
    }

    private void trim(RedisKey key, long head, long tail) {
        if (head + tail > 0) {
            target.write(Command.LTRIM, key, List.of(ValueCopy.ascii(head), ValueCopy.ascii(-1 - tail)));
        }
    }

    private void push(Command command, RedisKey key, List<byte[]> elements) {
        if (!elements.isEmpty()) {
            target.write(command, key, elements);
        }
    }

    /**
     * Brings all of a list in use, from its head on: what was pushed and popped there since the last page is done on the target first, so that each page
     * goes on where the one before ended. Where the list changes too fast for that, the target has a part of it, and the next look finds that they differ.
     */
    private void copy(RedisKey key, int page) throws Refusal, IOException {
        target.remove(key);
        target.flush();
        var window = Math.min(FIRST_WINDOW, page);
        List<byte[]> head = List.of();
        for (long copied = 0;;) {
            var from = Math.max(0, copied - window);
            var looked = shown(new CommandArguments(Command.LLEN).key(key.bytes()), range(key, 0, window - 1L), range(key, from, copied + page - 1));
            var length = (long) looked.get(0);
            var now = elements(looked.get(1));
            var shift = copied == 0 ? Optional.of(new Shift(0, 0)) : Shift.between(head, now);
            if (shift.isEmpty() || copied + shift.get().growth() < from) {
                if (window == MOST_PAGES * page) {
                    return;
                }
                window = Math.min(window * WIDER, MOST_PAGES * page);
                head = target.jedis().lrange(key.bytes(), 0, window - 1L);
                continue;
            }
            trim(key, shift.get().removed(), 0);
            push(Command.LPUSH, key, now.subList(0, shift.get().added()).reversed());
            copied += shift.get().growth();
            if (copied > length) {
                trim(key, 0, copied - length);
                copied = length;
            }
            var read = elements(looked.get(2));
            var next = read.subList(Math.clamp(copied - from, 0, read.size()), read.size());
            push(Command.RPUSH, key, next);
            target.flush();
            copied += next.size();
            if (copied == length) {
                return;
            }
            head = now;
            around.between();
        }
    }

    private static CommandArguments[] ends(RedisKey key, int window) {
        return new CommandArguments[] {new CommandArguments(Command.LLEN).key(key.bytes()), range(key, 0, window - 1L), range(key, -window, -1)};
    }

    private static CommandArguments range(RedisKey key, long from, long to) {
        return new CommandArguments(Command.LRANGE).key(key.bytes()).add(from).add(to);
    }

    /** What the source says of the list, all of one moment. */
    private List<Object> shown(CommandArguments... reads) {
        var trip = new RoundTrip(source);
        trip.send(new CommandArguments(Command.MULTI));
        for (var read : reads) {
            trip.send(read);
        }
        trip.send(new CommandArguments(Command.EXEC));
        var answers = trip.answers();
        try {
            RoundTrip.orThrow(answers.getFirst());
            return ((List<?>) RoundTrip.orThrow(answers.getLast())).stream().map(RoundTrip::orThrow).toList();
        } catch (JedisDataException e) {
            if (ReplicationLanes.mayPass(e)) {
                throw e;
            }
            throw new NotShown(e);
        }
    }

    /** Without a transaction, which would end the writer's watch of the marker; nobody else writes there. */
    private static List<Object> answers(Jedis target, CommandArguments... reads) {
        var trip = new RoundTrip(target);
        for (var read : reads) {
            trip.send(read);
        }
        return trip.answers().stream().map(RoundTrip::orThrow).toList();
    }

    private static List<byte[]> elements(Object answer) {
        return ((List<?>) answer).stream().map(element -> (byte[]) element).toList();
    }
}
