package dev.mastodonmigration.embedded.aws;

import dev.mastodonmigration.api.MastodonMigration;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.acm.AcmClient;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClient;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.InstanceStateName;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticloadbalancingv2.ElasticLoadBalancingV2Client;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.rds.RdsClient;
import software.amazon.awssdk.services.ssm.SsmClient;

/** Everything in the account that carries a migration's tag, asked of each service itself, because the tagging API omits some. As the owner asks: recorded nowhere, and met by no fault. */
public final class TaggedThings implements AutoCloseable {
    /** The tag that everything of a migration's has. */
    public static final String TAG = MastodonMigration.GROUP + "/uid";

    /** @param part of the target that it belongs to @param kind as AWS calls it @param name or id */
    public record Thing(String part, String kind, String name) {}

    private final SdkHttpClient http = UrlConnectionHttpClient.create();
    private final URI address;
    private final String uid;
    private final List<Thing> found = new ArrayList<>();

    private TaggedThings(URI address, String uid) {
        this.address = address;
        this.uid = uid;
    }

    /** Part by part, in the order in which a migration creates them. */
    public static List<Thing> of(AwsFaultProxy aws, String uid) {
        try (var things = new TaggedThings(aws.address(), uid)) {
            things.postgres();
            things.redis();
            things.machines();
            things.parameters();
            things.front();
            things.network();
            return List.copyOf(things.found);
        }
    }

    private void postgres() {
        var rds = client(RdsClient.builder());
        var all = Stream.of(
                rds.describeDBInstances().dbInstances().stream().map(one -> Map.entry(one.dbInstanceArn(), new Thing("Postgres", "RDS instance", one.dbInstanceIdentifier()))),
                rds.describeDBSnapshots().dbSnapshots().stream().map(one -> Map.entry(one.dbSnapshotArn(), new Thing("Postgres", "RDS snapshot", one.dbSnapshotIdentifier()))),
                rds.describeDBSubnetGroups().dbSubnetGroups().stream().map(one -> Map.entry(one.dbSubnetGroupArn(), new Thing("Postgres", "DB subnet group", one.dbSubnetGroupName()))),
                rds.describeDBParameterGroups().dbParameterGroups().stream().map(one -> Map.entry(one.dbParameterGroupArn(), new Thing("Postgres", "DB parameter group", one.dbParameterGroupName()))));
        all.flatMap(kind -> kind).forEach(one -> add(one.getValue(), rds.listTagsForResource(call -> call.resourceName(one.getKey())).tagList().stream().map(tag -> Map.entry(tag.key(), tag.value()))));
    }

    private void redis() {
        var cache = client(ElastiCacheClient.builder());
        var all = Stream.of(
                cache.describeReplicationGroups().replicationGroups().stream().map(one -> Map.entry(one.arn(), new Thing("Redis", "ElastiCache replication group", one.replicationGroupId()))),
                cache.describeCacheSubnetGroups().cacheSubnetGroups().stream().map(one -> Map.entry(one.arn(), new Thing("Redis", "cache subnet group", one.cacheSubnetGroupName()))),
                cache.describeCacheParameterGroups().cacheParameterGroups().stream().map(one -> Map.entry(one.arn(), new Thing("Redis", "cache parameter group", one.cacheParameterGroupName()))));
        all.flatMap(kind -> kind).forEach(one -> add(one.getValue(), cache.listTagsForResource(call -> call.resourceName(one.getKey())).tagList().stream().map(tag -> Map.entry(tag.key(), tag.value()))));
    }

    private void machines() {
        var ec2 = client(Ec2Client.builder());
        ec2.describeInstances().reservations().stream().flatMap(one -> one.instances().stream()).filter(one -> one.state().name() != InstanceStateName.TERMINATED)
                .forEach(one -> add(new Thing("Machines", "EC2 instance " + one.instanceTypeAsString(), one.instanceId()), one.tags().stream().map(tag -> Map.entry(tag.key(), tag.value()))));
        ec2.describeLaunchTemplates().launchTemplates()
                .forEach(one -> add(new Thing("Machines", "launch template", one.launchTemplateName()), one.tags().stream().map(tag -> Map.entry(tag.key(), tag.value()))));
        var iam = client(IamClient.builder());
        iam.listRoles().roles().forEach(one -> add(new Thing("Machines", "IAM role", one.roleName()),
                iam.listRoleTags(call -> call.roleName(one.roleName())).tags().stream().map(tag -> Map.entry(tag.key(), tag.value()))));
        iam.listInstanceProfiles().instanceProfiles().forEach(one -> add(new Thing("Machines", "instance profile", one.instanceProfileName()),
                iam.getInstanceProfile(call -> call.instanceProfileName(one.instanceProfileName())).instanceProfile().tags().stream().map(tag -> Map.entry(tag.key(), tag.value()))));
        var logs = client(CloudWatchLogsClient.builder());
        logs.describeLogGroups().logGroups().forEach(one -> add(new Thing("Machines", "log group", one.logGroupName()),
                logs.listTagsForResource(call -> call.resourceArn(one.arn().replaceAll(":\\*$", ""))).tags().entrySet().stream()));
    }

    private void parameters() {
        var ssm = client(SsmClient.builder());
        ssm.describeParametersPaginator().stream().flatMap(page -> page.parameters().stream()).forEach(one -> add(new Thing("What machines are told", "parameter " + one.typeAsString(), one.name()),
                ssm.listTagsForResource(call -> call.resourceType("Parameter").resourceId(one.name())).tagList().stream().map(tag -> Map.entry(tag.key(), tag.value()))));
    }

    private void front() {
        var balancing = client(ElasticLoadBalancingV2Client.builder());
        balancing.describeLoadBalancers().loadBalancers().forEach(one -> {
            add(balancing, one.loadBalancerArn(), new Thing("In front of them", "load balancer", one.loadBalancerName()));
            balancing.describeListeners(call -> call.loadBalancerArn(one.loadBalancerArn())).listeners()
                    .forEach(listener -> add(balancing, listener.listenerArn(), new Thing("In front of them", "listener", listener.protocolAsString() + " " + listener.port())));
        });
        balancing.describeTargetGroups().targetGroups().forEach(one -> add(balancing, one.targetGroupArn(), new Thing("In front of them", "target group", one.targetGroupName())));
        var acm = client(AcmClient.builder());
        acm.listCertificates().certificateSummaryList().forEach(one -> add(new Thing("In front of them", "certificate", one.domainName()),
                acm.listTagsForCertificate(call -> call.certificateArn(one.certificateArn())).tags().stream().map(tag -> Map.entry(tag.key(), tag.value()))));
    }

    private void add(ElasticLoadBalancingV2Client balancing, String arn, Thing thing) {
        add(thing, balancing.describeTags(call -> call.resourceArns(arn)).tagDescriptions().stream().flatMap(one -> one.tags().stream()).map(tag -> Map.entry(tag.key(), tag.value())));
    }

    private void network() {
        client(Ec2Client.builder()).describeSecurityGroups(call -> call.filters(Filter.builder().name("tag:" + TAG).values(uid).build())).securityGroups()
                .forEach(one -> found.add(new Thing("Who may connect", "security group", one.groupName())));
    }

    private void add(Thing thing, Stream<Map.Entry<String, String>> tags) {
        if (tags.anyMatch(tag -> tag.getKey().equals(TAG) && tag.getValue().equals(uid))) {
            found.add(thing);
        }
    }

    private <C, B extends AwsSyncClientBuilder<B, C> & AwsClientBuilder<B, C>> C client(B builder) {
        return builder.endpointOverride(address).region(Region.of(WireClient.REGION)).credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create(AwsAccount.KEY, "by-hand"))).httpClient(http).build();
    }

    @Override
    public void close() {
        http.close();
    }
}
