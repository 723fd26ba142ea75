package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.OperatorConfig;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.cost.Prices;
import dev.mastodonmigration.edge.DnsEdge;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.edge.EntranceProbe;
import dev.mastodonmigration.edge.EntranceQuestions;
import dev.mastodonmigration.edge.Front;
import dev.mastodonmigration.edge.FrontProbe;
import dev.mastodonmigration.edge.ManualDnsEdge;
import dev.mastodonmigration.edge.ObservedFront;
import dev.mastodonmigration.edge.TargetFront;
import dev.mastodonmigration.itinerary.ImmutableFields;
import dev.mastodonmigration.itinerary.SpecRules;
import dev.mastodonmigration.job.WorkerFiles;
import dev.mastodonmigration.job.WorkersFactory;
import dev.mastodonmigration.outside.Unsupported;
import dev.mastodonmigration.phase.Outside;
import dev.mastodonmigration.probe.HttpProbes;
import dev.mastodonmigration.probe.Probes;
import dev.mastodonmigration.source.Source;
import dev.mastodonmigration.source.heroku.HerokuSources;
import dev.mastodonmigration.target.Compute;
import dev.mastodonmigration.target.TargetDatabase;
import dev.mastodonmigration.target.aws.AwsComputes;
import dev.mastodonmigration.target.aws.AwsDatabases;
import dev.mastodonmigration.target.aws.AwsDns;
import dev.mastodonmigration.target.aws.AwsPermissions;
import dev.mastodonmigration.target.aws.AwsPriceLists;
import dev.mastodonmigration.target.existing.ExistingDatabases;
import dev.mastodonmigration.target.kubernetes.KubernetesComputes;
import dev.mastodonmigration.target.kubernetes.KubernetesFronts;
import io.vertx.core.Vertx;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/** Finds the adapters that a spec chose: the only place that looks at its one-ofs. A new adapter is a line here, and nothing in any phase. */
@Singleton
class Ports {
    private final HerokuSources heroku;
    private final ExistingDatabases existing;
    private final AwsDatabases aws;
    private final AwsPriceLists awsPrices;
    private final AwsDns awsDns;
    private final AwsPermissions awsPermissions;
    private final FrontProbe probe;
    private final Probes probes;
    private final EntranceQuestions entrances;
    private final KubernetesComputes kubernetes;
    private final AwsComputes machines;
    private final KubernetesFronts fronts;
    private final WorkersFactory workers;
    private final Rivals rivals;

    @Inject
    Ports(HerokuSources heroku, ExistingDatabases existing, AwsDatabases aws, AwsPriceLists awsPrices, AwsDns awsDns, AwsPermissions awsPermissions, KubernetesComputes kubernetes, AwsComputes machines, KubernetesFronts fronts, WorkersFactory workers,
            Rivals rivals, Vertx vertx, OperatorConfig config) {
        this(heroku, existing, aws, awsPrices, awsDns, awsPermissions, FrontProbe.overTls(), new HttpProbes(vertx, config.frontUrl().map(URI::create)), EntranceProbe.overTls(), kubernetes, machines, fronts, workers, rivals);
    }

    Ports(HerokuSources heroku, ExistingDatabases existing, AwsDatabases aws, AwsPriceLists awsPrices, AwsDns awsDns, AwsPermissions awsPermissions, FrontProbe probe, Probes probes, EntranceProbe entrances, KubernetesComputes kubernetes, AwsComputes machines,
            KubernetesFronts fronts, WorkersFactory workers, Rivals rivals) {
        this.heroku = heroku;
        this.existing = existing;
        this.aws = aws;
        this.awsPrices = awsPrices;
        this.awsDns = awsDns;
        this.awsPermissions = awsPermissions;
        this.probe = probe;
        this.probes = probes;
        this.entrances = new EntranceQuestions(entrances);
        this.kubernetes = kubernetes;
        this.machines = machines;
        this.fronts = fronts;
        this.workers = workers;
        this.rivals = rivals;
    }

    Outside of(MastodonMigration migration) {
        var source = source(migration);
        var postgres = postgres(migration);
        var redis = redis(migration);
        var files = once(() -> WorkerFiles.of(source, postgres, redis));
        var compute = compute(migration);
        return new Outside(source, postgres, redis, compute, edge(migration, source, compute), workers.of(migration, () -> files.get().contents()), probes, entrance -> entrances.ask(migration.getMetadata().getUid(), entrance), prices(migration), () -> awsPermissions.of(migration),
                () -> new Outside.InUse(files.get().sourcePostgres(), files.get().sourceRedis()), () -> rivals.olderOf(migration));
    }

    /** What was read is good for one look, in which several ask for it; what could not be read is tried again by the next who asks. */
    private static <T> Supplier<T> once(Supplier<T> read) {
        var known = new AtomicReference<Optional<T>>(Optional.empty());
        return () -> known.updateAndGet(before -> before.or(() -> Optional.of(read.get()))).orElseThrow();
    }

    private Source source(MastodonMigration migration) {
        return migration.getSpec().source().heroku() != null ? heroku.of(migration)
                : Unsupported.of(Source.class, "spec.source.endpoints", "use spec.source.heroku");
    }

    private Optional<TargetDatabase> postgres(MastodonMigration migration) {
        return Optional.ofNullable(migration.getSpec().target().postgres()).map(chosen -> chosen.existing() != null ? existing.postgres(migration)
                : aws.postgres(migration));
    }

    private Optional<TargetDatabase> redis(MastodonMigration migration) {
        return Optional.ofNullable(migration.getSpec().target().redis()).map(chosen -> chosen.existing() != null ? existing.redis(migration)
                : aws.redis(migration));
    }

    private Optional<Compute> compute(MastodonMigration migration) {
        return Optional.ofNullable(migration.getSpec().target().compute()).map(chosen -> chosen.kubernetes() != null ? kubernetes.of(migration)
                : machines.of(migration));
    }

    private Prices prices(MastodonMigration migration) {
        return migration.getSpec().aws() != null ? awsPrices.of(migration) : Prices.NONE;
    }

    /** Without pods of ours in front, and where the admin moves DNS, what stands in front is the admin's too. */
    private Optional<Edge> edge(MastodonMigration migration, Source source, Optional<Compute> compute) {
        var spec = migration.getSpec();
        var accepted = Optional.ofNullable(migration.getStatus()).map(status -> status.internal).map(internal -> internal.accepted).orElse(Map.of());
        var pods = ImmutableFields.hasEdge(spec, accepted) ? Optional.of(fronts.of(migration, source, probe)) : Optional.<ObservedFront>empty();
        var zone = Optional.ofNullable(spec.target().dns()).map(MastodonMigrationSpec.Dns::route53);
        return zone.<Edge>map(chosen -> new DnsEdge(pods.<Front>map(front -> front).orElseGet(() -> new TargetFront(spec, probe, () -> compute.flatMap(Compute::front))), awsDns.of(migration)))
                .or(() -> pods.map(front -> new ManualDnsEdge(front, SpecDefaults.hosts(spec), SpecDefaults.movesLocalDomain(spec) ? Set.of(spec.instance().localDomain()) : Set.of(), awsDns.nameServers())));
    }

    /** What is wrong with a spec beyond the schema, a sentence each: what no adapter sees, and what each adapter says of its part. */
    static List<String> violations(MastodonMigration migration, Outside outside) {
        var violations = new ArrayList<>(Optional.ofNullable(migration.getStatus()).map(status -> SpecRules.violations(migration.getSpec(), status)).orElseGet(() -> SpecRules.violations(migration.getSpec())));
        violations.addAll(outside.source().violations());
        outside.postgres().ifPresent(database -> violations.addAll(database.violations()));
        outside.redis().ifPresent(database -> violations.addAll(database.violations()));
        outside.compute().ifPresent(compute -> violations.addAll(compute.violations()));
        outside.edge().ifPresent(edge -> violations.addAll(edge.violations()));
        return List.copyOf(violations);
    }
}
