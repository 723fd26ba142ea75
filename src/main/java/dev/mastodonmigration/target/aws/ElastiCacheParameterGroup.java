package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.api.MastodonMigrationSpec.ElastiCache;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CacheParameterGroup;
import software.amazon.awssdk.services.elasticache.model.Parameter;
import software.amazon.awssdk.services.elasticache.model.ParameterNameValue;

/** The server's settings, which no client may change, because ElastiCache forbids CONFIG. It is the replication group's from its creation on. */
final class ElastiCacheParameterGroup implements DatabasePart {
    private static final String NOTIFY = "notify-keyspace-events";
    /** K: by key, A: of all that changes one. */
    private static final String OF_ALL = "KA";
    /**
     * By default ElastiCache evicts keys that expire, and so may lose Sidekiq's; and it notifies of no change, by which a worker that is refused CLIENT TRACKING
     * follows this server when it is what is copied from. The second is for the migration alone: {@link #endNotifications}.
     */
    static final Map<String, String> SETTINGS = Map.of("maxmemory-policy", "noeviction", NOTIFY, OF_ALL);
    static final String WHAT = "Cache parameter group";
    private static final String NOT_FOUND = "CacheParameterGroupNotFound";
    private static final String BUSY = "InvalidCacheParameterGroupState";
    private final ElastiCacheClient cache;
    private final AwsNames names;
    private final ElastiCache spec;

    ElastiCacheParameterGroup(ElastiCacheClient cache, AwsNames names, ElastiCache spec) {
        this.cache = cache;
        this.names = names;
        this.spec = spec;
    }

    @Override
    public Optional<Provisioned> ensure() {
        if (find().isEmpty()) {
            var family = new ElastiCacheVersions(cache, spec).family().orElseThrow(() -> new OutsideException("ElastiCache does not offer Valkey " + spec.engineVersion()
                    + " any more. Start a new migration with another spec.target.redis.elastiCache.engineVersion.", false));
            unless(Set.of("CacheParameterGroupAlreadyExists"), () -> cache.createCacheParameterGroup(call -> call.cacheParameterGroupName(names.cacheName()).cacheParameterGroupFamily(family)
                    .description("Redis of the Mastodon migration " + names.migration()).tags(AwsTags.cache(names.tags()))));
            return Optional.of(new Provisioned.Working(WHAT + " " + names.cacheName() + " was created"));
        }
        var missing = new TreeMap<>(SETTINGS);
        given().forEach(parameter -> missing.remove(parameter.parameterName(), parameter.parameterValue()));
        return missing.isEmpty() ? Optional.empty() : set(missing);
    }

    private Optional<Provisioned> set(Map<String, String> settings) {
        return Optional.of(unless(Set.of(BUSY), () -> cache.modifyCacheParameterGroup(call -> call.cacheParameterGroupName(names.cacheName()).parameterNameValues(settings.entrySet().stream()
                .map(setting -> ParameterNameValue.builder().parameterName(setting.getKey()).parameterValue(setting.getValue()).build()).toList())))
                .<Provisioned>map(done -> new Provisioned.Working(WHAT + " " + names.cacheName() + " was given " + String.join(", ", settings.keySet())))
                .orElseGet(() -> new Provisioned.Working(WHAT + " " + names.cacheName() + " is being changed")));
    }

    /** Back to ElastiCache's default, which costs the server nothing; what somebody set otherwise since is theirs. @return what was just done; empty when nothing is left to do */
    Optional<Provisioned> endNotifications() {
        if (find().isEmpty() || given().stream().noneMatch(parameter -> NOTIFY.equals(parameter.parameterName()) && OF_ALL.equals(parameter.parameterValue()))) {
            return Optional.empty();
        }
        return Optional.of(unless(Set.of(BUSY), () -> cache.resetCacheParameterGroup(call -> call.cacheParameterGroupName(names.cacheName()).parameterNameValues(ParameterNameValue.builder().parameterName(NOTIFY).build())))
                .<Provisioned>map(done -> new Provisioned.Working(WHAT + " " + names.cacheName() + " was told to ask for no more notifications of changed keys"))
                .orElseGet(() -> new Provisioned.Working(WHAT + " " + names.cacheName() + " is being changed")));
    }

    /** What differs from ElastiCache's defaults. */
    private List<Parameter> given() {
        return asking(() -> cache.describeCacheParametersPaginator(call -> call.cacheParameterGroupName(names.cacheName()).source("user")).stream().flatMap(page -> page.parameters().stream()).toList());
    }

    /** @throws OutsideException when the one of that name is not ours */
    Optional<CacheParameterGroup> find() {
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
                unless(Set.of(BUSY, NOT_FOUND), () -> cache.deleteCacheParameterGroup(call -> call.cacheParameterGroupName(names.cacheName())))
                        .<Provisioned>map(gone -> new Provisioned.Working(WHAT + " " + names.cacheName() + " was removed"))
                        .orElseGet(() -> new Provisioned.Working(WHAT + " " + names.cacheName() + " is still in use")));
    }

    private Optional<CacheParameterGroup> ofThatName() {
        return unless(Set.of(NOT_FOUND), () -> cache.describeCacheParameterGroups(call -> call.cacheParameterGroupName(names.cacheName())))
                .flatMap(answer -> answer.cacheParameterGroups().stream().findFirst());
    }

    private Map<String, String> tags(CacheParameterGroup group) {
        return AwsTags.ofCache(asking(() -> cache.listTagsForResource(call -> call.resourceName(group.arn()))).tagList());
    }
}
