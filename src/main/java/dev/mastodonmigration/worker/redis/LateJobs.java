package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
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
     * Brings them to a target that is copied and not open yet; nothing to do when it is open, because its Sidekiq has run jobs since.
     *
     * @return what was brought, or why nobody could look, for the admin
     * @throws Refusal when the target is not ours to open
     */
    static List<String> carryOver(WorkerContext context) throws Refusal, IOException {
        try (var target = RedisSide.TARGET.open(context)) {
            var marked = new MarkedTarget(target, context, RedisSide.TARGET.name(RedisSide.TARGET.url(context)));
            if (marked.marker().filter(marker -> marker.belongsTo(context) && marker.state() == Marker.State.OPENED).isPresent()) {
                return List.of();
            }
            var marker = marked.loaded();
            try (var writer = new GuardedWriter(RedisSide.TARGET.open(context), marker)) {
                return carryOver(context, target, writer);
            }
        }
    }

    private static List<String> carryOver(WorkerContext context, Jedis target, GuardedWriter writer) throws Refusal, IOException {
        var side = RedisSide.ofSidekiq(context);
        Jedis source;
        try {
            source = side.open(context);
        } catch (IOException gone) {
            // The instance is down: it must not stay so because the old host's Redis is already gone.
            return List.of("The " + side.title() + " could not be asked for jobs that came after its last changes were taken (" + gone.getMessage()
                    + "). If a one-off dyno ran during the freeze, look there for jobs that it pushed.");
        }
        try (source) {
            return new LateJobs(source, target, writer).carryOver();
        }
    }

    private List<String> carryOver() throws Refusal, IOException {
        for (var key : JobKeys.on(source)) {
            switch (source.type(key.bytes())) {
                case "list" -> queue(key);
                case "zset" -> sorted(key);
                case "set" -> names(key);
                default -> { }
            }
        }
        return found.isEmpty() ? List.of() : List.of("Jobs that came to the source Redis after its last changes were taken went along: "
                + found.entrySet().stream().map(late -> late.getValue() + " in " + late.getKey()).collect(Collectors.joining(", ")) + ".");
    }

    /** New jobs are pushed at the head, so all before the first that the target has are late. */
    private void queue(RedisKey key) throws Refusal, IOException {
        var late = new ArrayList<byte[]>();
        for (var isLate = true; isLate;) {
            var page = source.lrange(key.bytes(), late.size(), late.size() + PAGE - 1L);
            var found = page.stream().takeWhile(job -> target.lpos(key.bytes(), job) == null).toList();
            late.addAll(found);
            isLate = found.size() == PAGE;
        }
        Collections.reverse(late);
        write(Command.LPUSH, key, late, late.size());
    }

    private void sorted(RedisKey key) throws Refusal, IOException {
        var cursor = ScanParams.SCAN_POINTER_START_BINARY;
        for (var more = true; more;) {
            var step = source.zscan(key.bytes(), cursor, new ScanParams().count(PAGE));
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

    private void names(RedisKey key) throws Refusal, IOException {
        var late = source.smembers(key.bytes()).stream().filter(name -> !target.sismember(key.bytes(), name)).toList();
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
