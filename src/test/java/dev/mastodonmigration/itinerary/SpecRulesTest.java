package dev.mastodonmigration.itinerary;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.*;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SpecRulesTest {
    @Test
    void acceptsWhatThisVersionCanDo() {
        assertThat(SpecRules.violations(Specs.valid())).isEmpty();
    }

    static Stream<Arguments> refused() {
        var existing = new Existing(new SecretKeyRef("target-postgres", "url"));
        var target = Specs.target(existing);
        return Stream.of(
                Arguments.of("parallelism", Specs.with(new Strategy(PostgresStrategy.Dump, RedisStrategy.Snapshot, 0, null, null)), "spec.strategy.parallelism must be 1 to 32"),
                Arguments.of("maxDowntime", Specs.with(new Strategy(PostgresStrategy.Dump, RedisStrategy.Snapshot, 1, null, "ten minutes")), "spec.strategy.maxDowntime: \"ten minutes\" is not a duration"),
                Arguments.of("notBefore", Specs.with(new Cutover(null, null, "tonight", null, null)), "spec.cutover.notBefore: \"tonight\" is not a time"),
                Arguments.of("reverse", Specs.with(new Soak("1h", true), null), "spec.soak.reverseReplication: true is not supported yet"),
                Arguments.of("backup", Specs.with(new Soak("1h", null), new Retire(null, true, null, null, null)), "spec.retire.finalBackup: true is not supported yet"),
                Arguments.of("addons", Specs.with(new Soak("1h", null), new Retire(null, null, null, true, null)), "spec.retire.addons: true is not supported yet"),
                Arguments.of("apps", Specs.with(new Soak("1h", null), new Retire(null, null, null, null, true)), "spec.retire.apps: true is not supported yet"),
                Arguments.of("rolled back", Specs.with(DesiredState.RolledBack), "spec.state: RolledBack is not supported yet"),
                Arguments.of("no source", Specs.with(null, target), "spec.source: set exactly one"),
                Arguments.of("both sources", Specs.with(new Source(Specs.source("a").heroku(), new Endpoints(existing, existing)), target), "spec.source: set exactly one"),
                Arguments.of("endpoints", Specs.with(new Source(null, new Endpoints(existing, existing)), target), "spec.source.endpoints is not supported yet"),
                Arguments.of("no token", Specs.with(new Source(new Heroku("a", null, null), null), target), "spec.source.heroku.apiTokenSecretRef needs the name and the key"),
                Arguments.of("no target", Specs.with(Specs.source("a"), null), "spec.target is required"),
                Arguments.of("rds", Specs.with(Specs.source("a"), new Target(new TargetPostgres(new Rds("db.t4g.small", 20, null, null, null, null), null), target.redis(), target.compute(), null)), "spec.target.postgres.rds is not supported yet"),
                Arguments.of("rds and existing", Specs.with(Specs.source("a"), new Target(new TargetPostgres(null, null), target.redis(), target.compute(), null)), "spec.target.postgres: set exactly one"),
                Arguments.of("elastiCache", Specs.with(Specs.source("a"), new Target(target.postgres(), new TargetRedis(new ElastiCache("cache.t4g.small", null, null, null, null, null), null), target.compute(), null)), "spec.target.redis.elastiCache is not supported yet"),
                Arguments.of("ec2", Specs.with(Specs.source("a"), new Target(target.postgres(), target.redis(), new Compute(null, new Ec2(null, "t4g.large", null)), null)), "spec.target.compute.ec2 is not supported yet"),
                Arguments.of("route53", Specs.with(Specs.source("a"), new Target(target.postgres(), target.redis(), target.compute(), new Dns(new Route53("Z1", null, null, null), null))), "spec.target.dns.route53 is not supported yet"),
                Arguments.of("part", Specs.with(Specs.source("a"), new Target(target.postgres(), null, null, null)), "moving only a part is not supported yet"),
                Arguments.of("ingress", Specs.with(Specs.source("a"), compute(new Kubernetes(null, null, null, new Ingress("nginx", null)))), "spec.target.compute.kubernetes.ingress is not supported yet"),
                Arguments.of("no scheduler", Specs.with(Specs.source("a"), compute(new Kubernetes(null, null, List.of(new Sidekiq("default", List.of("default"), 5, 1)), null))), "exactly one entry must serve the scheduler queue"),
                Arguments.of("two schedulers", Specs.with(Specs.source("a"), compute(new Kubernetes(null, null, List.of(new Sidekiq("all", null, 5, 1), new Sidekiq("scheduler", List.of("scheduler"), 1, 1)), null))), "exactly one entry must serve the scheduler queue"),
                Arguments.of("scheduler twice", Specs.with(Specs.source("a"), compute(new Kubernetes(null, null, List.of(new Sidekiq("all", null, 5, 2)), null))), "must have one replica"),
                Arguments.of("same name", Specs.with(Specs.source("a"), compute(new Kubernetes(null, null, List.of(new Sidekiq("a", List.of("push"), 5, 1), new Sidekiq("a", List.of("scheduler"), 5, 1)), null))), "the name stands twice"));
    }

    private static Target compute(Kubernetes kubernetes) {
        var target = Specs.target(new Existing(new SecretKeyRef("target-postgres", "url")));
        return new Target(target.postgres(), target.redis(), new Compute(kubernetes, null), null);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void refusesByNameWhatItCannotDo(String name, MastodonMigrationSpec spec, String message) {
        assertThat(SpecRules.violations(spec)).as(name).anyMatch(violation -> violation.contains(message));
    }

    @Test
    void tellsEverythingAtOnce() {
        assertThat(SpecRules.violations(new MastodonMigrationSpec(null, null, null, null, null, null, null, null, null, null)))
                .anyMatch(violation -> violation.contains("spec.instance"))
                .anyMatch(violation -> violation.contains("spec.source"))
                .anyMatch(violation -> violation.contains("spec.target"))
                .hasSizeGreaterThan(2);
    }
}
