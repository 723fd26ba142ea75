package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.HerokuStub;
import dev.mastodonmigration.embedded.HerokuStubApp;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.source.SavedSource;
import dev.mastodonmigration.source.Source;
import dev.mastodonmigration.source.Source.Database;
import dev.mastodonmigration.source.Source.Databases;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.status.StatusLedger;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Two stopped apps on a stub of their own, their add-ons attached as Mastodon's app.json and its guide attach them. Each call is made by an operator that knows nothing of the last one. */
final class RepointWorld implements AutoCloseable {
    static final String OLD_POSTGRES = "postgres://u:p4ss@old.example.net:5432/d";
    static final String OLD_REDIS = "redis://:p4ss@redis.example.net:6379";
    static final String NEW_POSTGRES = "postgres://u:n3w@target.example.net:5432/db";
    static final String NEW_REDIS = "rediss://:n3w@target.example.net:6380";
    private static final int MANY = 300;
    /** Never asked: nobody deletes the token here. */
    private static final KeptToken KEPT = new KeptToken(new KubernetesClientBuilder().build());
    final HerokuStub heroku = HerokuStub.start();
    final HerokuStubApp web = heroku.createApp("example-web");
    final HerokuStubApp streaming = heroku.createApp("example-streaming");
    final String postgres;
    final MastodonMigration migration = ExampleSource.migration("6f1c2a3b-0000-4000-8000-000000000000");
    Databases databases = postgres(NEW_POSTGRES);
    /** From {@link #save} on, until somebody else changes the apps too. */
    private Optional<NeverWithoutDatabase> invariant = Optional.empty();

    private RepointWorld() {
        heroku.delays(Duration.ZERO, Duration.ZERO);
        postgres = web.attached("heroku-postgresql", "standard-0", OLD_POSTGRES, "DATABASE");
        streaming.attach(postgres, "DATABASE");
        web.formation("web", 0, "Standard-2X");
        streaming.formation("web", 0, "Standard-1X");
    }

    /** Postgres alone is to move; Redis is the add-on's own variable, copied by hand. */
    static RepointWorld ofPostgres() {
        var world = new RepointWorld();
        world.moves(new Target(Specs.valid().target().postgres(), null, null, null));
        var redis = world.web.attached("rediscloud", "100", OLD_REDIS, "REDISCLOUD");
        world.streaming.attach(redis, "REDISCLOUD");
        world.configure(Map.of("REDIS_URL", OLD_REDIS));
        return world;
    }

    static RepointWorld ofRedis(Map<String, String> config) {
        var world = new RepointWorld();
        world.moves(new Target(null, Specs.valid().target().redis(), null, null));
        world.databases = new Databases(Optional.empty(), Optional.of(new Database(NEW_REDIS, Optional.empty())));
        world.configure(config);
        return world;
    }

    /** Both are to move, by all that Heroku has for it: attachments of two add-ons, a connection pool, and what was set by hand. */
    static RepointWorld ofBoth() {
        var world = ofBothBut();
        world.web.attach(world.postgres, "DATABASE_CONNECTION_POOL", "connection-pooling:default");
        var redis = world.web.attached("rediscloud", "100", OLD_REDIS, "REDISCLOUD");
        world.streaming.attach(redis, "REDISCLOUD");
        world.configure(Map.of());
        world.web.config(Map.of("PRIMARY_DATABASE_URL", OLD_POSTGRES, "REDIS_DRIVER", "hiredis"));
        return world;
    }

    /** As {@link #ofBoth}, with a Redis that both apps have as a plain config var, and no add-on. */
    static RepointWorld ofBothByHand() {
        var world = ofBothBut();
        world.configure(Map.of("REDIS_URL", OLD_REDIS));
        return world;
    }

    /** The web app has its Redis as a plain config var, the streaming app by an attachment that gives the same name. */
    static RepointWorld ofStreamingAttached() {
        var world = ofBothBut();
        world.streaming.attached("rediscloud", "100", OLD_REDIS, "REDIS");
        world.configure(Map.of());
        world.web.config("REDIS_URL", OLD_REDIS);
        return world;
    }

    /** The other way round, and with a Redis of Sidekiq's own that was named by its host. */
    static RepointWorld ofWebAttached() {
        var world = ofBothBut();
        world.web.attached("rediscloud", "100", OLD_REDIS, "REDIS");
        world.configure(Map.of());
        world.web.config("SIDEKIQ_REDIS_HOST", "jobs.example.net");
        world.streaming.config(Map.of("REDIS_URL", OLD_REDIS));
        return world;
    }

    private static RepointWorld ofBothBut() {
        var world = new RepointWorld();
        world.moves(new Target(Specs.valid().target().postgres(), Specs.valid().target().redis(), null, null));
        world.databases = new Databases(postgres(NEW_POSTGRES).postgres(), Optional.of(new Database(NEW_REDIS, Optional.empty())));
        return world;
    }

    void moves(Target target) {
        migration.setSpec(Specs.with(migration.getSpec().source(), target));
    }

    private void configure(Map<String, String> config) {
        web.config("LOCAL_DOMAIN", "example.social");
        streaming.config("LOCAL_DOMAIN", "example.social");
        if (!config.isEmpty()) {
            web.config(config);
            streaming.config(config);
        }
    }

    static Databases postgres(String url) {
        return new Databases(Optional.of(new Database(url, Optional.empty())), Optional.empty());
    }

    Source source() {
        return new HerokuSource(migration, heroku.url().toString(), Optional.empty(), heroku::token, KEPT);
    }

    /** As status has it from the start of the clock on. */
    SavedSource save() {
        var saved = source().read();
        tell(new Fact.SourceSaved(saved));
        tell(new Fact.ClockStarted());
        var known = SavedSource.of(migration.getStatus()).orElseThrow();
        invariant = Optional.of(new NeverWithoutDatabase(heroku, known, KeptVariables.ofMigration(migration.getMetadata().getUid())));
        return known;
    }

    /** From now on the apps are not as the operator alone leaves them. */
    void somebodyMeddles() {
        invariant = Optional.empty();
    }

    void tell(Fact fact) {
        if (migration.getStatus() == null) {
            migration.setStatus(new MastodonMigrationStatus());
            migration.getStatus().internal.epoch = 1L;
        }
        new StatusLedger(migration.getStatus(), Instant.parse("2026-11-22T20:00:00Z"), 1).apply(fact);
    }

    List<String> repoint(SavedSource saved) {
        return untilReady(() -> lookForth(saved));
    }

    List<String> pointBack(SavedSource saved) {
        return untilReady(() -> lookBack(saved));
    }

    Provisioned lookForth(SavedSource saved) {
        return checked(() -> source().repoint(saved, databases));
    }

    Provisioned lookBack(SavedSource saved) {
        return checked(() -> source().pointBack(saved));
    }

    /** Also where it was refused. */
    private Provisioned checked(Supplier<Provisioned> look) {
        try {
            return look.get();
        } finally {
            invariant.ifPresent(NeverWithoutDatabase::check);
        }
    }

    /** What was said until it was ready; what may pass is passed over, as the engine does. */
    static List<String> untilReady(Supplier<Provisioned> look) {
        var said = new ArrayList<String>();
        for (int i = 0; i < MANY; i++) {
            try {
                var seen = look.get();
                said.add(seen.message());
                if (seen instanceof Provisioned.Ready) {
                    return said;
                }
            } catch (OutsideException refused) {
                if (!refused.mayPass()) {
                    throw refused;
                }
                said.add(refused.getMessage());
            }
        }
        throw new AssertionError("not ready within " + MANY + " looks: " + said.subList(MANY - 10, MANY));
    }

    /** All that a dyno that starts now would see, and what gives it that. */
    List<Object> state() {
        return List.of(web.attachments(), web.configVars(), streaming.attachments(), streaming.configVars());
    }

    List<String> releases() {
        var all = new ArrayList<>(streaming.releases());
        all.addAll(web.releases());
        return all;
    }

    @Override
    public void close() {
        heroku.close();
    }
}
