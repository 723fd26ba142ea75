package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.embedded.aws.AwsFaultProxy;
import dev.mastodonmigration.embedded.aws.RecordedCall;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.outside.SecretReader;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;

/** The example's migration to ElastiCache, on moto behind the fault proxy, with a clock that the test moves. Its SDK tries each call once, so that a test sees every one that fails. */
final class ElastiCacheWorld {
    private static final String REGION = "eu-central-1";
    private static final String EXISTING = "      existing:                                   # empty, Redis 7.0 or newer, maxmemory-policy noeviction\n        urlSecretRef: {name: target-redis, key: url}";
    private static final int MOST_LOOKS = 80;
    final AwsFaultProxy aws;
    final KubernetesClient client;
    final AwsApi api;
    final String vpc;
    final String nodes;
    private final String spec;
    final MastodonMigration migration;
    final AwsNames names;
    private Instant now = Instant.parse("2026-11-29T12:00:00Z");

    ElastiCacheWorld(KubernetesClient client, AwsFaultProxy aws, String... replacements) {
        this.aws = aws;
        this.client = client;
        var subnets = aws.account().subnets("ab");
        this.vpc = aws.account().networkOf(subnets.getFirst());
        this.nodes = aws.account().securityGroup("nodes", vpc);
        this.spec = "elastiCache: {nodeType: cache.t4g.small, engineVersion: '8.0', subnetIds: [" + String.join(", ", subnets) + "], allowFrom: {securityGroupIds: [" + nodes + "], cidrs: [10.0.0.0/16]}}";
        this.migration = migration(spec, replacements);
        System.setProperty("aws.accessKeyId", "AKIATEST");
        System.setProperty("aws.secretAccessKey", "test");
        this.api = new AwsClients(new AwsAt(aws.address()), new SecretReader(client), AwsRetryStrategy::doNotRetry).of(migration);
        this.names = AwsNames.of(migration);
    }

    private static MastodonMigration migration(String cache, String... replacements) {
        var redis = "      " + cache;
        var aws = "  aws: {region: eu-central-1, deletionPolicy: Delete}\n";
        for (int i = 0; i < replacements.length; i += 2) {
            redis = redis.replaceAll(replacements[i], replacements[i + 1]);
            aws = aws.replaceAll(replacements[i], replacements[i + 1]);
        }
        return Example.migration(EXISTING, redis, "  strategy:\n", aws + "  strategy:\n");
    }

    String subnet(String network, String cidr, String zone) {
        return api.ec2().createSubnet(call -> call.vpcId(network).cidrBlock(cidr).availabilityZone(REGION + zone)).subnet().subnetId();
    }

    String securityGroup(String name, String network) {
        return api.ec2().createSecurityGroup(call -> call.groupName(name).description(name).vpcId(network)).groupId();
    }

    /** As after a restart of the operator: it remembers nothing. */
    ElastiCache operator() {
        return new ElastiCache(migration, () -> api, new SecretReader(client), secret(), new Steadiness(() -> now, Duration.ofSeconds(10)), new KeptCredentials(client, new SecretReader(client), migration));
    }

    /** The operator of a spec of which this is otherwise. @param replacements regular expressions, each with what comes instead */
    ElastiCache with(String... replacements) {
        var edited = migration(spec, replacements);
        return new ElastiCache(edited, () -> api, new SecretReader(client), secret(), new Steadiness(() -> now, Duration.ofSeconds(10)), new KeptCredentials(client, new SecretReader(client), edited));
    }

    ElastiCache retaining() {
        return with("deletionPolicy: Delete", "deletionPolicy: Retain");
    }

    ElastiCacheSecret secret() {
        return new ElastiCacheSecret(client, names);
    }

    Map<String, String> kept() {
        return secret().find().orElseThrow();
    }

    String name() {
        return names.cacheName();
    }

    String arn(String kind) {
        return "arn:aws:elasticache:" + REGION + ":123456789012:" + kind + ":" + name();
    }

    void pass(Duration time) {
        now = now.plus(time);
    }

    /** Looks until it is ready, ten seconds apart; what may pass passes. @return what each look said */
    private List<String> until(Supplier<Provisioned> look) {
        var said = new ArrayList<String>();
        while (said.size() < MOST_LOOKS) {
            try {
                var provisioned = look.get();
                said.add(provisioned.message());
                if (!(provisioned instanceof Provisioned.Working)) {
                    return said;
                }
            } catch (OutsideException e) {
                if (!e.mayPass()) {
                    throw e;
                }
                said.add(e.getMessage());
            }
            pass(Duration.ofSeconds(10));
        }
        throw new AssertionError("not ready after " + said.size() + " looks: " + said);
    }

    List<String> untilReady() {
        var operator = operator();
        return until(operator::ensure);
    }

    List<String> untilReleased() {
        var operator = operator();
        return until(operator::release);
    }

    /** One look. */
    String look() {
        pass(Duration.ofSeconds(10));
        return operator().ensure().message();
    }

    /** Names of the calls that changed something and came through, since the world was made, in order. */
    List<String> changes() {
        return aws.calls().all().stream().filter(call -> call.outcome() != RecordedCall.Outcome.NOT_REACHED).map(call -> call.call().action())
                .filter(action -> !action.matches("(Describe|Get|List).*")).toList();
    }

    /** Everything that stands in the account. */
    String listing() {
        return "groups " + api.cache().describeReplicationGroups().replicationGroups().stream().map(group -> group.replicationGroupId()).toList()
                + "\nsubnet groups " + api.cache().describeCacheSubnetGroups().cacheSubnetGroups().stream().map(group -> group.cacheSubnetGroupName()).toList()
                + "\nparameter groups " + api.cache().describeCacheParameterGroups().cacheParameterGroups().stream().map(group -> group.cacheParameterGroupName()).toList()
                + "\nsecurity groups " + api.ec2().describeSecurityGroups().securityGroups().stream().map(group -> group.groupName() + group.ipPermissions() + group.tags()).toList();
    }
}
