package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.AllowFrom;
import dev.mastodonmigration.api.MastodonMigrationSpec.Aws;
import dev.mastodonmigration.api.MastodonMigrationSpec.Compute;
import dev.mastodonmigration.api.MastodonMigrationSpec.CronJob;
import dev.mastodonmigration.api.MastodonMigrationSpec.Cutover;
import dev.mastodonmigration.api.MastodonMigrationSpec.DeletionPolicy;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationSpec.Dns;
import dev.mastodonmigration.api.MastodonMigrationSpec.Ec2;
import dev.mastodonmigration.api.MastodonMigrationSpec.Edge;
import dev.mastodonmigration.api.MastodonMigrationSpec.ElastiCache;
import dev.mastodonmigration.api.MastodonMigrationSpec.Front;
import dev.mastodonmigration.api.MastodonMigrationSpec.Kubernetes;
import dev.mastodonmigration.api.MastodonMigrationSpec.PostgresStrategy;
import dev.mastodonmigration.api.MastodonMigrationSpec.Rds;
import dev.mastodonmigration.api.MastodonMigrationSpec.RedisStrategy;
import dev.mastodonmigration.api.MastodonMigrationSpec.Rehearsal;
import dev.mastodonmigration.api.MastodonMigrationSpec.Retire;
import dev.mastodonmigration.api.MastodonMigrationSpec.Route53;
import dev.mastodonmigration.api.MastodonMigrationSpec.SecretRef;
import dev.mastodonmigration.api.MastodonMigrationSpec.Soak;
import dev.mastodonmigration.api.MastodonMigrationSpec.Strategy;
import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.api.MastodonMigrationSpec.TargetPostgres;
import dev.mastodonmigration.api.MastodonMigrationSpec.TargetRedis;
import dev.mastodonmigration.api.MastodonMigrationSpec.Topology;
import dev.mastodonmigration.itinerary.Specs;
import java.util.List;
import java.util.Optional;

/** The spec of a migration that waits for nobody, but for what a test says otherwise. */
final class FlowSpec {
    static final String AWS_SECRET = "aws";
    private Target target = Specs.valid().target();
    private Optional<Aws> aws = Optional.empty();
    private Strategy strategy = Specs.valid().strategy();
    private Rehearsal rehearsal = new Rehearsal(true, null);
    private Cutover cutover = new Cutover(true, null, null, null, null);
    private Soak soak = new Soak("0s", null);
    private Optional<Edge> edge = Optional.empty();
    private Retire retire = new Retire(true, null, true, null, null, null, null);
    private DesiredState state = DesiredState.Running;

    static MastodonMigrationSpec approved() {
        return new FlowSpec().spec();
    }

    /** With the shortest time in sync. */
    FlowSpec redis(RedisStrategy redis) {
        strategy = new Strategy(PostgresStrategy.Dump, redis, 2, "0s", "10m");
        return this;
    }

    FlowSpec maxDowntime(String duration) {
        strategy = new Strategy(strategy.postgres(), strategy.redis(), strategy.parallelism(), strategy.inSyncFor(), duration);
        return this;
    }

    FlowSpec withoutRehearsal() {
        rehearsal = new Rehearsal(false, null);
        return this;
    }

    FlowSpec notApproved() {
        cutover = new Cutover(false, null, null, null, null);
        return this;
    }

    FlowSpec soak(String duration) {
        soak = new Soak(duration, null);
        return this;
    }

    FlowSpec retire(Retire wanted) {
        retire = wanted;
        return this;
    }

    /** Postgres moves to an RDS instance in these subnets. */
    FlowSpec rds(List<String> subnets, DeletionPolicy policy) {
        var rds = new Rds("db.t4g.small", 20, "17", null, null, subnets, null, new AllowFrom(null, List.of("10.0.0.0/16")), null);
        target = new Target(new TargetPostgres(rds, null), target.redis(), target.compute(), target.dns());
        aws = Optional.of(new Aws("eu-central-1", new SecretRef(AWS_SECRET), policy));
        return this;
    }

    /** Redis moves to an ElastiCache replication group in these subnets. */
    FlowSpec elastiCache(List<String> subnets, DeletionPolicy policy) {
        var cache = new ElastiCache("cache.t4g.small", "8.0", null, null, subnets, null, new AllowFrom(null, List.of("10.0.0.0/16")), null);
        target = new Target(target.postgres(), new TargetRedis(cache, null), target.compute(), target.dns());
        aws = Optional.of(new Aws("eu-central-1", new SecretRef(AWS_SECRET), policy));
        return this;
    }

    /** DNS is led to that address when the target takes writes; records get a TTL of a second. */
    FlowSpec route53(String zone, String address) {
        target = new Target(target.postgres(), target.redis(), target.compute(), new Dns(new Route53(zone, 1, null, null, new Front(null, null, List.of(address))), null));
        aws = Optional.of(new Aws("eu-central-1", new SecretRef(AWS_SECRET), null));
        return this;
    }

    /** DNS is led to what is created with the machines. */
    FlowSpec route53(String zone) {
        target = new Target(target.postgres(), target.redis(), target.compute(), new Dns(new Route53(zone, 1, null, null, null), null));
        aws = Optional.of(new Aws("eu-central-1", new SecretRef(AWS_SECRET), null));
        return this;
    }

    /** Web, streaming and Sidekiq move to machines in these subnets. */
    FlowSpec ec2(List<String> subnets, Topology topology, String instanceType, DeletionPolicy policy) {
        target = new Target(target.postgres(), target.redis(), new Compute(null, new Ec2(topology, instanceType, subnets, null, null, null)), target.dns());
        aws = Optional.of(new Aws("eu-central-1", new SecretRef(AWS_SECRET), policy));
        return this;
    }

    FlowSpec cronJobs(CronJob... cronJobs) {
        var kubernetes = target.compute().kubernetes();
        target = new Target(target.postgres(), target.redis(), new Compute(new Kubernetes(kubernetes.web(), kubernetes.streaming(), kubernetes.sidekiq(), null, List.of(cronJobs), null, null), null), target.dns());
        return this;
    }

    /** Users come through pods of the operator's. */
    FlowSpec edge() {
        edge = Optional.of(new Edge("15s", 2, null, null, null));
        return this;
    }

    /** The instance stays, and Postgres moves. */
    FlowSpec postgresOnly() {
        return staying(new Target(target.postgres(), null, null, null));
    }

    FlowSpec redisOnly() {
        return staying(new Target(null, target.redis(), null, null));
    }

    FlowSpec computeOnly() {
        target = new Target(null, null, target.compute(), null);
        return this;
    }

    private FlowSpec staying(Target parts) {
        target = parts;
        retire = new Retire(true, null, null, null, null, null, null);
        return this;
    }

    FlowSpec state(DesiredState wanted) {
        state = wanted;
        return this;
    }

    MastodonMigrationSpec spec() {
        var spec = Specs.valid();
        return new MastodonMigrationSpec(spec.instance(), spec.source(), target, aws.orElse(null), edge.orElse(null), strategy, rehearsal, cutover, soak, retire, state);
    }
}
