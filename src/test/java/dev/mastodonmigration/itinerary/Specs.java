package dev.mastodonmigration.itinerary;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.*;
import java.util.List;

/** Specs for tests: one that this version accepts, and small changes of it. */
public final class Specs {
    private Specs() {}

    public static MastodonMigrationSpec valid() {
        return of(DesiredState.Running, new Strategy(PostgresStrategy.Dump, RedisStrategy.Snapshot, 2, null, "10m"), cutover(false), new Soak("1h", null), null);
    }

    public static MastodonMigrationSpec with(DesiredState state) {
        var spec = valid();
        return of(state, spec.strategy(), spec.cutover(), spec.soak(), spec.retire());
    }

    public static MastodonMigrationSpec with(Strategy strategy) {
        var spec = valid();
        return of(spec.state(), strategy, spec.cutover(), spec.soak(), spec.retire());
    }

    public static MastodonMigrationSpec with(Cutover cutover) {
        var spec = valid();
        return of(spec.state(), spec.strategy(), cutover, spec.soak(), spec.retire());
    }

    public static MastodonMigrationSpec with(Soak soak, Retire retire) {
        var spec = valid();
        return of(spec.state(), spec.strategy(), spec.cutover(), soak, retire);
    }

    /** Nothing of which moves to AWS. */
    public static MastodonMigrationSpec onAws(Aws aws, Retire retire) {
        var spec = valid();
        return new MastodonMigrationSpec(spec.instance(), spec.source(), spec.target(), aws, spec.edge(), spec.strategy(), null, spec.cutover(), spec.soak(), retire, spec.state());
    }

    public static MastodonMigrationSpec with(Source source, Target target) {
        var spec = valid();
        return new MastodonMigrationSpec(spec.instance(), source, target, null, spec.edge(), spec.strategy(), null, spec.cutover(), spec.soak(), null, spec.state());
    }

    private static MastodonMigrationSpec of(DesiredState state, Strategy strategy, Cutover cutover, Soak soak, Retire retire) {
        return new MastodonMigrationSpec(
                new Instance("example.social", null, null, "ghcr.io/mastodon/mastodon:v4.5.3", "ghcr.io/mastodon/mastodon-streaming:v4.5.3", null),
                source("example-web"),
                target(new ExistingTarget(new SecretKeyRef("target-postgres", "url"), null)),
                null, null, strategy, null, cutover, soak, retire, state);
    }

    public static Cutover cutover(boolean approved) {
        return new Cutover(approved, null, null, null, null);
    }

    public static Source source(String app) {
        return new Source(new Heroku(app, "example-streaming", new SecretKeyRef("heroku", "token")), null);
    }

    public static Target target(ExistingTarget postgres) {
        return new Target(
                new TargetPostgres(null, postgres),
                new TargetRedis(null, new ExistingTarget(new SecretKeyRef("target-redis", "url"), null)),
                new Compute(new Kubernetes(null, null, List.of(new Sidekiq("default", List.of("default", "push"), 5, 2, null, null), new Sidekiq("scheduler", List.of("scheduler"), 1, 1, null, null)), null, null, null, null), null),
                null);
    }
}
