package dev.mastodonmigration.api;

import dev.mastodonmigration.api.MastodonMigrationSpec.DeletionPolicy;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationSpec.PostgresStrategy;
import dev.mastodonmigration.api.MastodonMigrationSpec.RedisStrategy;
import dev.mastodonmigration.itinerary.SpecRules;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** What a spec means where it says nothing: the one place that knows its defaults and its spelling of durations and times. */
public final class SpecDefaults {
    /** Mastodon's queues with its own weights (docker-compose, config/sidekiq.yml); a queue that nobody serves stalls in silence. */
    public static final List<String> ALL_QUEUES = List.of("default,8", "push,6", "ingress,4", "mailers,2", "pull", "scheduler", "fasp");
    /** Path of the field under which status.internal.accepted keeps the region that a migration began in. */
    public static final String AWS_REGION = "spec.aws.region";
    /** Likewise of what the operator made in front of the edge; empty for nothing. */
    public static final String EDGE_INGRESS = "spec.edge.ingress";
    public static final String EDGE_GATEWAY = "spec.edge.gateway";
    private static final Pattern DURATION = Pattern.compile("(?:(\\d{1,6})h)?(?:(\\d{1,6})m)?(?:(\\d{1,6})s)?");

    private SpecDefaults() {}

    public static DesiredState state(MastodonMigrationSpec spec) {
        return spec.state() == null ? DesiredState.Running : spec.state();
    }

    public static PostgresStrategy postgresStrategy(MastodonMigrationSpec spec) {
        return spec.strategy() == null || spec.strategy().postgres() == null ? PostgresStrategy.Live : spec.strategy().postgres();
    }

    public static RedisStrategy redisStrategy(MastodonMigrationSpec spec) {
        return spec.strategy() == null || spec.strategy().redis() == null ? RedisStrategy.Live : spec.strategy().redis();
    }

    public static boolean movesPostgres(MastodonMigrationSpec spec) {
        return spec.target() != null && spec.target().postgres() != null;
    }

    public static boolean movesRedis(MastodonMigrationSpec spec) {
        return spec.target() != null && spec.target().redis() != null;
    }

    public static boolean livePostgres(MastodonMigrationSpec spec) {
        return movesPostgres(spec) && postgresStrategy(spec) == PostgresStrategy.Live;
    }

    /** Whether Postgres is copied while the instance is down, so that the target has none before. */
    public static boolean dumpsPostgres(MastodonMigrationSpec spec) {
        return movesPostgres(spec) && postgresStrategy(spec) == PostgresStrategy.Dump;
    }

    public static boolean liveRedis(MastodonMigrationSpec spec) {
        return movesRedis(spec) && redisStrategy(spec) == RedisStrategy.Live;
    }

    /** Likewise. */
    public static boolean copiesRedisInTheFreeze(MastodonMigrationSpec spec) {
        return movesRedis(spec) && redisStrategy(spec) != RedisStrategy.Live;
    }

    /** Whether only Sidekiq's jobs move, and Mastodon makes its feeds anew. */
    public static boolean rebuildsRedis(MastodonMigrationSpec spec) {
        return movesRedis(spec) && redisStrategy(spec) == RedisStrategy.Rebuild;
    }

    /** Names of the queues that some Sidekiq of the target serves; empty where the processes do not move. */
    public static List<String> sidekiqQueues(MastodonMigrationSpec spec) {
        if (spec.target() == null || spec.target().compute() == null) {
            return List.of();
        }
        var compute = spec.target().compute();
        var served = compute.kubernetes() != null
                ? Optional.ofNullable(compute.kubernetes().sidekiq()).orElse(List.of()).stream().map(process -> Optional.ofNullable(process.queues()).orElse(ALL_QUEUES)).toList()
                : Optional.ofNullable(compute.ec2().sidekiq()).orElse(List.of()).stream().map(process -> Optional.ofNullable(process.queues()).orElse(ALL_QUEUES)).toList();
        var queues = served.isEmpty() ? ALL_QUEUES : served.stream().flatMap(List::stream).toList();
        return queues.stream().map(queue -> queue.split(",")[0]).distinct().toList();
    }

    /** Those of them that a process serves which has more pods for a while after the move; empty where none has. */
    public static List<String> burstQueues(MastodonMigrationSpec spec) {
        return Optional.ofNullable(spec.target().compute()).map(MastodonMigrationSpec.Compute::kubernetes).map(MastodonMigrationSpec.Kubernetes::sidekiq).orElse(List.of()).stream()
                .filter(process -> process.burstReplicas() != null).flatMap(process -> Optional.ofNullable(process.queues()).orElse(ALL_QUEUES).stream()).map(queue -> queue.split(",")[0]).distinct().toList();
    }

    public static Duration inSyncFor(MastodonMigrationSpec spec) {
        return durationOr(Duration.ofSeconds(30), spec.strategy() == null ? null : spec.strategy().inSyncFor());
    }

    /** Of {@code spec.edge}, as what follows; also of a spec from which somebody took it. */
    public static Duration edgeHold(MastodonMigrationSpec spec) {
        return durationOr(Duration.ofSeconds(15), spec.edge() == null ? null : spec.edge().hold());
    }

    /** Empty where the spec does not say. */
    public static List<String> edgeEgress(MastodonMigrationSpec spec) {
        return spec.edge() == null || spec.edge().egressCidrs() == null ? List.of() : spec.edge().egressCidrs();
    }

    public static int edgeReplicas(MastodonMigrationSpec spec) {
        return Optional.ofNullable(spec.edge()).map(MastodonMigrationSpec.Edge::replicas).orElse(2);
    }

    public static int parallelism(MastodonMigrationSpec spec) {
        return spec.strategy() == null || spec.strategy().parallelism() == null ? 4 : spec.strategy().parallelism();
    }

    public static Duration maxDowntime(MastodonMigrationSpec spec) {
        return durationOr(Duration.ofMinutes(10), spec.strategy() == null ? null : spec.strategy().maxDowntime());
    }

    public static Duration soak(MastodonMigrationSpec spec) {
        return durationOr(Duration.ofHours(72), spec.soak() == null ? null : spec.soak().duration());
    }

    public static boolean rehearsalEnabled(MastodonMigrationSpec spec) {
        return spec.rehearsal() == null || spec.rehearsal().enabled() == null || spec.rehearsal().enabled();
    }

    public static boolean cutoverApproved(MastodonMigrationSpec spec) {
        var cutover = spec.cutover();
        return cutover != null && (Boolean.TRUE.equals(cutover.approved()) || Boolean.TRUE.equals(cutover.automatic()));
    }

    public static boolean stopsOneOffDynos(MastodonMigrationSpec spec) {
        return spec.cutover() != null && Boolean.TRUE.equals(spec.cutover().stopOneOffDynos());
    }

    public static Optional<Instant> notBefore(MastodonMigrationSpec spec) {
        return Optional.ofNullable(spec.cutover()).map(MastodonMigrationSpec.Cutover::notBefore).map(SpecDefaults::time);
    }

    public static Optional<Instant> notAfter(MastodonMigrationSpec spec) {
        return Optional.ofNullable(spec.cutover()).map(MastodonMigrationSpec.Cutover::notAfter).map(SpecDefaults::time);
    }

    /** Whether what the operator created on AWS goes when the migration is aborted; nothing is created where nothing of AWS is chosen. */
    public static boolean deletesFromAws(MastodonMigrationSpec spec) {
        return deletesDatabases(spec) || deletesMachines(spec);
    }

    /** As {@link #deletesFromAws}, of databases alone. */
    public static boolean deletesDatabases(MastodonMigrationSpec spec) {
        return deletes(spec) && (spec.target().postgres() != null && spec.target().postgres().rds() != null || spec.target().redis() != null && spec.target().redis().elastiCache() != null);
    }

    /** As {@link #deletesFromAws}, of machines alone. */
    public static boolean deletesMachines(MastodonMigrationSpec spec) {
        return deletes(spec) && spec.target().compute() != null && spec.target().compute().ec2() != null;
    }

    private static boolean deletes(MastodonMigrationSpec spec) {
        return spec.aws() != null && spec.aws().deletionPolicy() == DeletionPolicy.Delete;
    }

    public static boolean retireApproved(MastodonMigrationSpec spec) {
        return spec.retire() != null && Boolean.TRUE.equals(spec.retire().approved());
    }

    public static boolean retireFormation(MastodonMigrationSpec spec) {
        return spec.retire() != null && Boolean.TRUE.equals(spec.retire().formation());
    }

    public static boolean deletesAddOns(MastodonMigrationSpec spec) {
        return spec.retire() != null && Boolean.TRUE.equals(spec.retire().addons());
    }

    public static boolean deletesApps(MastodonMigrationSpec spec) {
        return spec.retire() != null && Boolean.TRUE.equals(spec.retire().apps());
    }

    /** Since the target took writes, and since somebody came to an app that goes, before anything of the old host is deleted. */
    public static Duration quietFor(MastodonMigrationSpec spec) {
        return durationOr(Duration.ofHours(24), spec.retire() == null ? null : spec.retire().quietFor());
    }

    /** Whether the source's Postgres is dumped before the old host is retired: where it is deleted, unless the admin said otherwise. Where Postgres stays there is nothing to dump. */
    public static boolean finalBackup(MastodonMigrationSpec spec) {
        return spec.target().postgres() != null && spec.retire() != null
                && (spec.retire().finalBackup() == null ? deletesAddOns(spec) || deletesApps(spec) : spec.retire().finalBackup());
    }

    /** Where the final backup is written. */
    public static Optional<BackupPlace> backupPlace(MastodonMigrationSpec spec) {
        return backupBucket(spec).<BackupPlace>map(BackupPlace.Bucket::of)
                .or(() -> Optional.ofNullable(spec.retire()).map(MastodonMigrationSpec.Retire::backup).map(MastodonMigrationSpec.Backup::persistentVolumeClaim).map(BackupPlace.Volume::new));
    }

    /** The bucket that it is written to; empty where it is a volume. */
    public static Optional<MastodonMigrationSpec.S3> backupBucket(MastodonMigrationSpec spec) {
        return Optional.ofNullable(spec.retire()).map(MastodonMigrationSpec.Retire::backup).map(MastodonMigrationSpec.Backup::s3);
    }

    /** The Heroku apps that the source consists of, the one with the database first. */
    public static List<String> apps(MastodonMigrationSpec spec) {
        var apps = new LinkedHashSet<String>();
        apps.add(spec.source().heroku().app());
        Optional.ofNullable(spec.source().heroku().streamingApp()).ifPresent(apps::add);
        return List.copyOf(apps);
    }

    public static String webDomain(MastodonMigrationSpec spec) {
        return spec.instance().webDomain() == null ? spec.instance().localDomain() : spec.instance().webDomain();
    }

    /** The host names by which users and other servers reach the instance, and which move. */
    public static List<String> hosts(MastodonMigrationSpec spec) {
        var hosts = new LinkedHashSet<>(webDomains(spec));
        hosts.addAll(streamingDomain(spec).stream().toList());
        return List.copyOf(hosts);
    }

    /** Those of them that web answers, that of its pages first. */
    public static List<String> webDomains(MastodonMigrationSpec spec) {
        return movesLocalDomain(spec) ? List.of(webDomain(spec), spec.instance().localDomain()) : List.of(webDomain(spec));
    }

    /** That of them that is streaming's own; empty where it has none. */
    public static Optional<String> streamingDomain(MastodonMigrationSpec spec) {
        return Optional.ofNullable(spec.instance().streamingDomain()).filter(domain -> !webDomains(spec).contains(domain));
    }

    /** Whether localDomain is a name of its own, and moves as the others do. */
    public static boolean movesLocalDomain(MastodonMigrationSpec spec) {
        return Boolean.TRUE.equals(spec.instance().moveLocalDomain()) && !spec.instance().localDomain().equals(webDomain(spec));
    }

    /** Of {@code spec.target.dns.route53}, as what follows. */
    public static long dnsTtlSeconds(MastodonMigrationSpec spec) {
        return Optional.ofNullable(spec.target().dns().route53().ttlSeconds()).orElse(60);
    }

    public static List<Integer> dnsSteps(MastodonMigrationSpec spec) {
        return Optional.ofNullable(spec.target().dns().route53().steps()).orElse(List.of(10, 50, 100));
    }

    public static Duration dnsHold(MastodonMigrationSpec spec) {
        return durationOr(Duration.ofMinutes(10), spec.target().dns().route53().hold());
    }

    /**
     * Reads a duration as Kubernetes writes it: 72h, 10m, 30s, 1h30m.
     *
     * @throws IllegalArgumentException when it is none
     */
    public static Duration duration(String text) {
        var match = DURATION.matcher(text);
        if (text.isEmpty() || !match.matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is not a duration such as 72h, 10m, 30s or 1h30m");
        }
        return Duration.ofHours(part(match.group(1))).plusMinutes(part(match.group(2))).plusSeconds(part(match.group(3)));
    }

    /** The schema refuses what is not a duration; a freeze that is under way must not depend on an edit made in it. */
    private static Duration durationOr(Duration otherwise, String text) {
        try {
            return text == null ? otherwise : duration(text);
        } catch (IllegalArgumentException refusedByTheSchema) {
            return otherwise;
        }
    }

    /** RFC 3339 lets the seconds be left out. */
    private static Instant time(String text) {
        return OffsetDateTime.parse(text).toInstant();
    }

    private static long part(String digits) {
        return digits == null ? 0 : Long.parseLong(digits);
    }
}
