package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.cost.Charge;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.mastodon.Building;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.probe.Endpoint;
import dev.mastodonmigration.target.Compute;
import dev.mastodonmigration.target.Readiness;
import dev.mastodonmigration.target.SmokeTest;
import dev.mastodonmigration.target.aws.ec2.EnvironmentParameters;
import dev.mastodonmigration.target.aws.ec2.Machine;
import dev.mastodonmigration.target.aws.ec2.Role;
import dev.mastodonmigration.target.aws.ec2.SidekiqUnit;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;

/** Runs Mastodon on machines of {@code spec.target.compute.ec2}, behind a load balancer: the story of both, one change a look. */
final class Ec2Compute implements Compute {
    static final String FIELD = "spec.target.compute.ec2";
    private static final int REVISION = 12;
    private final MastodonMigration migration;
    private final MastodonMigrationSpec spec;
    private final Supplier<AwsApi> api;
    private final InstantSource clock;
    private final AwsNames names;
    private final AwsHome home;
    private final KeptCredentials kept;

    /** @param api made when it is first needed: a spec without a region has none */
    Ec2Compute(MastodonMigration migration, Supplier<AwsApi> api, InstantSource clock, KeptCredentials kept) {
        this.migration = migration;
        this.spec = migration.getSpec();
        this.api = api;
        this.clock = clock;
        this.names = AwsNames.of(migration);
        this.home = new AwsHome(migration, api);
        this.kept = kept;
    }

    private MastodonMigrationSpec.Ec2 ec2() {
        return spec.target().compute().ec2();
    }

    @Override
    public List<String> violations() {
        var violations = new ArrayList<>(AwsViolations.of(migration, FIELD, ec2().subnetIds(), Optional.empty()));
        violations.addAll(SidekiqUnit.violations(SidekiqUnit.of(ec2())));
        if (SpecDefaults.rebuildsRedis(spec)) {
            violations.add("spec.strategy.redis: Rebuild is not supported yet with " + FIELD + ": use Live or Snapshot.");
        }
        return List.copyOf(violations);
    }

    @Override
    public List<Charge> charges() {
        var region = api.get().region();
        var machines = Role.of(ec2().topology()).size();
        return List.of(Charge.of("EC2 instance " + ec2().instanceType(), machines, AwsProducts.ec2Instance(region, ec2().instanceType())),
                Charge.of("GiB of EBS storage, gp3", machines * MachineTemplate.ROOT_GIB, AwsProducts.ebsStorage(region)),
                Charge.of("Application Load Balancer, without what it carries", 1, AwsProducts.loadBalancer(region)));
    }

    @Override
    public Findings preflight() {
        return new Ec2Preflight(api.get(), names, migration, machines(), balancer()).look();
    }

    @Override
    public Provisioned ensure(SortedMap<String, String> environment) {
        kept.keep();
        home.demand();
        return Ec2Machines.first(steps(environment).stream()).orElseGet(() -> new Provisioned.Ready(""));
    }

    /** Each is one look, and is passed once it answers empty. The certificate first: the admin may have to add a record for it, which takes longest. */
    List<Supplier<Optional<Provisioned>>> steps(SortedMap<String, String> environment) {
        var machines = machines();
        var revision = EnvironmentParameters.of(environment).revision();
        var all = new ArrayList<Supplier<Optional<Provisioned>>>(List.of(() -> balancer().certificate().ensure()));
        all.addAll(machines.steps(environment));
        all.addAll(List.of(() -> balanced(machines), () -> replaced(machines), () -> tidied(machines, revision)));
        return all;
    }

    private Optional<Provisioned> balanced(Ec2Machines machines) {
        var serving = machines.running().entrySet().stream().filter(one -> one.getKey().role().serves).map(one -> one.getValue().instanceId()).toList();
        return balancer().ensure(() -> machines.securityGroups().balancerIds(), serving);
    }

    private Optional<Provisioned> replaced(Ec2Machines machines) {
        var present = machines.running();
        var replaced = machines.replaced(present);
        return new Ec2Replacement(api.get().ec2(), present, replaced, orders(machines.parameters(), Stream.concat(present.values().stream(), replaced.stream()).toList()).orElseThrow(Ec2Orders::notTold)).ensure(balancer());
    }

    /** Once every machine has the present environment. */
    private Optional<Provisioned> tidied(Ec2Machines machines, String revision) {
        var running = machines.running().values().stream().map(Instance::instanceId).toList();
        var reports = machines.parameters().reports(running);
        return running.stream().allMatch(id -> reports.containsKey(id) && reports.get(id).report().revision().equals(revision)) ? machines.parameters().tidy(running, revision) : Optional.empty();
    }

    @Override
    public Readiness ready() {
        var standing = standing();
        return orders(parameters(), standing.values()).map(orders -> new Ec2Readiness(orders, balancer().health(), clock.instant()).of(machines().all(), standing))
                .orElseGet(() -> new Readiness(new TreeMap<>(), List.of("what the machines are to do"), List.of()));
    }

    /** Of what stands, whatever the spec says by now. */
    @Override
    public String revision() {
        var generations = MachineInstance.ours(api.get().ec2(), names).map(instance -> AwsTags.ofEc2(instance.tags())).map(tags -> tags.get(MachineTemplate.ROLE_TAG) + "=" + tags.get(MachineTemplate.GENERATION_TAG))
                .collect(Collectors.toCollection(TreeSet::new));
        return parameters().desired().filter(told -> !generations.isEmpty()).map(told -> AwsNames.digest(told.desired().revision() + "\n" + String.join("\n", generations)).substring(0, REVISION)).orElse("");
    }

    @Override
    public SmokeTest smokeTest() {
        var standing = standing();
        var revision = revision();
        return orders(parameters(), standing.values()).filter(orders -> !revision.isEmpty() && standing.size() == machines().all().size()).map(orders -> new Ec2SmokeTest(orders, standing).look(revision))
                .orElseGet(() -> new SmokeTest.Running("the machines do not all run yet"));
    }

    @Override
    public void removeSmokeTest() {
        orders(parameters(), List.of()).ifPresent(orders -> orders.forget(Ec2SmokeTest.units(machines().all())));
    }

    @Override
    public boolean runsSidekiq() {
        return orders(parameters(), MachineInstance.ours(api.get().ec2(), names).toList()).filter(orders -> orders.works().isPresent() || !orders.working().isEmpty()).isPresent();
    }

    @Override
    public void startSidekiq() {
        var alive = MachineInstance.ours(api.get().ec2(), names).toList();
        var orders = orders(parameters(), alive).orElseThrow(Ec2Orders::notTold);
        var worker = standing().entrySet().stream().filter(one -> one.getKey().role().works).map(one -> one.getValue().instanceId()).findFirst()
                .orElseThrow(() -> new OutsideException("The machine that Sidekiq is to run on is gone. It is created anew when the migration goes on.", true));
        var others = Stream.concat(orders.works().stream().filter(id -> alive.stream().anyMatch(instance -> instance.instanceId().equals(id))), orders.working().stream()).filter(id -> !id.equals(worker)).toList();
        if (!others.isEmpty()) {
            throw new OutsideException("Sidekiq is not started on machine " + worker + ", because it still runs, or is to, on " + String.join(", ", others) + ": two would publish and delete twice.", true);
        }
        orders.start(worker);
    }

    @Override
    public Entrances entrances() {
        var words = balancer().balancer().find().map(found -> "the load balancer, " + found.dnsName() + ", by a CNAME record (or by an ALIAS record where a CNAME cannot be)").orElse("the load balancer, which is not there yet");
        return new Entrances(words, words);
    }

    @Override
    public Optional<FrontAddress> front() {
        return balancer().balancer().find().map(found -> new FrontAddress.Named(found.dnsName(), Optional.of(found.zone())));
    }

    @Override
    public Optional<Endpoint> endpoint() {
        return balancer().balancer().find().map(found -> Endpoint.overTls(found.dnsName()));
    }

    @Override
    public Provisioned remove() {
        if (!SpecDefaults.deletesFromAws(spec)) {
            return whatStands().<Provisioned>map(words -> new Provisioned.Left("spec.aws.deletionPolicy is not Delete, so what was created stays, and costs money: " + words + ". Sidekiq was never started"))
                    .orElseGet(() -> new Provisioned.Ready("No machine of this migration is on AWS, and nothing that stands around them"));
        }
        home.demand();
        return Ec2Machines.first(Stream.of(() -> balancer().release(), () -> machines().release())).orElseGet(() -> new Provisioned.Ready("No machine of this migration is left on AWS, and nothing that stood around them"));
    }

    @Override
    public Optional<String> account() {
        return Optional.of(home.account());
    }

    @Override
    public void forgetCredentials() {
        kept.forget();
    }

    @Override
    public Optional<String> remains() {
        return whatStands().map(words -> "Until then this stays, and costs money: " + words + ".");
    }

    private Optional<String> whatStands() {
        var all = "machines, launch templates, role, security groups and parameters whose names begin with " + names.name() + ", load balancer and target group " + names.balancerName() + ", and a certificate for "
                + SpecDefaults.webDomain(spec);
        try {
            home.demand();
            // These come first and go last.
            var isThere = balancer().certificate().isRequested() || parameters().desired().isPresent();
            return isThere ? Optional.of(all) : Optional.empty();
        } catch (OutsideException refused) {
            return Optional.of("whatever was created of " + all + " (the operator could not look: " + refused.getMessage().replaceAll("\\.$", "") + ")");
        }
    }

    /** Refused in {@link #violations}, as what they belong to. */
    @Override
    public void refuseForeignFeeds() {}

    @Override
    public void startFeeds() {
        throw new OutsideException("spec.strategy.redis: Rebuild is not supported yet with " + FIELD + ".", false);
    }

    @Override
    public Building feeds() {
        return Building.GONE;
    }

    @Override
    public String feedsJob() {
        return "";
    }

    @Override
    public void removeFeeds() {}

    /** The machines that run, of whatever generation: in the freeze nothing is asked for that was edited meanwhile. Of two for one purpose the newer. */
    private Map<Machine, Instance> standing() {
        var ours = MachineInstance.ours(api.get().ec2(), names).filter(instance -> instance.state().name() == InstanceStateName.RUNNING).toList();
        var standing = new LinkedHashMap<Machine, Instance>();
        machines().all().forEach(machine -> ours.stream().filter(instance -> machine.role().name().equals(AwsTags.ofEc2(instance.tags()).get(MachineTemplate.ROLE_TAG)))
                .reduce((one, other) -> one.launchTime().isAfter(other.launchTime()) ? one : other).ifPresent(instance -> standing.put(machine, instance)));
        return standing;
    }

    /** Empty before the machines were first told anything. */
    private static Optional<Ec2Orders> orders(MachineParameters parameters, Collection<Instance> instances) {
        return parameters.desired().map(told -> new Ec2Orders(parameters, told, parameters.reports(instances.stream().map(Instance::instanceId).toList())));
    }

    private MachineParameters parameters() {
        return machines().parameters();
    }

    private Ec2Machines machines() {
        return new Ec2Machines(migration, api.get());
    }

    private Ec2Balancer balancer() {
        return new Ec2Balancer(api.get(), names, spec);
    }
}
