package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.cost.Charge;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.outside.SecretReader;
import dev.mastodonmigration.target.Certificates;
import dev.mastodonmigration.target.TargetDatabase;
import dev.mastodonmigration.target.aws.AwsSecurityGroup.Access;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The Valkey of {@code spec.target.redis.elastiCache}: the story of its creation and of its removal, one change a look. */
final class ElastiCache implements TargetDatabase {
    private final MastodonMigration migration;
    private final MastodonMigrationSpec.ElastiCache spec;
    private final Supplier<AwsApi> api;
    private final SecretReader secrets;
    private final ElastiCacheSecret secret;
    private final Steadiness steadiness;
    private final AwsNames names;
    private final AwsHome home;
    private final KeptCredentials kept;

    /** @param api made when it is first needed: a spec without a region has none */
    ElastiCache(MastodonMigration migration, Supplier<AwsApi> api, SecretReader secrets, ElastiCacheSecret secret, Steadiness steadiness, KeptCredentials kept) {
        this.migration = migration;
        this.spec = migration.getSpec().target().redis().elastiCache();
        this.api = api;
        this.secrets = secrets;
        this.secret = secret;
        this.steadiness = steadiness;
        this.names = AwsNames.of(migration);
        this.home = new AwsHome(migration, api);
        this.kept = kept;
    }

    @Override
    public List<String> violations() {
        return AwsViolations.of(migration, "spec.target.redis.elastiCache", spec.subnetIds(), Optional.ofNullable(spec.allowFrom()));
    }

    @Override
    public List<Charge> charges() {
        return List.of(Charge.of("ElastiCache node " + spec.nodeType(), 1 + ElastiCacheGroup.replicas(spec), AwsProducts.cacheNode(api.get().region(), spec.nodeType(), "Valkey")));
    }

    @Override
    public Findings preflight() {
        return new ElastiCachePreflight(api.get(), names, spec, secret).look().and(AwsFindings.tried(() -> {
            ca();
            return Findings.NONE;
        }));
    }

    @Override
    public Optional<Planned> planned() {
        return Optional.of(new Planned(ElastiCacheVersions.major(spec), Optional.empty()));
    }

    @Override
    public Optional<String> account() {
        return Optional.of(home.account());
    }

    @Override
    public Provisioned ensureNowAndThen() {
        return steadiness.wholeLately(names.uid()).orElseGet(this::ensure);
    }

    @Override
    public Provisioned ensure() {
        kept.keep();
        home.demand();
        var group = group();
        var found = group.find();
        var busy = found.flatMap(seen -> ElastiCacheReadiness.busy(seen.group()).or(() -> seen.tags().isEmpty() ? Optional.of("it is changing, and its tags cannot be read") : Optional.empty()));
        if (busy.isPresent()) {
            return waiting(busy.get());
        }
        // One that exists was made of these; what somebody took away since is put back before it is called ready.
        var missing = parts().map(Part::ensure).flatMap(Optional::stream).findFirst();
        if (missing.isPresent()) {
            steadiness.broken(names.uid());
            return missing.get();
        }
        var values = secret.find().orElseThrow(() -> new IllegalStateException("its part was ensured a moment ago"));
        return found.map(seen -> settle(group, seen, values)).orElseGet(() -> group.create(values, securityGroup().ids()));
    }

    private Provisioned settle(ElastiCacheGroup group, ElastiCacheGroup.Seen seen, Map<String, String> values) {
        group.demandToken(seen.tags().orElseThrow(), values, secret.name());
        var readiness = new ElastiCacheReadiness(seen.group(), group.nodes(seen.group()));
        var unsettled = readiness.late().or(readiness::pending).map(this::waiting)
                .or(() -> group.protection(readiness))
                .or(() -> readiness.parameters(names.cacheName()).or(readiness::failover).or(readiness::withoutEndpoint).map(this::waiting));
        if (unsettled.isPresent()) {
            steadiness.broken(names.uid());
            return unsettled.get();
        }
        var looks = steadiness.ready(names.uid());
        if (looks < Steadiness.WANTED) {
            return new Provisioned.Working(named() + " is available; it is believed when it stays so (" + looks + " of " + Steadiness.WANTED + " looks)");
        }
        var endpoint = readiness.endpoint().orElseThrow();
        return secret.located(endpoint.address(), endpoint.port())
                .orElseGet(() -> steadiness.whole(names.uid(), new Provisioned.Ready(named() + " is ready, with Valkey " + readiness.nodes().getFirst().engineVersion() + " at " + endpoint.address())));
    }

    private String named() {
        return ElastiCacheGroup.WHAT + " " + names.cacheName();
    }

    private Provisioned waiting(String what) {
        steadiness.broken(names.uid());
        return new Provisioned.Working(named() + ": " + what);
    }

    @Override
    public String url() {
        return new DatabaseUrl(migration, secret).read();
    }

    /** ElastiCache's certificates are signed by Amazon Trust Services, which every system knows. */
    @Override
    public Optional<String> ca() {
        return Optional.ofNullable(spec.caSecretRef()).map(ref -> Certificates.read(secrets, names.namespace(), ref));
    }

    @Override
    public Provisioned endFollowing() {
        home.demand();
        return parameterGroup().endNotifications().orElseGet(() -> new Provisioned.Ready(ElastiCacheParameterGroup.WHAT + " " + names.cacheName() + " asks for no notifications of changed keys"));
    }

    @Override
    public Provisioned release() {
        if (!SpecDefaults.deletesFromAws(migration.getSpec())) {
            return retained();
        }
        home.demand();
        return Stream.<Supplier<Optional<Provisioned>>>of(group()::untouchable, secret::forgetLocation, group()::release, parameterGroup()::release, subnetGroup()::release, securityGroup()::release,
                        secret::release)
                .map(Supplier::get).flatMap(Optional::stream).findFirst()
                .orElseGet(() -> new Provisioned.Ready("Nothing of this migration is left on AWS under the name " + names.cacheName()));
    }

    @Override
    public void forgetCredentials() {
        kept.forget();
    }

    @Override
    public Optional<String> remains() {
        return SpecDefaults.deletesFromAws(migration.getSpec()) ? look().waiting() : Optional.of(retained()).filter(Provisioned.Left.class::isInstance).map(left -> left.message() + ".");
    }

    private Provisioned retained() {
        return look().retained("");
    }

    private Remains look() {
        return Remains.of(Stream.of(ElastiCacheGroup.WHAT, ElastiCacheParameterGroup.WHAT, ElastiCacheSubnetGroup.WHAT, AwsSecurityGroup.WHAT).map(what -> what + " " + names.cacheName()).toList(), this::onAws, secret);
    }

    private List<Standing> onAws() {
        home.demand();
        return List.of(group(), parameterGroup(), subnetGroup(), securityGroup());
    }

    @Override
    public Optional<String> reach() {
        return Optional.of(new AwsReach(Access.of(names, spec)).words());
    }

    private Stream<DatabasePart> parts() {
        return Stream.of(secret, securityGroup(), subnetGroup(), parameterGroup());
    }

    private ElastiCacheGroup group() {
        return new ElastiCacheGroup(api.get().cache(), names, spec);
    }

    private AwsSecurityGroup securityGroup() {
        return new AwsSecurityGroup(api.get().ec2(), names, Access.of(names, spec));
    }

    private ElastiCacheSubnetGroup subnetGroup() {
        return new ElastiCacheSubnetGroup(api.get().cache(), names, spec);
    }

    private ElastiCacheParameterGroup parameterGroup() {
        return new ElastiCacheParameterGroup(api.get().cache(), names, spec);
    }
}
