package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Findings;
import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.mastodon.KeyScope;
import dev.mastodonmigration.worker.redis.mastodon.RedisSources;
import dev.mastodonmigration.worker.redis.value.Marker;
import dev.mastodonmigration.worker.redis.value.PayloadFormat;
import dev.mastodonmigration.worker.redis.wire.RedisInfo;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import dev.mastodonmigration.worker.redis.wire.ServerIdentity;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Everything about the two Redis that would stop a migration, found in one go. Changes nothing on the source; on the target it
 * writes one probe key, removed at once, and only where the database is empty or ours.
 */
public final class RedisPreflight {
    private static final int MIN_TARGET_VERSION = 7;
    /** CLIENT TRACKING does not tell in which of a server's databases a key changed. */
    private static final String HOW_LIVE_FOLLOWS = " With strategy.redis: Live, a key that changes in one is looked at in the other too, which costs nothing but that look; where one of"
            + " them is flushed (FLUSHDB), all keys are compared once more.";

    /** Of the source, while it is followed and while all is compared, by all our processes together. */
    private static final int CONNECTIONS = 7;

    private final WorkerContext context;
    private final KeyScope scope;
    private final List<Look> sources = new ArrayList<>();
    private final List<String> blockers = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final Map<String, Long> figures = new HashMap<>();

    private RedisPreflight(WorkerContext context, KeyScope scope) {
        this.context = context;
        this.scope = scope;
    }

    /** @param scope which keys are to be moved */
    public static Findings check(WorkerContext context, KeyScope scope) {
        return new RedisPreflight(context, scope).check();
    }

    private Findings check() {
        RedisSide.sources(context).forEach(side -> sources.add(new Look(side)));
        // One that the operator has still to create is looked at by the task that claims it.
        var target = Optional.of(RedisSide.TARGET).filter(side -> context.has(side.file())).map(Look::new);
        try {
            sources.forEach(source -> source.jedis.ifPresent(jedis -> source(jedis, source)));
            target.ifPresent(look -> look.jedis.ifPresent(jedis -> target(jedis, look)));
            if (sources.stream().allMatch(source -> source.jedis.isPresent())) {
                figures.putAll(need().figures());
                if (scope == KeyScope.ALL) {
                    following(target);
                }
                target.filter(look -> look.jedis.isPresent()).ifPresent(this::both);
                if (context.has(WorkerContext.TARGET_REDIS_MAJOR)) {
                    planned();
                }
                if (sources.size() > 1 && blockers.isEmpty()) {
                    twoSources();
                }
            }
        } finally {
            sources.forEach(Look::close);
            target.ifPresent(Look::close);
        }
        return new Findings(blockers, notes, figures);
    }

    /** With what is known of the servers, how the source can be followed, and what that costs in the freeze. */
    private void following(Optional<Look> target) {
        var left = FollowingProbe.InFreeze.NOTHING;
        for (var source : sources) {
            try {
                var found = FollowingProbe.of(context, source.side);
                found.refused().ifPresent(why -> notes.add(source.name + " does not let us follow its changes by " + why + ". With strategy.redis: Live, " + found.left().words(need())
                        + " With a user that may use HELLO, CLIENT TRACKING, PSUBSCRIBE and CONFIG it is shorter, where the server knows them."));
                left = found.left().compareTo(left) > 0 ? found.left() : left;
            } catch (Refusal | IOException e) {
                blockers.add(e.getMessage());
            }
        }
        if (left == FollowingProbe.InFreeze.NOTHING) {
            for (var look : Stream.concat(sources.stream(), target.stream()).filter(look -> look.jedis.isPresent() && !ServerIdentity.of(look.info).isKnown()).toList()) {
                left = FollowingProbe.InFreeze.COMPARED;
                notes.add(look.name + " does not tell which server answers (INFO lacks master_replid), as behind a proxy, so a failover could not be noticed. With strategy.redis: Live, "
                        + left.words(need()));
            }
        }
        figures.put("redisFreezeSeconds", Math.max(1, left.seconds(need())));
    }

    private void connections(Look source) {
        var most = source.info.number("maxclients");
        var now = source.info.number("connected_clients");
        if (most > 0 && most - now < CONNECTIONS) {
            blockers.add(source.name + " has " + now + " of its " + most + " connections in use, and a migration needs up to " + CONNECTIONS
                    + " more: Mastodon would be refused some. Choose a larger plan for it, or run fewer processes or threads until the migration is over.");
        }
    }

    private RedisCapacity.Need need() {
        return sources.stream().map(source -> RedisCapacity.Need.of(source.jedis.orElseThrow().dbSize(), source.info)).reduce(RedisCapacity.Need.NOTHING, RedisCapacity.Need::and);
    }

    private void twoSources() {
        var server = sources.getFirst().info.text("run_id");
        if (scope == KeyScope.ALL && server.isPresent() && server.equals(sources.getLast().info.text("run_id"))) {
            notes.add("The source's main Redis and Sidekiq's own are two databases of one server." + HOW_LIVE_FOLLOWS);
        }
        try (var opened = RedisSources.open(context, scope)) {
            opened.conflict(scope).ifPresent(blockers::add);
        } catch (Refusal | IOException | JedisException e) {
            blockers.add("The names of the keys in the source's two Redis cannot be compared (" + Redaction.of(e) + ").");
        }
    }

    /** One side as far as it can be looked at; what is wrong is said at once. */
    private final class Look implements AutoCloseable {
        private final RedisSide side;
        private final Optional<Jedis> jedis;
        private RedisInfo info = new RedisInfo(Map.of());
        private Optional<Marker> marker = Optional.empty();
        private int database;
        private boolean tls;
        private String name;

        Look(RedisSide side) {
            this.side = side;
            jedis = open();
        }

        private Optional<Jedis> open() {
            try {
                var url = side.url(context);
                database = url.database();
                tls = url.tls();
                name = side.name(url);
                var connection = side.open(context);
                try {
                    info = RedisInfo.of(connection);
                    return Optional.of(connection);
                } catch (JedisException e) {
                    connection.close();
                    blockers.add(name + " does not answer INFO (" + e.getMessage() + "). Allow it for this user.");
                }
            } catch (Refusal | IOException e) {
                blockers.add(e.getMessage());
            }
            return Optional.empty();
        }

        Optional<String> evictsBy() {
            return info.text("maxmemory_policy").filter(policy -> !policy.equals("noeviction"));
        }

        boolean isCluster() {
            return info.number("cluster_enabled") == 1;
        }

        @Override
        public void close() {
            jedis.ifPresent(Jedis::close);
        }
    }

    private void source(Jedis jedis, Look source) {
        if (source.isCluster()) {
            blockers.add(source.name + " runs in cluster mode, which is not supported: Sidekiq cannot use it. Check that the URL is the one Mastodon uses.");
            return;
        }
        source.info.keysByDatabase().forEach((database, keys) -> {
            if (sources.stream().noneMatch(other -> other.database == database && other.info.text("run_id").equals(source.info.text("run_id")))) {
                notes.add(source.name + ": its server also holds " + keys + " keys in database " + database
                        + ", which is not the one that Mastodon keeps its data in; they stay where they are." + HOW_LIVE_FOLLOWS);
            }
        });
        source.evictsBy().ifPresent(policy -> notes.add(source.name + " may evict keys (maxmemory-policy " + policy + "), so jobs may have been lost there before this migration."));
        connections(source);
        blockers.addAll(CommandProbe.source(jedis, source.name, source.side == RedisSide.ofSidekiq(context)));
        readMarker(jedis, source);
        source.marker.ifPresent(marker -> blockers.add(source.name + " carries the marker of migration " + marker.name() + " (uid " + marker.uid()
                + "): it is a migration's target. Check that source and target are not mixed up; if that migration is over, delete the key " + Marker.KEY + "."));
    }

    private void target(Jedis jedis, Look target) {
        if (target.isCluster()) {
            blockers.add(target.name + " runs in cluster mode, which Sidekiq cannot use. Create it with cluster mode disabled (ElastiCache Serverless always has it on).");
            return;
        }
        tooOld(target.info, target.name).ifPresent(blockers::add);
        if (target.tls) {
            notes.add(target.name + " speaks TLS, which Mastodon's usual Redis driver cannot: REDIS_DRIVER=ruby is set where Mastodon's processes are started for you."
                    + " Set it wherever else you start one.");
        }
        if (!target.info.text("role").orElse("master").equals("master")) {
            blockers.add(target.name + " is a read-only replica. Use the primary endpoint.");
        }
        target.evictsBy().ifPresent(policy -> blockers.add(target.name + " has maxmemory-policy " + policy + ", which can evict Sidekiq's jobs. Set it to noeviction (on ElastiCache: in the parameter group)."));
        readMarker(jedis, target);
        if (target.marker.isEmpty() && jedis.dbSize() > 0) {
            blockers.add(new MarkedTarget(jedis, context, target.name).notEmpty());
        }
        target.marker.filter(found -> !found.belongsTo(context)).ifPresent(found -> blockers.add(target.name + " belongs to migration " + found.name() + " (uid "
                + found.uid() + "). Finish or abort that one, or name another database; if it no longer exists, empty this database yourself."));
        target.marker.filter(found -> found.belongsTo(context) && found.state() == Marker.State.OPENED).ifPresent(found -> blockers.add(
                target.name + " has been opened by this migration before, so users may have written there. Start a new migration with an empty target."));
    }

    static Optional<String> tooOld(RedisInfo target, String name) {
        return target.majorVersion() >= MIN_TARGET_VERSION ? Optional.empty()
                : Optional.of(name + " is " + target.product() + ", but Mastodon 4.5 and newer need Redis 7.0 or Valkey 7.2. Choose a newer engine.");
    }

    private void both(Look target) {
        var to = target.jedis.orElseThrow();
        var same = sources.stream().filter(source -> ServerIdentity.isShared(context, source.jedis.orElseThrow(), source.info, to, target.info) && source.database == target.database).toList();
        if (!same.isEmpty()) {
            blockers.add(same.getFirst().name + " and " + target.name + " are the same database. Name another one in spec.target.redis.");
            return;
        }
        if (sources.stream().anyMatch(Look::isCluster) || target.isCluster()) {
            return;
        }
        need().tooLarge(target.info, target.name).ifPresent(scope == KeyScope.ALL ? blockers::add : small -> notes.add(small + RedisCapacity.OF_JOBS));
        var mayProbe = to.dbSize() == 0 || target.marker.filter(found -> found.belongsTo(context) && found.state() != Marker.State.OPENED).isPresent();
        if (mayProbe) {
            blockers.addAll(CommandProbe.target(to, target.name));
            sources.forEach(source -> new FormatProbe(source.name + ", " + source.info.product(), target.name + ", " + target.info.product())
                    .check(source.jedis.orElseThrow(), to).ifPresent(blockers::add));
        }
    }

    /** The version of a target that is not there yet is known, and with it the format of keys that it reads. */
    private void planned() {
        try {
            var major = context.number(WorkerContext.TARGET_REDIS_MAJOR);
            sources.forEach(source -> new FormatProbe(source.name + ", " + source.info.product(), "the target, Valkey " + major)
                    .planned(source.jedis.orElseThrow(), PayloadFormat.ofValkey(major)).ifPresent(blockers::add));
        } catch (IOException e) {
            blockers.add(e.getMessage());
        }
    }

    private void readMarker(Jedis jedis, Look look) {
        try {
            look.marker = Marker.read(jedis);
        } catch (Refusal e) {
            blockers.add(e.getMessage());
        } catch (JedisException e) {
            blockers.add(look.name + " refuses GET (" + e.getMessage() + "). Allow it for this user.");
        }
    }
}
