package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.api.MastodonMigrationSpec.ElastiCache;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.ClusterMode;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;

/** The replication group itself: found by its name, ours by its tag, and changed by one call at a time. */
final class ElastiCacheGroup {
    /** With which token it was created: a digest, that tells nothing of 40 random characters, so that a Secret that was lost and made again is noticed. */
    static final String TOKEN_TAG = "mastodonmigration.dev/token-digest";
    static final String WHAT = "ElastiCache replication group";
    private static final String NOT_FOUND = "ReplicationGroupNotFoundFault";
    private static final String BUSY = "InvalidReplicationGroupState";
    /** Its groups were made a moment ago, and not every machine of AWS knows them yet. */
    private static final Set<String> EXISTS_OR_TOO_EARLY = Set.of("ReplicationGroupAlreadyExists", "CacheSubnetGroupNotFoundFault", "CacheParameterGroupNotFound");
    private static final int DIGEST_DIGITS = 32;
    private final ElastiCacheClient cache;
    private final AwsNames names;
    private final ElastiCache spec;

    /** @param tags empty while they cannot be read: until then nobody knows whose it is */
    record Seen(ReplicationGroup group, Optional<Map<String, String>> tags) {}

    ElastiCacheGroup(ElastiCacheClient cache, AwsNames names, ElastiCache spec) {
        this.cache = cache;
        this.names = names;
        this.spec = spec;
    }

    static int replicas(ElastiCache spec) {
        return spec.replicas() == null ? 1 : spec.replicas();
    }

    /** @throws OutsideException when the one of that name is not ours */
    Optional<Seen> find() {
        var found = named().map(group -> new Seen(group, ElastiCacheStatus.of(group.status()) == ElastiCacheStatus.READY ? tags(group) : Optional.empty()));
        found.flatMap(Seen::tags).filter(tags -> !names.areOn(tags)).ifPresent(tags -> {
            throw names.foreign(WHAT, names.cacheName(), tags);
        });
        return found;
    }

    /** Somebody took our tag off it: it stays, and with it what it uses, and its token, which nobody else has. */
    Optional<Provisioned> untouchable() {
        return named().filter(group -> tags(group).filter(tags -> !names.areOn(tags)).isPresent()).map(group -> new Provisioned.Ready(WHAT + " " + names.cacheName() + " lacks this migration's tag "
                + AwsNames.UID_TAG + ", so it stays, with its subnet group, parameter group, security group and Secret, and costs money"));
    }

    /** Those that are shown already. */
    List<CacheCluster> nodes(ReplicationGroup group) {
        return group.memberClusters().stream().map(node -> unless(Set.of("CacheClusterNotFound"), () -> cache.describeCacheClusters(call -> call.cacheClusterId(node))))
                .flatMap(Optional::stream).flatMap(answer -> answer.cacheClusters().stream()).toList();
    }

    /** Asks for it. Whether an answer comes or not, the next look finds what became of it; a second one cannot come of a second call, because the name is one. */
    Provisioned create(Map<String, String> secret, List<String> securityGroupIds) {
        var replicas = replicas(spec);
        return unless(EXISTS_OR_TOO_EARLY, () -> cache.createReplicationGroup(call -> call
                .replicationGroupId(names.cacheName()).replicationGroupDescription("Redis of the Mastodon migration " + names.migration())
                .engine(ElastiCacheVersions.ENGINE).engineVersion(spec.engineVersion()).cacheNodeType(spec.nodeType())
                // Sidekiq's commands take several keys, which a cluster's shards refuse.
                .clusterMode(ClusterMode.DISABLED).numCacheClusters(1 + replicas).automaticFailoverEnabled(replicas > 0).multiAZEnabled(replicas > 0)
                .cacheSubnetGroupName(names.cacheName()).securityGroupIds(securityGroupIds).port(AwsSecurityGroup.REDIS).cacheParameterGroupName(names.cacheName())
                // Neither can be switched on later without a gap, the second not at all.
                .transitEncryptionEnabled(true).atRestEncryptionEnabled(true)
                .authToken(secret.get(ElastiCacheSecret.TOKEN)).snapshotRetentionLimit(retentionDays())
                .tags(AwsTags.cache(tagsOf(secret)))))
                .<Provisioned>map(answer -> new Provisioned.Working(WHAT + " " + names.cacheName() + " is being created, which takes ElastiCache 5 to 15 minutes"))
                .orElseGet(() -> new Provisioned.Working(WHAT + " " + names.cacheName() + ": ElastiCache does not show yet what was made a moment ago"));
    }

    /** @throws OutsideException when the Secret holds another token than the group was created with */
    void demandToken(Map<String, String> tags, Map<String, String> secret, String secretName) {
        if (!digest(secret).equals(tags.get(TOKEN_TAG))) {
            throw new OutsideException("Secret " + secretName + " holds another token than " + WHAT + " " + names.cacheName() + " was created with: it was deleted or edited since. Put it back from a backup;"
                    + " without one, delete the group, which holds nothing yet, with `aws elasticache delete-replication-group --replication-group-id " + names.cacheName()
                    + "`, and the operator creates another.", false);
        }
    }

    /** Switches on again what was asked for at its creation, and is off; at once, because otherwise ElastiCache would wait for the maintenance window. */
    Optional<Provisioned> protection(ElastiCacheReadiness seen) {
        var failsOver = replicas(spec) > 0;
        if (failsOver && !seen.failsOver()) {
            return Optional.of(changed("is told to let a replica take over by itself",
                    () -> cache.modifyReplicationGroup(call -> call.replicationGroupId(names.cacheName()).automaticFailoverEnabled(true).multiAZEnabled(true).applyImmediately(true))));
        }
        return Integer.valueOf(retentionDays()).equals(seen.group().snapshotRetentionLimit()) ? Optional.empty() : Optional.of(changed("is told to keep snapshots for " + retentionDays() + " days",
                () -> cache.modifyReplicationGroup(call -> call.replicationGroupId(names.cacheName()).snapshotRetentionLimit(retentionDays()).applyImmediately(true))));
    }

    /**
     * Without a last snapshot: only ABORT releases, before the target took writes, when all that is here is a copy; and ABORT leaves the account as it was.
     *
     * @throws OutsideException when it does not become available, and nobody can read whose it is
     */
    Optional<Provisioned> release() {
        return named().flatMap(group -> switch (ElastiCacheStatus.of(group.status())) {
            case GOING -> Optional.of(new Provisioned.Working(WHAT + " " + names.cacheName() + " is being deleted, which takes ElastiCache 5 to 15 minutes"));
            case BUSY, UNKNOWN -> Optional.of(waiting(group));
            case READY -> tags(group).map(this::delete).orElseGet(() -> Optional.of(waiting(group)));
            case DEAD -> tags(group).map(this::delete).orElseThrow(() -> new OutsideException(WHAT + " " + names.cacheName() + " is " + group.status()
                    + ", and ElastiCache does not tell its tags, so the operator leaves it. Delete it with `aws elasticache delete-replication-group --replication-group-id " + names.cacheName() + "`.", false));
        });
    }

    private Optional<Provisioned> delete(Map<String, String> tags) {
        return names.areOn(tags) ? Optional.of(changed("is being deleted", () -> cache.deleteReplicationGroup(call -> call.replicationGroupId(names.cacheName()).retainPrimaryCluster(false)))) : Optional.empty();
    }

    private Provisioned waiting(ReplicationGroup group) {
        return new Provisioned.Working(WHAT + " " + names.cacheName() + " is " + group.status() + ": ElastiCache deletes it only when it is available");
    }

    private <T> Provisioned changed(String what, Supplier<T> call) {
        return unless(Set.of(BUSY, NOT_FOUND), call).<Provisioned>map(answer -> new Provisioned.Working(WHAT + " " + names.cacheName() + " " + what))
                .orElseGet(() -> new Provisioned.Working(WHAT + " " + names.cacheName() + " is busy, and changes nothing just now"));
    }

    private Optional<ReplicationGroup> named() {
        return unless(Set.of(NOT_FOUND), () -> cache.describeReplicationGroups(call -> call.replicationGroupId(names.cacheName()))).flatMap(answer -> answer.replicationGroups().stream().findFirst());
    }

    /** Empty while it changes. */
    private Optional<Map<String, String>> tags(ReplicationGroup group) {
        return unless(Set.of(BUSY), () -> cache.listTagsForResource(call -> call.resourceName(group.arn()))).map(answer -> AwsTags.ofCache(answer.tagList()));
    }

    private int retentionDays() {
        return spec.snapshotRetentionDays() == null ? 7 : spec.snapshotRetentionDays();
    }

    private Map<String, String> tagsOf(Map<String, String> secret) {
        var tags = new TreeMap<>(names.tags());
        tags.put(TOKEN_TAG, digest(secret));
        return tags;
    }

    private String digest(Map<String, String> secret) {
        return AwsNames.digest(names.uid() + ":" + secret.get(ElastiCacheSecret.TOKEN)).substring(0, DIGEST_DIGITS);
    }
}
