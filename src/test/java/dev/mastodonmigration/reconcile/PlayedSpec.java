package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.Cutover;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationSpec.Dns;
import dev.mastodonmigration.api.MastodonMigrationSpec.Edge;
import dev.mastodonmigration.api.MastodonMigrationSpec.Instance;
import dev.mastodonmigration.api.MastodonMigrationSpec.PostgresStrategy;
import dev.mastodonmigration.api.MastodonMigrationSpec.RedisStrategy;
import dev.mastodonmigration.api.MastodonMigrationSpec.Retire;
import dev.mastodonmigration.api.MastodonMigrationSpec.Route53;
import dev.mastodonmigration.api.MastodonMigrationSpec.Soak;
import dev.mastodonmigration.api.MastodonMigrationSpec.Strategy;
import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.itinerary.Specs;
import java.util.List;

/** Specs of migrations that wait for nobody, but for what a test says otherwise. */
final class PlayedSpec {
    private PlayedSpec() {}

    /** Dump and Snapshot. */
    static MastodonMigrationSpec approved() {
        return of(Specs.valid(), new Strategy(PostgresStrategy.Dump, RedisStrategy.Snapshot, 2, "0s", "10m"));
    }

    static MastodonMigrationSpec live() {
        return of(Specs.valid(), new Strategy(PostgresStrategy.Live, RedisStrategy.Live, 2, "3s", "10m"));
    }

    private static MastodonMigrationSpec of(MastodonMigrationSpec spec, Strategy strategy) {
        return new MastodonMigrationSpec(spec.instance(), spec.source(), spec.target(), null, spec.edge(), strategy, null, Specs.cutover(true), new Soak("0s", null), new Retire(true, null, true, null, null, null, null), spec.state());
    }

    static MastodonMigrationSpec notApproved(MastodonMigrationSpec spec) {
        return with(spec, spec.instance(), spec.target(), Specs.cutover(false), spec.soak(), spec.state());
    }

    static MastodonMigrationSpec image(MastodonMigrationSpec spec, String image) {
        var instance = spec.instance();
        return with(spec, new Instance(instance.localDomain(), instance.webDomain(), instance.streamingDomain(), image, instance.streamingImage(), instance.moveLocalDomain()), spec.target(), spec.cutover(), spec.soak(), spec.state());
    }

    static MastodonMigrationSpec soak(MastodonMigrationSpec spec, String duration) {
        return with(spec, spec.instance(), spec.target(), spec.cutover(), new Soak(duration, null), spec.state());
    }

    static MastodonMigrationSpec notRetired(MastodonMigrationSpec spec) {
        return new MastodonMigrationSpec(spec.instance(), spec.source(), spec.target(), spec.aws(), spec.edge(), spec.strategy(), spec.rehearsal(), spec.cutover(), spec.soak(), new Retire(false, null, true, null, null, null, null), spec.state());
    }

    static MastodonMigrationSpec retire(MastodonMigrationSpec spec, Retire retire) {
        return new MastodonMigrationSpec(spec.instance(), spec.source(), spec.target(), spec.aws(), spec.edge(), spec.strategy(), spec.rehearsal(), spec.cutover(), spec.soak(), retire, spec.state());
    }

    static MastodonMigrationSpec state(MastodonMigrationSpec spec, DesiredState state) {
        return with(spec, spec.instance(), spec.target(), spec.cutover(), spec.soak(), state);
    }

    static MastodonMigrationSpec edge(MastodonMigrationSpec spec, String hold) {
        return new MastodonMigrationSpec(spec.instance(), spec.source(), spec.target(), spec.aws(), new Edge(hold, null, null, null, null), spec.strategy(), spec.rehearsal(), spec.cutover(), spec.soak(), spec.retire(), spec.state());
    }

    /** Users come to the source by those addresses, once they come through the edge. */
    static MastodonMigrationSpec egress(MastodonMigrationSpec spec, String... addresses) {
        return new MastodonMigrationSpec(spec.instance(), spec.source(), spec.target(), spec.aws(), new Edge("15s", null, null, null, List.of(addresses)), spec.strategy(), spec.rehearsal(), spec.cutover(), spec.soak(), spec.retire(), spec.state());
    }

    static MastodonMigrationSpec route53(MastodonMigrationSpec spec) {
        var target = spec.target();
        return with(spec, spec.instance(), new Target(target.postgres(), target.redis(), target.compute(), new Dns(new Route53("Z1", 60, null, null, null), null)), spec.cutover(), spec.soak(), spec.state());
    }

    /** Both databases move, and the instance stays where it is. */
    static MastodonMigrationSpec dataOnly(MastodonMigrationSpec spec) {
        return staying(spec, new Target(spec.target().postgres(), spec.target().redis(), null, null));
    }

    static MastodonMigrationSpec postgresOnly(MastodonMigrationSpec spec) {
        return staying(spec, new Target(spec.target().postgres(), null, null, null));
    }

    static MastodonMigrationSpec redisOnly(MastodonMigrationSpec spec) {
        return staying(spec, new Target(null, spec.target().redis(), null, null));
    }

    static MastodonMigrationSpec computeOnly(MastodonMigrationSpec spec) {
        return with(spec, spec.instance(), new Target(null, null, spec.target().compute(), null), spec.cutover(), spec.soak(), spec.state());
    }

    /** Apps that run the instance are not retired. */
    private static MastodonMigrationSpec staying(MastodonMigrationSpec spec, Target target) {
        return new MastodonMigrationSpec(spec.instance(), spec.source(), target, spec.aws(), spec.edge(), spec.strategy(), spec.rehearsal(), spec.cutover(), spec.soak(), new Retire(spec.retire().approved(), null, null, null, null, null, null), spec.state());
    }

    private static MastodonMigrationSpec with(MastodonMigrationSpec spec, Instance instance, Target target, Cutover cutover, Soak soak, DesiredState state) {
        return new MastodonMigrationSpec(instance, spec.source(), target, spec.aws(), spec.edge(), spec.strategy(), spec.rehearsal(), cutover, soak, spec.retire(), state);
    }
}
