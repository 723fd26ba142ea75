package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.Tuple;
import redis.clients.jedis.util.SafeEncoder;

/**
 * Jobs that came to the source after its last changes were taken. The gate on Postgres keeps a one-off dyno from writing there, but nothing keeps it from pushing
 * a job to Redis. Before the target opens no Sidekiq runs on either side, so what the source has and the target has not is late, and goes along.
 */
final class LateJobs {
    private static final int PAGE = 500;

    private final Jedis source;
    private final Jedis target;
    private final GuardedWriter writer;
    private final Map<RedisKey, Integer> found = new LinkedHashMap<>();

    private LateJobs(Jedis source, Jedis target, GuardedWriter writer) {
        this.source = source;
        this.target = target;
        this.writer = writer;
    }

    /**
     * Brings them to a target that is copied and not open yet. Where they were set aside meanwhile, they are read there.
     *
     * @param keys where the source has, or had, jobs
     * @return what was brought, for the admin
     */
    static List<String> carryOver(WorkerContext context, Jedis source, Collection<RedisKey> keys, Marker marker) throws Refusal, IOException {
        try (var writer = new GuardedWriter(RedisSide.TARGET.open(context), marker, GuardedWriter.WhenFull.TRY_AGAIN)) {
            return new LateJobs(source, writer.jedis(), writer).carryOver(keys);
        }
    }

    private List<String> carryOver(Collection<RedisKey> keys) throws Refusal, IOException {
        var from = keys.stream().flatMap(key -> Stream.of(JobsAside.of(key), key)).toList();
        var to = keys.stream().flatMap(key -> Stream.of(key, key)).toList();
        var trip = new RoundTrip(source);
        from.forEach(key -> trip.send(new CommandArguments(Command.TYPE).key(key.bytes())));
        var types = trip.answers();
        for (int i = 0; i < types.size(); i++) {
            carryOver(SafeEncoder.encode((byte[]) RoundTrip.orThrow(types.get(i))), from.get(i), to.get(i));
        }
        return found.isEmpty() ? List.of() : List.of("Jobs that came to the source Redis after its last changes were taken went along: "
                + found.entrySet().stream().map(late -> late.getValue() + " in " + late.getKey()).collect(Collectors.joining(", ")) + ".");
    }

    private void carryOver(String type, RedisKey from, RedisKey key) throws Refusal, IOException {
        switch (type) {
            case "list" -> queue(from, key);
            case "zset" -> sorted(from, key);
            case "set" -> names(from, key);
            default -> { }
        }
    }

    /** New jobs are pushed at the head, so all before the first that the target has are late. */
    private void queue(RedisKey from, RedisKey key) throws Refusal, IOException {
        var late = new ArrayList<byte[]>();
        for (var isLate = true; isLate;) {
            var page = source.lrange(from.bytes(), late.size(), late.size() + PAGE - 1L);
            var found = page.stream().takeWhile(job -> target.lpos(key.bytes(), job) == null).toList();
            late.addAll(found);
            isLate = found.size() == PAGE;
        }
        Collections.reverse(late);
        write(Command.LPUSH, key, late, late.size());
    }

    private void sorted(RedisKey from, RedisKey key) throws Refusal, IOException {
        var cursor = ScanParams.SCAN_POINTER_START_BINARY;
        for (var more = true; more;) {
            var step = source.zscan(from.bytes(), cursor, new ScanParams().count(PAGE));
            var members = step.getResult();
            var late = new ArrayList<byte[]>();
            var scores = members.isEmpty() ? List.<Double>of() : target.zmscore(key.bytes(), members.stream().map(Tuple::getBinaryElement).toArray(byte[][]::new));
            for (int i = 0; i < members.size(); i++) {
                if (scores.get(i) == null) {
                    late.add(SafeEncoder.encode(String.valueOf(members.get(i).getScore())));
                    late.add(members.get(i).getBinaryElement());
                }
            }
            write(Command.ZADD, key, late, late.size() / 2);
            cursor = step.getCursorAsBytes();
            more = !step.isCompleteIteration();
        }
    }

    private void names(RedisKey from, RedisKey key) throws Refusal, IOException {
        var late = source.smembers(from.bytes()).stream().filter(name -> !target.sismember(key.bytes(), name)).toList();
        write(Command.SADD, key, late, late.size());
    }

    private void write(Command command, RedisKey key, List<byte[]> arguments, int items) throws Refusal, IOException {
        for (int from = 0; from < arguments.size(); from += PAGE) {
            writer.write(command, key, arguments.subList(from, Math.min(arguments.size(), from + PAGE)));
            writer.flush();
        }
        if (items > 0) {
            found.merge(key, items, Integer::sum);
        }
    }
}
