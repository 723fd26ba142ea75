package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.OperatorConfig;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.embedded.EmbeddedApiServer;
import dev.mastodonmigration.embedded.HerokuStub;
import dev.mastodonmigration.embedded.HerokuStubApp;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.outside.SecretReader;
import dev.mastodonmigration.source.Source;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;

/** A migration whose instance runs on the stub: example-web with two web dynos and a worker, example-streaming with one web dyno. */
final class ExampleSource implements AutoCloseable {
    static final String NAMESPACE = "mastodon";
    final EmbeddedApiServer kubernetes = EmbeddedApiServer.start();
    final HerokuStub heroku = HerokuStub.start();
    final HerokuStubApp web = heroku.createApp("example-web");
    final HerokuStubApp streaming = heroku.createApp("example-streaming");
    final MastodonMigration migration = migration("6f1c");
    String apiUrl = heroku.url().toString();

    ExampleSource() {
        heroku.delays(Duration.ZERO, Duration.ZERO);
        web.config(Map.of("LOCAL_DOMAIN", "example.social", "DATABASE_URL", "postgres://u:p4ss@db.example.net/d", "REDIS_URL", "redis://:p4ss@redis.example.net:6379"));
        streaming.config(Map.of("LOCAL_DOMAIN", "example.social", "STREAMING_CLUSTER_NUM", "1"));
        web.formation("web", 2, "Standard-2X");
        web.formation("worker", 1, "Standard-1X");
        streaming.formation("web", 1, "Standard-1X");
        giveToken(heroku.token());
    }

    static MastodonMigration migration(String uid) {
        var migration = new MastodonMigration();
        migration.setMetadata(new ObjectMetaBuilder().withName("example-social").withNamespace(NAMESPACE).withUid(uid).build());
        migration.setSpec(Specs.valid());
        return migration;
    }

    /** The admin's Secret, as the spec names it. */
    void giveToken(String token) {
        secret("token", token);
    }

    void secret(String key, String value) {
        kubernetes.client().secrets().inNamespace(NAMESPACE).resource(new SecretBuilder().withNewMetadata().withName("heroku").withNamespace(NAMESPACE).endMetadata().withType("Opaque")
                .withData(Map.of(key, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8)))).build()).createOr(found -> found.update());
    }

    void deleteToken() {
        kubernetes.client().secrets().inNamespace(NAMESPACE).withName("heroku").delete();
    }

    Source source() {
        return source(migration);
    }

    Source source(MastodonMigration of) {
        return new HerokuSources(new SecretReader(kubernetes.client()), new KeptToken(kubernetes.client()), configuration()).of(of);
    }

    private OperatorConfig configuration() {
        return new OperatorConfig() {
            @Override
            public String workerImage() {
                throw new IllegalStateException("no worker runs here");
            }

            @Override
            public Optional<List<String>> workerImagePullSecrets() {
                throw new IllegalStateException("no worker runs here");
            }

            @Override
            public int workerPort() {
                throw new IllegalStateException("no worker runs here");
            }

            @Override
            public Optional<String> nameServer() {
                return Optional.empty();
            }

            @Override
            public Optional<String> herokuRouterUrl() {
                return Optional.empty();
            }

            @Override
            public Optional<String> frontUrl() {
                return Optional.empty();
            }

            @Override
            public String herokuApiUrl() {
                return apiUrl;
            }
        };
    }

    ExampleSource awaitUp() {
        Awaitility.await().until(() -> source().alive().size() == 4 && source().alive().stream().allMatch(process -> process.name().endsWith("(up)")));
        return this;
    }

    @Override
    public void close() {
        heroku.close();
        kubernetes.close();
    }
}
