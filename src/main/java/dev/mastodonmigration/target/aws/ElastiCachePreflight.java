package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsFindings.blocker;
import static dev.mastodonmigration.target.aws.AwsFindings.note;
import static dev.mastodonmigration.target.aws.AwsFindings.tried;

import dev.mastodonmigration.api.MastodonMigrationSpec.ElastiCache;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.target.aws.AwsSecurityGroup.Access;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.elasticache.model.CacheEngineVersion;

/** Asks AWS, before anything is created, whether it would be, and tells what is good to know of ElastiCache. Which node types there are, ElastiCache tells nobody: it refuses at the creation. */
final class ElastiCachePreflight {
    private static final String FIELD = "spec.target.redis.elastiCache.";
    private static final String MAY_LOSE = "ElastiCache answers before its replicas have a write. When the primary fails, a replica takes over within a minute or two, and what was acknowledged just before,"
            + " Sidekiq's newest jobs for example, can be lost. Its log against that (durability) needs cluster mode, which Sidekiq cannot use.";
    private static final String MAY_LOSE_ALL = FIELD + "replicas is 0: when the node fails, all that Redis holds is lost, Sidekiq's jobs and the feeds too, and only the last daily snapshot is left,"
            + " which you would restore by hand. With a replica, only what was acknowledged in the last moment can be lost.";
    private static final String DRIVER = "ElastiCache is reached over TLS, which Mastodon's usual Redis driver cannot: REDIS_DRIVER=ruby is set where Mastodon's processes are started for you."
            + " Set it wherever else you start one.";
    private final AwsApi api;
    private final AwsNames names;
    private final ElastiCache spec;
    private final ElastiCacheSecret secret;

    ElastiCachePreflight(AwsApi api, AwsNames names, ElastiCache spec, ElastiCacheSecret secret) {
        this.api = api;
        this.names = names;
        this.spec = spec;
        this.secret = secret;
    }

    Findings look() {
        return tried(() -> AwsFindings.identity(api, ElastiCacheGroup.WHAT + " " + names.cacheName())).and(tried(this::network)).and(tried(this::offer)).and(free())
                .and(note(ElastiCacheGroup.replicas(spec) > 0 ? MAY_LOSE : MAY_LOSE_ALL)).and(note(DRIVER));
    }

    private Findings network() {
        return new AwsNetwork(api.ec2(), names, Access.of(names, spec)).look(ElastiCacheGroup.replicas(spec) > 0 ? AwsNetwork.TWO_ZONES : AwsNetwork.ONE_ZONE,
                "with replicas it wants two or more, so that one is left when a zone fails.", zones -> Findings.NONE);
    }

    private Findings offer() {
        var versions = new ElastiCacheVersions(api.cache(), spec);
        return versions.family().isPresent() ? Findings.NONE : blocker(FIELD + "engineVersion: ElastiCache offers no Valkey " + spec.engineVersion() + " in " + api.region() + ". It offers "
                + versions.offered().stream().map(CacheEngineVersion::engineVersion).distinct().collect(Collectors.joining(", ")) + ".");
    }

    private Findings free() {
        return AwsFindings.free(() -> new ElastiCacheGroup(api.cache(), names, spec).find(), () -> new ElastiCacheSubnetGroup(api.cache(), names, spec).find(),
                () -> new ElastiCacheParameterGroup(api.cache(), names, spec).find(), secret::find);
    }
}
