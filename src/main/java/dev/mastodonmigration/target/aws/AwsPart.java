package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.Ec2;
import dev.mastodonmigration.api.MastodonMigrationSpec.ElastiCache;
import dev.mastodonmigration.api.MastodonMigrationSpec.Rds;
import dev.mastodonmigration.api.MastodonMigrationSpec.Route53;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** What a statement of the example policies is for, by how its Sid begins, and whether a spec needs it. */
enum AwsPart {
    NETWORK("to look at the subnets", spec -> rds(spec).isPresent() || elastiCache(spec).isPresent(), "Network"),
    RDS("for target.postgres.rds", spec -> rds(spec).isPresent(), "Rds"),
    ELASTICACHE("for target.redis.elastiCache", spec -> elastiCache(spec).isPresent(), "ElastiCache"),
    SECURITY_GROUP("for the databases' allowFrom", spec -> Stream.of(rds(spec).map(Rds::allowFrom), elastiCache(spec).map(ElastiCache::allowFrom)).anyMatch(Optional::isPresent), "SecurityGroup"),
    EC2("for target.compute.ec2", spec -> ec2(spec).isPresent(), "Ec2", "Balancer", "Certificate", "Logs", "Parameters", "Role"),
    DNS("for target.dns.route53", spec -> route53(spec).isPresent(), "Dns"),
    /** Not demanded: bundled prices stand in. */
    PRICES("to ask for prices", spec -> false, "Prices"),
    /** Not demanded: without it permissions cannot be tried, and may be there. */
    ITSELF("to ask AWS what it may", spec -> false, "Itself");

    private final String why;
    private final Predicate<MastodonMigrationSpec> needed;
    private final List<String> sids;

    AwsPart(String why, Predicate<MastodonMigrationSpec> needed, String... sids) {
        this.why = why;
        this.needed = needed;
        this.sids = List.of(sids);
    }

    static AwsPart of(String sid) {
        return Stream.of(values()).filter(part -> part.sids.stream().anyMatch(sid::startsWith)).findFirst().orElseThrow(() -> new IllegalStateException("no part of the spec needs the statement " + sid));
    }

    /** In words that follow an action. */
    String why() {
        return why;
    }

    boolean isNeededBy(MastodonMigrationSpec spec) {
        return needed.test(spec);
    }

    static Optional<Rds> rds(MastodonMigrationSpec spec) {
        return Optional.ofNullable(spec.target().postgres()).map(MastodonMigrationSpec.TargetPostgres::rds);
    }

    static Optional<ElastiCache> elastiCache(MastodonMigrationSpec spec) {
        return Optional.ofNullable(spec.target().redis()).map(MastodonMigrationSpec.TargetRedis::elastiCache);
    }

    static Optional<Ec2> ec2(MastodonMigrationSpec spec) {
        return Optional.ofNullable(spec.target().compute()).map(MastodonMigrationSpec.Compute::ec2);
    }

    static Optional<Route53> route53(MastodonMigrationSpec spec) {
        return Optional.ofNullable(spec.target().dns()).map(MastodonMigrationSpec.Dns::route53);
    }
}
