package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.mastodon.ReplicatedKeys;
import dev.mastodonmigration.worker.redis.mastodon.SourceConflicts;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RoundTrip;
import java.io.IOException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;

/** Every Redis of the source as one lane reads it. */
final class LaneSources {
    private final List<LaneSource> all;
    private final ReplicatedKeys keys;
    private final SourceConflicts conflicts;
    /** Whose line may have something in hand. */
    private Optional<LaneSource> copying = Optional.empty();

    /** @param conflicts told where each key is, where there is more than one place */
    LaneSources(List<LaneSource> all, ReplicatedKeys keys, SourceConflicts conflicts) {
        this.all = all;
        this.keys = keys;
        this.conflicts = conflicts;
    }

    List<LaneSource> all() {
        return all;
    }

    /** Copies keys from where a scan showed them; what the line of another Redis still has in hand goes first. */
    void copy(LaneTask.Copy task) throws Refusal, IOException {
        var source = all.stream().filter(one -> one.side() == task.source()).findFirst().orElseThrow();
        if (copying.filter(other -> other != source).isPresent()) {
            finishCopying();
        }
        copying = Optional.of(source);
        source.line().copy(task.keys());
    }

    /** Returns once the target has taken all that was to be copied. */
    void finishCopying() throws Refusal, IOException {
        if (copying.isPresent()) {
            copying.get().line().finish();
            copying = Optional.empty();
        }
    }

    /**
     * Where to read these keys: the first Redis that has it, and the main one where none has. One that moves at this moment is told as changed, and comes
     * again. A single Redis is not asked.
     */
    Map<LaneSource, List<RedisKey>> holding(List<RedisKey> names) {
        return all.size() == 1 ? Map.of(all.getFirst(), names) : asked(names);
    }

    private Map<LaneSource, List<RedisKey>> asked(List<RedisKey> names) {
        // All are asked before the first answer is waited for.
        var trips = all.stream().map(source -> ask(source, names)).toList();
        var answers = trips.stream().map(RoundTrip::answers).toList();
        var shares = new IdentityHashMap<LaneSource, List<RedisKey>>();
        for (int i = 0; i < names.size(); i++) {
            var key = names.get(i);
            var having = having(answers, i);
            conflicts.looked(key, keys.contains(key) ? having.stream().map(LaneSource::side).toList() : List.of());
            shares.computeIfAbsent(having.isEmpty() ? all.getFirst() : having.getFirst(), source -> new ArrayList<>()).add(key);
        }
        return shares;
    }

    private static RoundTrip ask(LaneSource source, List<RedisKey> names) {
        var trip = new RoundTrip(source.reader().jedis());
        names.forEach(key -> trip.send(new CommandArguments(Command.EXISTS).key(key.bytes())));
        trip.depart();
        return trip;
    }

    private List<LaneSource> having(List<List<Object>> answers, int key) {
        var having = new ArrayList<LaneSource>(all.size());
        for (int i = 0; i < all.size(); i++) {
            if ((Long) RoundTrip.orThrow(answers.get(i).get(key)) > 0) {
                having.add(all.get(i));
            }
        }
        return having;
    }
}
