package dev.mastodonmigration.target.aws;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.DeletionPolicy;
import dev.mastodonmigration.embedded.Moto;
import dev.mastodonmigration.embedded.aws.AwsFaultProxy;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.outside.SecretReader;
import dev.mastodonmigration.target.aws.ec2.Desired;
import dev.mastodonmigration.target.aws.ec2.Machine;
import dev.mastodonmigration.target.aws.ec2.MachineReport;
import dev.mastodonmigration.target.aws.ec2.ParameterPaths;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.ProtocolEnum;
import software.amazon.awssdk.services.elasticloadbalancingv2.model.TargetTypeEnum;
import software.amazon.awssdk.services.ssm.model.ParameterType;

/** The example's migration to machines on EC2, in an account of its own, with machines that do what they are told at once, unless a test says otherwise. The SDK tries each call once, so that a test sees every one that fails. */
final class Ec2World implements AutoCloseable {
    private static final int MOST_LOOKS = 300;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final KubernetesSerialization KINDS = new KubernetesSerialization();
    private static final MastodonMigration EXAMPLE = Example.migration();
    final AwsFaultProxy aws = AwsFaultProxy.before(Moto.shared());
    private final KubernetesClient client;
    /** The operator's. */
    final AwsApi api;
    /** The account's owner's, and the machines': recorded nowhere, met by no fault. */
    final AwsApi byHand;
    final AwsNames names;
    /** Said instead of a passed smoke test. */
    String smokeTestFails = "";
    /** Machines that are told things, and do nothing. */
    final Set<String> asleep = new HashSet<>();
    /** Machines whose Sidekiq does not end. */
    final Set<String> stubborn = new HashSet<>();
    String trouble = "";
    Duration later = Duration.ZERO;
    /** The account in which the migration created the first thing; empty before that was remembered. */
    String startedIn = "";
    boolean dnsIsKept = true;
    final Map<String, Object> ec2 = new TreeMap<>();
    final Map<String, Object> target = new TreeMap<>();
    private List<String> subnets = List.of("subnet-0", "subnet-1");
    private final Map<String, Map<String, MachineReport.Once>> done = new HashMap<>();
    private int seen;
    private int mostChanges;

    /** What stands under our names and is not ours. */
    enum Foreign { PARAMETER, MACHINES_GROUP, BALANCER_GROUP, ROLE, PROFILE, TEMPLATE, LOGS, TARGET_GROUP, LOAD_BALANCER }

    private Ec2World(KubernetesClient client) {
        this.client = client;
        System.setProperty("aws.accessKeyId", "AKIATEST");
        System.setProperty("aws.secretAccessKey", "test");
        api = new AwsClients(new AwsAt(aws.address()), new SecretReader(client), AwsRetryStrategy::doNotRetry).of(migration("Single"));
        var owner = migration("Single");
        client.secrets().resource(new SecretBuilder().withNewMetadata().withName("by-hand").withNamespace(owner.getMetadata().getNamespace()).endMetadata()
                .addToData(encoded(Map.of("AWS_ACCESS_KEY_ID", "AKIABYHAND", "AWS_SECRET_ACCESS_KEY", "test"))).build()).create();
        byHand = new AwsClients(new AwsAt(aws.address()), new SecretReader(client)).of(with(owner, Map.of("region", "eu-central-1", "credentialsSecretRef", Map.of("name", "by-hand"))));
        names = AwsNames.of(migration("Single"));
        makeNetwork();
    }

    private static Map<String, String> encoded(Map<String, String> values) {
        return values.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, one -> Base64.getEncoder().encodeToString(one.getValue().getBytes(StandardCharsets.UTF_8))));
    }

    @SuppressWarnings("unchecked")
    private static MastodonMigration with(MastodonMigration migration, Map<String, Object> aws) {
        var all = KINDS.convertValue(migration, Map.class);
        ((Map<String, Object>) all.get("spec")).put("aws", aws);
        return KINDS.convertValue(all, MastodonMigration.class);
    }

    static Ec2World empty(KubernetesClient client) {
        Moto.require();
        return new Ec2World(client);
    }

    void reset() {
        aws.reset();
        mostChanges = 0;
        makeNetwork();
    }

    private void makeNetwork() {
        subnets = aws.account().subnets("ab");
        seen = aws.calls().all().size();
    }

    List<String> subnets() {
        return subnets;
    }

    String vpc() {
        return aws.account().networkOf(subnets.getFirst());
    }

    MastodonMigration migration(String topology) {
        return migration(topology, DeletionPolicy.Delete);
    }

    @SuppressWarnings("unchecked")
    MastodonMigration migration(String topology, DeletionPolicy policy) {
        Map<String, Object> migration = KINDS.convertValue(EXAMPLE, Map.class);
        var spec = (Map<String, Object>) migration.get("spec");
        spec.put("aws", Map.of("region", "eu-central-1", "deletionPolicy", policy.name()));
        var machines = new TreeMap<String, Object>(Map.of("topology", topology, "instanceType", "t4g.large", "subnetIds", subnets));
        machines.putAll(ec2);
        ((Map<String, Object>) spec.get("target")).put("compute", Map.of("ec2", machines));
        ((Map<String, Object>) spec.get("target")).putAll(target);
        if (!startedIn.isEmpty()) {
            migration.put("status", Map.of("internal", Map.of("awsAccount", startedIn)));
        }
        return KINDS.convertValue(migration, MastodonMigration.class);
    }

    /** As after a restart of the operator: it remembers nothing. */
    Ec2Compute operator(String topology) {
        return operator(topology, DeletionPolicy.Delete);
    }

    Ec2Compute operator(String topology, DeletionPolicy policy) {
        return new Ec2Compute(migration(topology, policy), () -> api, () -> Instant.now().plus(later), new KeptCredentials(client, new SecretReader(client), migration(topology, policy)));
    }

    Provisioned ensureOnce(String topology) {
        return operator(topology).ensure(Example.environment());
    }

    List<String> untilReady(String topology) {
        return untilReady(topology, Example.environment());
    }

    List<String> untilReady(String topology, SortedMap<String, String> environment) {
        return until(() -> operator(topology).ensure(environment));
    }

    List<String> untilReleased(String topology, DeletionPolicy policy) {
        return until(() -> operator(topology, policy).remove());
    }

    /** What {@link #untilReady} brings about, for tests that begin with it: each step until it is passed, where an operator begins each of its looks at the first. */
    List<String> stand(String topology) {
        var said = new ArrayList<String>();
        for (var n = 0; n < operator(topology).steps(Example.environment()).size(); n++) {
            var step = n;
            said.addAll(until(() -> operator(topology).steps(Example.environment()).get(step).get().orElseGet(() -> new Provisioned.Ready(""))));
        }
        if (!(ensureOnce(topology) instanceof Provisioned.Ready)) {
            throw new AssertionError("not all of it stands after " + said);
        }
        return said;
    }

    /** Until its machines serve, too. */
    void untilServing(String topology) {
        stand(topology);
        for (var look = 0; look < 5 && !operator(topology).ready().complete(); look++) {
            machinesLook();
        }
        var readiness = operator(topology).ready();
        if (!readiness.complete()) {
            throw new AssertionError("not serving: " + readiness.waitingFor());
        }
    }

    /** Each look is one of an operator that was just started; between two the machines have a look too, and the admin adds the records that are asked for. */
    private List<String> until(Supplier<Provisioned> look) {
        var said = new ArrayList<String>();
        while (said.size() < MOST_LOOKS) {
            var before = changes();
            try {
                var provisioned = look.get();
                said.add(provisioned.message());
                if (!(provisioned instanceof Provisioned.Working)) {
                    return said;
                }
            } catch (OutsideException e) {
                said.add(e.getMessage());
                if (!e.mayPass() && !(dnsIsKept && e.getMessage().contains("The certificate waits for you"))) {
                    throw e;
                }
                aws.certificates().addRecords();
            }
            mostChanges = Math.max(mostChanges, changes() - before);
            machinesLook();
        }
        throw new AssertionError("not ready after " + said.size() + " looks: " + said);
    }

    /** What the program on each machine does: what the parameter says, where its epoch is not older than one that it has seen. */
    void machinesLook() {
        if (aws.calls().of("ec2:RunInstances").isEmpty()) {
            return;
        }
        var paths = ParameterPaths.named(names.name());
        var found = byHand.ssm().getParameters(call -> call.names(paths.desired())).parameters().stream().findFirst();
        if (found.isEmpty()) {
            return;
        }
        var desired = Desired.of(paths.desired(), found.get().value());
        for (var instance : instances()) {
            var id = instance.instanceId();
            var place = byHand.ssm().getParameters(call -> call.names(paths.report(id))).parameters().stream().findFirst();
            if (place.isEmpty() || asleep.contains(id)) {
                continue;
            }
            var last = place.get().value().equals("{}") ? Optional.<MachineReport>empty() : Optional.of(MachineReport.of(id, place.get().value()));
            if (last.filter(report -> report.epoch() > desired.epoch()).isPresent()) {
                report(paths, id, new MachineReport(last.get().desired(), last.get().epoch(), last.get().revision(), last.get().units(), last.get().once(), "it is of an operator that was asleep, and is not done."));
                continue;
            }
            var role = AwsTags.ofEc2(instance.tags()).get(MachineTemplate.ROLE_TAG);
            var machine = Machine.of(names.name(), migration(role.equals("SINGLE") ? "Single" : "Split").getSpec()).stream().filter(one -> one.role().name().equals(role)).findFirst().orElseThrow();
            var units = new TreeMap<String, String>();
            machine.servers().forEach(unit -> units.put(unit, "healthy"));
            machine.workers().forEach(unit -> units.put(unit, desired.sidekiq().equals(id) || stubborn.contains(id) ? "healthy" : "stopped"));
            var once = done.computeIfAbsent(id, key -> new TreeMap<>());
            once.keySet().retainAll(desired.once().keySet());
            desired.once().forEach((unit, run) -> {
                if (machine.smokeTests().contains(unit) && (!once.containsKey(unit) || !once.get(unit).run().equals(run))) {
                    once.put(unit, smokeTestFails.isEmpty() ? new MachineReport.Once(run, "ended", 0, unit + " passed") : new MachineReport.Once(run, "failed", 64, smokeTestFails));
                }
            });
            report(paths, id, new MachineReport(found.get().version(), desired.epoch(), desired.revision(), units, once, trouble));
        }
    }

    private void report(ParameterPaths paths, String id, MachineReport report) {
        try {
            var words = JSON.writeValueAsString(report);
            byHand.ssm().putParameter(call -> call.name(paths.report(id)).type(ParameterType.STRING).value(words).overwrite(true));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    Desired told() {
        var path = ParameterPaths.named(names.name()).desired();
        return Desired.of(path, byHand.ssm().getParameter(call -> call.name(path)).parameter().value());
    }

    /** As an operator that was asleep would. */
    void tell(Desired desired) {
        byHand.ssm().putParameter(call -> call.name(ParameterPaths.named(names.name()).desired()).type(ParameterType.STRING).value(desired.json()).overwrite(true));
    }

    /** Calls that change something, since the network was made. */
    int changes() {
        return (int) aws.calls().all().stream().skip(seen).filter(call -> call.call().isChange()).count();
    }

    int mostChangesInALook() {
        return mostChanges;
    }

    List<software.amazon.awssdk.services.ec2.model.Instance> instances() {
        return byHand.ec2().describeInstances().reservations().stream().flatMap(reservation -> reservation.instances().stream())
                .filter(instance -> instance.state().name() != InstanceStateName.TERMINATED && instance.state().name() != InstanceStateName.SHUTTING_DOWN).toList();
    }

    String policy() {
        return URLDecoder.decode(byHand.iam().getRolePolicy(call -> call.roleName(names.name()).policyName("machine")).policyDocument(), StandardCharsets.UTF_8);
    }

    /** Everything of the kinds that a compute consists of, and whose it is. */
    List<String> listing() {
        var lines = new ArrayList<String>();
        instances().forEach(instance -> lines.add("instance " + uid(AwsTags.ofEc2(instance.tags()))));
        byHand.ec2().describeSecurityGroups().securityGroups().stream().filter(group -> !group.groupName().equals("default")).forEach(group -> lines.add("group " + group.groupName() + " " + uid(AwsTags.ofEc2(group.tags()))
                + " lets in " + group.ipPermissions().stream().map(rule -> rule.fromPort() + (rule.ipRanges().isEmpty() ? " a group" : " everybody")).sorted().toList()));
        byHand.ec2().describeLaunchTemplates().launchTemplates().forEach(template -> lines.add("template " + template.launchTemplateName() + " " + uid(AwsTags.ofEc2(template.tags()))));
        byHand.iam().listRoles().roles().forEach(role -> lines.add("role " + role.roleName() + " " + uid(AwsTags.ofIam(byHand.iam().getRole(call -> call.roleName(role.roleName())).role().tags()))));
        byHand.iam().listInstanceProfiles().instanceProfiles().forEach(profile -> lines.add("profile " + profile.instanceProfileName() + " "
                + uid(AwsTags.ofIam(byHand.iam().getInstanceProfile(call -> call.instanceProfileName(profile.instanceProfileName())).instanceProfile().tags()))));
        byHand.ssm().describeParameters().parameters().forEach(parameter -> lines.add("parameter " + parameter.name().replaceAll("i-[0-9a-f]+$", "i") + " "
                + uid(AwsTags.ofSsm(byHand.ssm().listTagsForResource(call -> call.resourceType("Parameter").resourceId(parameter.name())).tagList()))));
        byHand.balancing().describeLoadBalancers().loadBalancers().forEach(one -> {
            lines.add("load balancer " + one.loadBalancerName() + " " + balancing(one.loadBalancerArn()));
            byHand.balancing().describeListeners(call -> call.loadBalancerArn(one.loadBalancerArn())).listeners().forEach(listener -> lines.add("listener " + listener.port() + " " + balancing(listener.listenerArn())));
        });
        byHand.balancing().describeTargetGroups().targetGroups().forEach(one -> lines.add("target group " + one.targetGroupName() + " " + balancing(one.targetGroupArn())));
        byHand.acm().listCertificates().certificateSummaryList().forEach(one -> lines.add("certificate " + one.domainName() + " "
                + uid(AwsTags.ofAcm(byHand.acm().listTagsForCertificate(call -> call.certificateArn(one.certificateArn())).tags()))));
        byHand.logs().describeLogGroups().logGroups().forEach(group -> lines.add("log group " + group.logGroupName() + " for " + group.retentionInDays() + " days "
                + uid(byHand.logs().listTagsForResource(call -> call.resourceArn(group.arn().replaceAll(":\\*$", ""))).tags())));
        return lines.stream().sorted().toList();
    }

    private String balancing(String arn) {
        return uid(LoadBalancer.tags(byHand.balancing(), arn, Set.of()));
    }

    private static String uid(Map<String, String> tags) {
        return "uid=" + tags.get(AwsNames.UID_TAG);
    }

    void make(Foreign foreign) {
        var theirs = Map.of(AwsNames.UID_TAG, "another");
        switch (foreign) {
            case PARAMETER -> byHand.ssm().putParameter(call -> call.name("/mastodon-migration/" + names.name() + "/desired").type(ParameterType.STRING).value("{}").tags(AwsTags.ssm(theirs)));
            case MACHINES_GROUP -> aws.account().securityGroup(names.name() + "-machines", vpc());
            case BALANCER_GROUP -> aws.account().securityGroup(names.name() + "-balancer", vpc());
            case ROLE -> byHand.iam().createRole(call -> call.roleName(names.name()).assumeRolePolicyDocument("{}").tags(AwsTags.iam(theirs)));
            case PROFILE -> byHand.iam().createInstanceProfile(call -> call.instanceProfileName(names.name()).tags(AwsTags.iam(theirs)));
            case TEMPLATE -> byHand.ec2().createLaunchTemplate(call -> call.launchTemplateName(names.name() + "-single").launchTemplateData(data -> data.instanceType("t3.micro"))
                    .tagSpecifications(AwsTags.ec2(ResourceType.LAUNCH_TEMPLATE, theirs)));
            case LOGS -> byHand.logs().createLogGroup(call -> call.logGroupName("/" + names.name()).tags(theirs));
            // With the very settings that ours would have: AWS answers a create of it with success.
            case TARGET_GROUP -> byHand.balancing().createTargetGroup(call -> call.name(names.balancerName()).vpcId(vpc()).protocol(ProtocolEnum.HTTP).port(80).targetType(TargetTypeEnum.INSTANCE)
                    .healthCheckProtocol(ProtocolEnum.HTTP).healthCheckPath("/health").healthCheckIntervalSeconds(10).healthCheckTimeoutSeconds(5).healthyThresholdCount(2).unhealthyThresholdCount(2)
                    .matcher(matcher -> matcher.httpCode("200")).tags(AwsTags.balancing(theirs)));
            case LOAD_BALANCER -> byHand.balancing().createLoadBalancer(call -> call.name(names.balancerName()).subnets(subnets).tags(AwsTags.balancing(theirs)));
        }
        seen = aws.calls().all().size();
    }

    static String unpacked(byte[] userData) {
        try (var in = new GZIPInputStream(new ByteArrayInputStream(userData))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        aws.close();
    }
}
