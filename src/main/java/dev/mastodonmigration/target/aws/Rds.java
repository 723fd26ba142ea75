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
import software.amazon.awssdk.services.rds.model.DBInstance;

/** The Postgres of {@code spec.target.postgres.rds}: the story of its creation and of its removal, one change a look. */
final class Rds implements TargetDatabase {
    private static final long GIBIBYTE = 1L << 30;
    private final MastodonMigration migration;
    private final MastodonMigrationSpec.Rds spec;
    private final Supplier<AwsApi> api;
    private final SecretReader secrets;
    private final RdsSecret secret;
    private final Steadiness steadiness;
    private final AwsNames names;
    private final AwsHome home;
    private final KeptCredentials kept;

    /** @param api made when it is first needed: a spec without a region has none */
    Rds(MastodonMigration migration, Supplier<AwsApi> api, SecretReader secrets, RdsSecret secret, Steadiness steadiness, KeptCredentials kept) {
        this.migration = migration;
        this.spec = migration.getSpec().target().postgres().rds();
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
        return AwsViolations.of(migration, "spec.target.postgres.rds", spec.subnetIds(), Optional.ofNullable(spec.allowFrom()));
    }

    @Override
    public List<Charge> charges() {
        var zones = Boolean.TRUE.equals(spec.multiAz()) ? 2 : 1;
        var where = zones > 1 ? ", with a standby" : "";
        return List.of(Charge.of("RDS instance " + spec.instanceClass() + where, 1, AwsProducts.rdsInstance(api.get().region(), spec.instanceClass(), zones)),
                Charge.of("GiB of RDS storage, gp3" + where, spec.allocatedStorageGiB(), AwsProducts.rdsStorage(api.get().region(), zones)));
    }

    @Override
    public Findings preflight() {
        return new RdsPreflight(api.get(), names, spec, secret).look().and(certificates());
    }

    private Findings certificates() {
        return AwsFindings.tried(() -> ca().isPresent() ? Findings.NONE : AwsFindings.blocker("This version of the operator does not know RDS's certificate authorities of region "
                + AwsClients.region(migration) + " (its list is of " + RdsCa.AS_OF + "). Put that region's bundle from Amazon into a Secret and name it in spec.target.postgres.rds.caSecretRef."));
    }

    @Override
    public Optional<Planned> planned() {
        return Optional.of(new Planned(PostgresVersion.major(spec), Optional.of(new Storage(spec.allocatedStorageGiB() * GIBIBYTE, "spec.target.postgres.rds.allocatedStorageGiB"))));
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
        var instance = instance();
        var found = instance.find();
        var busy = found.flatMap(seen -> new RdsReadiness(seen).busy());
        if (busy.isPresent()) {
            steadiness.broken(names.uid());
            return new Provisioned.Working(busy.get());
        }
        // An instance that exists was made of these; what somebody took away since is put back before it is called ready.
        var missing = parts().map(Part::ensure).flatMap(Optional::stream).findFirst();
        if (missing.isPresent()) {
            steadiness.broken(names.uid());
            return missing.get();
        }
        var values = secret.find().orElseThrow(() -> new IllegalStateException("its part was ensured a moment ago"));
        return found.map(seen -> settle(instance, seen, values)).orElseGet(() -> instance.create(values, securityGroup().ids()));
    }

    private Provisioned settle(RdsInstance instance, DBInstance seen, Map<String, String> values) {
        var readiness = new RdsReadiness(seen);
        var unsettled = readiness.pending().map(this::waiting)
                .or(() -> instance.password(seen, values))
                .or(() -> instance.protection(seen))
                .or(() -> readiness.waitsForRestart() ? Optional.of(instance.reboot()) : Optional.empty())
                .or(() -> readiness.parameters().or(readiness::withoutEndpoint).map(this::waiting));
        if (unsettled.isPresent()) {
            steadiness.broken(names.uid());
            return unsettled.get();
        }
        var looks = steadiness.ready(names.uid());
        if (looks < Steadiness.WANTED) {
            return new Provisioned.Working("RDS instance " + names.name() + " is available; it is believed when it stays so (" + looks + " of " + Steadiness.WANTED + " looks)");
        }
        return secret.located(seen.endpoint().address(), seen.endpoint().port())
                .orElseGet(() -> steadiness.whole(names.uid(), new Provisioned.Ready("RDS instance " + names.name() + " is ready, with Postgres " + seen.engineVersion() + " at " + seen.endpoint().address())));
    }

    private Provisioned waiting(String what) {
        steadiness.broken(names.uid());
        return new Provisioned.Working("RDS instance " + names.name() + ": " + what);
    }

    @Override
    public String url() {
        return new DatabaseUrl(migration, secret).read();
    }

    @Override
    public Optional<String> ca() {
        return Optional.ofNullable(spec.caSecretRef()).map(ref -> Certificates.read(secrets, names.namespace(), ref)).or(() -> RdsCa.of(AwsClients.region(migration)));
    }

    @Override
    public Provisioned release() {
        if (!SpecDefaults.deletesFromAws(migration.getSpec())) {
            return retained();
        }
        home.demand();
        return Stream.<Supplier<Optional<Provisioned>>>of(instance()::untouchable, secret::forgetLocation, instance()::release, parameterGroup()::release, subnetGroup()::release, securityGroup()::release,
                        secret::release)
                .map(Supplier::get).flatMap(Optional::stream).findFirst()
                .orElseGet(() -> new Provisioned.Ready("Nothing of this migration is left on AWS under the name " + names.name()));
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
        return look().retained("Switch the instance's deletion protection off before you delete it");
    }

    private Remains look() {
        return Remains.of(Stream.of(RdsInstance.WHAT, RdsParameterGroup.WHAT, RdsSubnetGroup.WHAT, AwsSecurityGroup.WHAT).map(what -> what + " " + names.name()).toList(), this::onAws, secret);
    }

    private List<Standing> onAws() {
        home.demand();
        return List.of(instance(), parameterGroup(), subnetGroup(), securityGroup());
    }

    @Override
    public Optional<String> reach() {
        return Optional.of(new AwsReach(Access.of(names, spec)).words());
    }

    private Stream<DatabasePart> parts() {
        return Stream.of(secret, securityGroup(), subnetGroup(), parameterGroup());
    }

    private RdsInstance instance() {
        return new RdsInstance(api.get().rds(), names, spec);
    }

    private AwsSecurityGroup securityGroup() {
        return new AwsSecurityGroup(api.get().ec2(), names, Access.of(names, spec));
    }

    private RdsSubnetGroup subnetGroup() {
        return new RdsSubnetGroup(api.get().rds(), names, spec);
    }

    private RdsParameterGroup parameterGroup() {
        return new RdsParameterGroup(api.get().rds(), names, spec);
    }
}
