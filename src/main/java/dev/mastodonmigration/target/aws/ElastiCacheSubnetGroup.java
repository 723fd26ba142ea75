package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.api.MastodonMigrationSpec.ElastiCache;
import dev.mastodonmigration.outside.Provisioned;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CacheSubnetGroup;

/** Where the replication group's nodes may stand. */
final class ElastiCacheSubnetGroup implements DatabasePart {
    static final String WHAT = "Cache subnet group";
    private static final String NOT_FOUND = "CacheSubnetGroupNotFoundFault";
    private final ElastiCacheClient cache;
    private final AwsNames names;
    private final ElastiCache spec;

    ElastiCacheSubnetGroup(ElastiCacheClient cache, AwsNames names, ElastiCache spec) {
        this.cache = cache;
        this.names = names;
        this.spec = spec;
    }

    @Override
    public Optional<Provisioned> ensure() {
        if (find().isPresent()) {
            return Optional.empty();
        }
        unless(Set.of("CacheSubnetGroupAlreadyExists"), () -> cache.createCacheSubnetGroup(call -> call.cacheSubnetGroupName(names.cacheName())
                .cacheSubnetGroupDescription("Redis of the Mastodon migration " + names.migration()).subnetIds(spec.subnetIds()).tags(AwsTags.cache(names.tags()))));
        return Optional.of(new Provisioned.Working(WHAT + " " + names.cacheName() + " was created"));
    }

    /** @throws dev.mastodonmigration.outside.OutsideException when the one of that name is not ours */
    Optional<CacheSubnetGroup> find() {
        var found = ofThatName();
        found.map(this::tags).filter(tags -> !names.areOn(tags)).ifPresent(tags -> {
            throw names.foreign(WHAT, names.cacheName(), tags);
        });
        return found;
    }

    @Override
    public String named() {
        return WHAT + " " + names.cacheName();
    }

    @Override
    public Optional<String> standing() {
        return ofThatName().filter(group -> names.areOn(tags(group))).map(group -> named());
    }

    @Override
    public Optional<Provisioned> release() {
        return ofThatName().filter(group -> names.areOn(tags(group))).map(group ->
                unless(Set.of("CacheSubnetGroupInUse", NOT_FOUND), () -> cache.deleteCacheSubnetGroup(call -> call.cacheSubnetGroupName(names.cacheName())))
                        .<Provisioned>map(gone -> new Provisioned.Working(WHAT + " " + names.cacheName() + " was removed"))
                        .orElseGet(() -> new Provisioned.Working(WHAT + " " + names.cacheName() + " is still in use")));
    }

    private Optional<CacheSubnetGroup> ofThatName() {
        return unless(Set.of(NOT_FOUND), () -> cache.describeCacheSubnetGroups(call -> call.cacheSubnetGroupName(names.cacheName())))
                .flatMap(answer -> answer.cacheSubnetGroups().stream().findFirst());
    }

    private Map<String, String> tags(CacheSubnetGroup group) {
        return AwsTags.ofCache(asking(() -> cache.listTagsForResource(call -> call.resourceName(group.arn()))).tagList());
    }
}
