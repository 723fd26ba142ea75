package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.control.Findings;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.sync.RedisPreflight;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import dev.mastodonmigration.worker.redis.wire.RoundTrip;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisException;

/** What an admin should know about Sidekiq's jobs on the source before any of them moves. Changes nothing. */
public final class JobsPreflight implements Findings.Check {
    private static final long MANY = 1_000_000;
    /** Of one long list, which both servers read page by page inside the freeze: on the careful side of what was measured over a local network. */
    private static final long BYTES_PER_SECOND = 40L << 20;

    private final List<String> served;

    private JobsPreflight(List<String> served) {
        this.served = served;
    }

    /** As the operator told the worker; which queues the target serves is not known where the processes stay where they are. */
    public static JobsPreflight of(Map<String, String> environment) {
        var queues = environment.getOrDefault(WorkerContext.ENV_SIDEKIQ_QUEUES, "");
        return new JobsPreflight(queues.isEmpty() ? List.of() : List.of(queues.split(",")));
    }

    @Override
    public Findings check(WorkerContext context) throws Refusal {
        var side = RedisSide.ofSidekiq(context);
        try (var source = side.open(context)) {
            return check(source, side.name(side.url(context)));
        } catch (IOException | JedisException told) {
            // RedisPreflight names a server that does not answer, and each command that it refuses.
            return Findings.NONE;
        }
    }

    private Findings check(Jedis source, String name) {
        var notes = new ArrayList<String>();
        JobsAside.forbidden(source, name).ifPresent(notes::add);
        var lengths = lengths(source);
        notServed(lengths, name).ifPresent(notes::add);
        lengths.stream().filter(length -> length.jobs() >= MANY).map(length -> many(source, name, length)).forEach(notes::add);
        return new Findings(ReturningJobs.leftover(source, name).stream().toList(), notes, Map.of());
    }

    private record Length(RedisKey key, long jobs) {}

    private static List<Length> lengths(Jedis source) {
        var keys = KeyNames.jobs(source);
        var trip = new RoundTrip(source);
        keys.forEach(key -> trip.send(new CommandArguments(KeyNames.isQueue(key) ? Command.LLEN : Command.ZCARD).key(key.bytes())));
        var answers = trip.answers();
        var lengths = new ArrayList<Length>();
        for (int i = 0; i < keys.size(); i++) {
            // What is of another type holds no jobs.
            if (answers.get(i) instanceof Long jobs && jobs > 0) {
                lengths.add(new Length(keys.get(i), jobs));
            }
        }
        return lengths;
    }

    private Optional<String> notServed(List<Length> lengths, String name) {
        var waiting = lengths.stream().filter(length -> KeyNames.isQueue(length.key()) && !served.contains(KeyNames.queue(length.key()))).toList();
        return served.isEmpty() || waiting.isEmpty() ? Optional.empty() : Optional.of(name + " holds jobs in queues that no Sidekiq of the target will serve: "
                + waiting.stream().map(length -> length.jobs() + " in " + KeyNames.queue(length.key())).collect(Collectors.joining(", "))
                + ". They move, and then wait until one does. Add these queues to an entry under spec.target.compute.kubernetes.sidekiq, or delete the jobs if nobody needs them.");
    }

    private static String many(Jedis source, String name, Length length) {
        var bytes = bytes(source, length.key());
        return name + ": " + length.key() + " holds " + length.jobs() + " jobs" + (bytes > 0 ? " (about " + Math.ceilDiv(bytes, 1L << 20) + " MiB), which takes about "
                + Math.max(1, bytes / BYTES_PER_SECOND) + " s of the freeze to prove" : ", which are proved inside the freeze") + ", because jobs are compared one by one whatever was"
                + " proved before. Let Sidekiq work them off first, or delete those that nobody needs.";
    }

    private static long bytes(Jedis source, RedisKey key) {
        try {
            return source.memoryUsage(key.bytes());
        } catch (JedisException notAllowed) {
            return 0;
        }
    }
}
