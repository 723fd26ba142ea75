package dev.mastodonmigration.itinerary;

import dev.mastodonmigration.api.MastodonMigrationSpec.SecretKeyRef;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.SpecDefaults;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The parts of a spec that say which instance moves from where to where: recorded at the start, and held against every later edit. */
public final class ImmutableFields {
    private static final String POSTGRES = "spec.target.postgres";
    private static final String REDIS = "spec.target.redis";
    private static final String COMPUTE = "spec.target.compute";
    private static final String EDGE = "spec.edge";
    private static final String PODS = "pods";
    private static final String ZONE = "spec.target.dns.route53.hostedZoneId";
    private static final String RDS = "rds";
    private static final String ELASTICACHE = "elastiCache";
    private static final String EC2 = "ec2";

    private ImmutableFields() {}

    /** Path to value, as status keeps it. References, never secrets. */
    public static Map<String, String> of(MastodonMigrationSpec spec) {
        var fields = new LinkedHashMap<String, String>();
        fields.put("spec.instance.localDomain", spec.instance() == null ? "" : String.valueOf(spec.instance().localDomain()));
        // Users come by these: certificates, entrances and DNS are made for them, and would be left for others.
        fields.put("spec.instance.webDomain", spec.instance() == null ? "" : String.valueOf(SpecDefaults.webDomain(spec)));
        fields.put("spec.instance.streamingDomain", spec.instance() == null || spec.instance().streamingDomain() == null ? "" : spec.instance().streamingDomain());
        // Left out, it may still be set: Preflight may only have said that it is needed.
        Optional.ofNullable(spec.instance()).map(MastodonMigrationSpec.Instance::moveLocalDomain).ifPresent(moves -> fields.put("spec.instance.moveLocalDomain", String.valueOf(moves)));
        var heroku = spec.source() == null ? null : spec.source().heroku();
        fields.put("spec.source.heroku.app", heroku == null ? "" : String.valueOf(heroku.app()));
        fields.put("spec.source.heroku.streamingApp", heroku == null || heroku.streamingApp() == null ? "" : heroku.streamingApp());
        var target = spec.target();
        fields.put(POSTGRES, target == null || target.postgres() == null ? "" : target.postgres().existing() == null ? RDS : text(target.postgres().existing().urlSecretRef()));
        Optional.ofNullable(target).map(MastodonMigrationSpec.Target::postgres).map(MastodonMigrationSpec.TargetPostgres::rds).ifPresent(rds -> {
            fields.put(SpecDefaults.AWS_REGION, region(spec));
            fields.put("spec.target.postgres.rds.instanceClass", String.valueOf(rds.instanceClass()));
            fields.put("spec.target.postgres.rds.allocatedStorageGiB", String.valueOf(rds.allocatedStorageGiB()));
            fields.put("spec.target.postgres.rds.engineVersion", String.valueOf(rds.engineVersion()));
            fields.put("spec.target.postgres.rds.multiAz", String.valueOf(Boolean.TRUE.equals(rds.multiAz())));
            fields.put("spec.target.postgres.rds.subnetIds", String.join(",", rds.subnetIds()));
        });
        fields.put(REDIS, target == null || target.redis() == null ? "" : target.redis().existing() == null ? ELASTICACHE : text(target.redis().existing().urlSecretRef()));
        Optional.ofNullable(target).map(MastodonMigrationSpec.Target::redis).map(MastodonMigrationSpec.TargetRedis::elastiCache).ifPresent(cache -> {
            fields.put(SpecDefaults.AWS_REGION, region(spec));
            fields.put("spec.target.redis.elastiCache.nodeType", String.valueOf(cache.nodeType()));
            fields.put("spec.target.redis.elastiCache.engineVersion", String.valueOf(cache.engineVersion()));
            fields.put("spec.target.redis.elastiCache.replicas", String.valueOf(cache.replicas() == null ? 1 : cache.replicas()));
            fields.put("spec.target.redis.elastiCache.subnetIds", String.join(",", cache.subnetIds()));
        });
        Optional.ofNullable(target).map(MastodonMigrationSpec.Target::compute).map(MastodonMigrationSpec.Compute::ec2).ifPresent(ec2 -> {
            fields.put(SpecDefaults.AWS_REGION, region(spec));
            fields.put("spec.target.compute.ec2.topology", ec2.topology() == null ? MastodonMigrationSpec.Topology.Single.name() : ec2.topology().name());
            fields.put("spec.target.compute.ec2.subnetIds", ec2.subnetIds() == null ? "" : String.join(",", ec2.subnetIds()));
        });
        fields.put(COMPUTE, target == null || target.compute() == null ? "" : target.compute().kubernetes() == null ? EC2 : "kubernetes");
        Optional.ofNullable(target).map(MastodonMigrationSpec.Target::dns).map(MastodonMigrationSpec.Dns::route53).ifPresent(dns -> fields.put(ZONE, dns.hostedZoneId()));
        fields.put(EDGE, spec.edge() == null ? "" : PODS);
        // Users come by it: another one would have to be there, and DNS to lead there, before it goes.
        fields.put(SpecDefaults.EDGE_INGRESS, spec.edge() == null || spec.edge().ingress() == null ? "" : "Ingress");
        fields.put(SpecDefaults.EDGE_GATEWAY, spec.edge() == null || spec.edge().gateway() == null ? "" : Stream.of(spec.edge().gateway().namespace(), spec.edge().gateway().name(), spec.edge().gateway().sectionName())
                .map(part -> Optional.ofNullable(part).orElse("")).collect(Collectors.joining("/")));
        // Preflight let the apps pass because of it; others may be named.
        if (!SpecDefaults.edgeEgress(spec).isEmpty()) {
            fields.put("spec.edge.egressCidrs", "set");
        }
        fields.put("spec.strategy.postgres", SpecDefaults.postgresStrategy(spec).name());
        fields.put("spec.strategy.redis", SpecDefaults.redisStrategy(spec).name());
        return fields;
    }

    /** The sentence that names the first field edited since the start; empty when none was. */
    public static Optional<String> changed(MastodonMigrationSpec spec, Map<String, String> accepted) {
        var now = of(spec);
        return accepted.entrySet().stream()
                .filter(then -> !Objects.equals(then.getValue(), now.getOrDefault(then.getKey(), "")))
                .findFirst()
                .map(then -> then.getKey() + " is immutable once a migration has started: it was \"" + then.getValue() + "\" and is now \"" + now.getOrDefault(then.getKey(), "")
                        + "\". Put it back, or delete this MastodonMigration and create another.");
    }

    /** The sentence that names what was created on AWS and is no longer named by the spec, so that nobody would find it; empty while all of it is. */
    public static Optional<String> disownedDatabases(MastodonMigrationSpec spec, Map<String, String> accepted) {
        return disowned(POSTGRES, RDS, spec, accepted).or(() -> disowned(REDIS, ELASTICACHE, spec, accepted));
    }

    /** As {@link #disownedDatabases}. */
    public static Optional<String> disownedMachines(MastodonMigrationSpec spec, Map<String, String> accepted) {
        return disowned(COMPUTE, EC2, spec, accepted);
    }

    /** The sentence that names the hosted zone in which DNS was changed and that the spec no longer names, so that nobody would put DNS back; empty while it does. */
    public static Optional<String> disownedDns(MastodonMigrationSpec spec, Map<String, String> accepted) {
        var now = of(spec).getOrDefault(ZONE, "");
        return Optional.ofNullable(accepted.get(ZONE)).filter(zone -> !zone.equals(now)).map(zone -> ZONE + " was \"" + zone + "\" when this migration started and is now \"" + now
                + "\", and DNS that the operator changed is put back where it was changed. Put it back, and DNS will be as it was before.");
    }

    /** Whether users come through pods of the operator's, or did when the migration began: these are looked after although somebody took them from the spec. */
    public static boolean hasEdge(MastodonMigrationSpec spec, Map<String, String> accepted) {
        return spec.edge() != null || PODS.equals(accepted.get(EDGE));
    }

    /** Whether web, streaming and Sidekiq move as well, as the spec had it when the migration began: nothing that is under way changes its way because somebody edits that. */
    public static boolean movesCompute(MastodonMigrationSpec spec, Map<String, String> accepted) {
        return Optional.ofNullable(accepted.get(COMPUTE)).map(then -> !then.isEmpty()).orElseGet(() -> spec.target() != null && spec.target().compute() != null);
    }

    private static Optional<String> disowned(String field, String created, MastodonMigrationSpec spec, Map<String, String> accepted) {
        var now = of(spec).get(field);
        return created.equals(accepted.get(field)) && !created.equals(now) ? Optional.of(field + " was \"" + created + "\" when this migration started and is now \"" + now
                + "\", and what it created on AWS is found with what stood there. Put it back: the operator then deletes it or leaves it to you, as spec.aws.deletionPolicy says.") : Optional.empty();
    }

    private static String region(MastodonMigrationSpec spec) {
        return spec.aws() == null ? "" : String.valueOf(spec.aws().region());
    }

    private static String text(SecretKeyRef ref) {
        return ref == null ? "" : ref.name() + "/" + ref.key();
    }
}
