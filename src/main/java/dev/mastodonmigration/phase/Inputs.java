package dev.mastodonmigration.phase;

import dev.mastodonmigration.OperatorConfig;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.SecretKeyRef;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.mastodon.SourceUrls;
import dev.mastodonmigration.mastodon.TargetEnvironment;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.source.heroku.HerokuApi;
import dev.mastodonmigration.source.heroku.HerokuClient;
import dev.mastodonmigration.source.heroku.HerokuHosts;
import dev.mastodonmigration.source.heroku.KeptToken;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.redis.ReplicateRedis;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.inject.Singleton;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/** What the admin gave us: tokens and URLs from Secrets, the source's from its config vars. Read at each use, kept nowhere. */
@Singleton
public class Inputs {
    private final KubernetesClient client;
    private final KeptToken kept;
    private final OperatorConfig config;

    public Inputs(KubernetesClient client, KeptToken kept, OperatorConfig config) {
        this.client = client;
        this.kept = kept;
        this.config = config;
    }

    /**
     * The value of a key of a Secret.
     *
     * @throws MissingInputException when there is no such Secret, or no such key in it
     */
    public String secret(MastodonMigration migration, SecretKeyRef ref) {
        var namespace = migration.getMetadata().getNamespace();
        var secret = client.secrets().inNamespace(namespace).withName(ref.name()).get();
        if (secret == null) {
            throw new MissingInputException("Secret " + namespace + "/" + ref.name() + " does not exist. Create it with the key \"" + ref.key() + "\".");
        }
        return Optional.ofNullable(secret.getData()).map(data -> data.get(ref.key()))
                .map(value -> new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8).strip())
                .filter(value -> !value.isEmpty())
                .orElseThrow(() -> new MissingInputException("Secret " + namespace + "/" + ref.name() + " has no key \"" + ref.key() + "\", or it is empty. Add it."));
    }

    public HerokuApi heroku(MastodonMigration migration) {
        return new HerokuClient(HerokuHosts.of(config.herokuApiUrl()), token(migration));
    }

    /** Before the source is stopped: what starting it again needs must not be lost with the admin's Secret. */
    public void keepHerokuToken(MastodonMigration migration) {
        kept.keep(migration, token(migration));
    }

    private String token(MastodonMigration migration) {
        try {
            return secret(migration, migration.getSpec().source().heroku().apiTokenSecretRef());
        } catch (MissingInputException missing) {
            return kept.read(migration).orElseThrow(() -> missing);
        }
    }

    public String targetPostgresUrl(MastodonMigration migration) {
        return secret(migration, migration.getSpec().target().postgres().existing().urlSecretRef());
    }

    public String targetRedisUrl(MastodonMigration migration) {
        return secret(migration, migration.getSpec().target().redis().existing().urlSecretRef());
    }

    /** The files that workers of this migration get: the URLs as they are now. */
    public Map<String, String> workerFiles(MastodonMigration migration) {
        var config = heroku(migration).configVars(migration.getSpec().source().heroku().app());
        var urls = SourceUrls.of(config);
        var files = new HashMap<String, String>();
        files.put(WorkerContext.SOURCE_POSTGRES_URL, urls.postgres().orElseThrow(() -> noVariable(migration, "DATABASE_URL")).toString());
        files.put(WorkerContext.SOURCE_REDIS_URL, urls.redis().orElseThrow(() -> noVariable(migration, "REDIS_URL, REDISCLOUD_URL or REDIS_HOST")).toString());
        if (SourceUrls.namesUnreadableSidekiqRedis(config)) {
            throw new MissingInputException("Heroku app " + migration.getSpec().source().heroku().app()
                    + ": SIDEKIQ_REDIS_URL or SIDEKIQ_REDIS_HOST is set and names no Redis. Correct it, or unset it if Sidekiq uses the main Redis.");
        }
        urls.sidekiqRedis().ifPresent(url -> files.put(WorkerContext.SOURCE_SIDEKIQ_REDIS_URL, url.toString()));
        files.put(WorkerContext.TARGET_POSTGRES_URL, targetPostgresUrl(migration));
        files.put(WorkerContext.TARGET_REDIS_URL, targetRedisUrl(migration));
        return files;
    }

    /** The Redis servers and databases of the source in these {@link #workerFiles}, as the worker names those that it follows. */
    public String sourceRedis(MastodonMigration migration, Map<String, String> workerFiles) {
        try {
            return ReplicateRedis.follows(workerFiles);
        } catch (Refusal unreadable) {
            throw new MissingInputException("Heroku app " + migration.getSpec().source().heroku().app() + ": " + unreadable.getMessage());
        }
    }

    /** The environment of the instance on the target: the source's, carried over. */
    public SortedMap<String, String> targetEnvironment(MastodonMigration migration) {
        var apps = SpecDefaults.apps(migration.getSpec());
        var heroku = heroku(migration);
        var web = heroku.configVars(apps.getFirst());
        var streaming = apps.size() > 1 ? heroku.configVars(apps.getLast()) : web;
        return TargetEnvironment.of(web, streaming, migration.getSpec(), URI.create(targetPostgresUrl(migration)), URI.create(targetRedisUrl(migration)));
    }

    private static MissingInputException noVariable(MastodonMigration migration, String variable) {
        return new MissingInputException("Heroku app " + migration.getSpec().source().heroku().app() + " has no config var " + variable + ". Is it the app that runs web and Sidekiq?");
    }
}
