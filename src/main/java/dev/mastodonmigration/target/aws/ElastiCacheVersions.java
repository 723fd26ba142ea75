package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;

import dev.mastodonmigration.api.MastodonMigrationSpec.ElastiCache;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticache.model.CacheEngineVersion;

/** The versions of Valkey that ElastiCache offers, each with the family of its parameter groups, which no rule tells. */
record ElastiCacheVersions(ElastiCacheClient cache, ElastiCache spec) {
    static final String ENGINE = "valkey";

    static int major(ElastiCache spec) {
        return Integer.parseInt(spec.engineVersion().split("\\.")[0]);
    }

    List<CacheEngineVersion> offered() {
        return asking(() -> cache.describeCacheEngineVersionsPaginator(call -> call.engine(ENGINE)).stream().flatMap(page -> page.cacheEngineVersions().stream()).toList());
    }

    /** Empty when the spec's is not offered. */
    Optional<String> family() {
        return offered().stream().filter(this::fits).map(CacheEngineVersion::cacheParameterGroupFamily).findFirst();
    }

    private boolean fits(CacheEngineVersion version) {
        return version.engineVersion().equals(spec.engineVersion()) || version.engineVersion().startsWith(spec.engineVersion() + ".");
    }
}
