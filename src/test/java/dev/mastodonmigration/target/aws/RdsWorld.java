package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.aws.AwsAccount;
import dev.mastodonmigration.embedded.aws.AwsCalls;
import dev.mastodonmigration.embedded.aws.AwsFaultProxy;
import dev.mastodonmigration.embedded.aws.RdsStatuses;
import dev.mastodonmigration.embedded.aws.RecordedCall;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.outside.SecretReader;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;

/** The example's migration to RDS, by the real SDK before the fault proxy and moto, with a clock that the test moves. */
final class RdsWorld {
    static final String NAMESPACE = "mastodon";
    static final Duration APART = Duration.ofSeconds(10);
    /** The changes of an undisturbed creation, in order. */
    static final List<String> CREATION = List.of("ec2:CreateSecurityGroup", "ec2:AuthorizeSecurityGroupIngress", "rds:CreateDBSubnetGroup", "rds:CreateDBParameterGroup", "rds:ModifyDBParameterGroup",
            "rds:CreateDBInstance", "rds:ModifyDBInstance");
    /** An instance, its first automated snapshot, a subnet group, a parameter group and a security group. */
    static final int WHOLE = 5;
    static final String CREDENTIALS = "aws";
    private static final String EXISTING = "      existing:                                   # an empty database, Postgres 17 or newer; its owner may CREATEDB\n"
            + "        urlSecretRef: {name: target-postgres, key: url}";
    private static final String RDS = "      rds: {instanceClass: db.t4g.small, allocatedStorageGiB: 20, engineVersion: '17', subnetIds: [SUBNETS], allowFrom: {securityGroupIds: [NODES], cidrs: [10.0.0.0/16]}}";
    private static final int MOST_LOOKS = 60;
    final AwsFaultProxy aws;
    final AwsAccount account;
    final AwsApi api;
    final KubernetesClient client;
    final List<String> subnets;
    final String vpc;
    final String nodes;
    final MastodonMigration migration;
    final AwsNames names;
    private Instant now = Instant.parse("2026-11-29T12:00:00Z");

    /** In an account of two zones, whose instances change as fast as can be. */
    RdsWorld(KubernetesClient client, AwsFaultProxy aws, String... replacements) {
        this.client = client;
        this.aws = aws;
        this.account = aws.account();
        aws.rds().behave(RdsStatuses.prompt());
        this.subnets = account.subnets("ab");
        this.vpc = account.networkOf(subnets.getFirst());
        this.nodes = account.securityGroup("nodes", vpc);
        secret(CREDENTIALS, Map.of(), "AWS_ACCESS_KEY_ID", "AKIAOPERATOR", "AWS_SECRET_ACCESS_KEY", "geheim");
        this.migration = migration(replacements(replacements));
        this.names = AwsNames.of(migration);
        this.api = new AwsClients(new AwsAt(aws.address()), new SecretReader(client), AwsRetryStrategy::doNotRetry).of(migration);
    }

    private String[] replacements(String... more) {
        var all = new ArrayList<>(List.of(more));
        all.addAll(List.of("SUBNETS", String.join(", ", subnets), "NODES", nodes));
        return all.toArray(String[]::new);
    }

    static MastodonMigration migration(String... replacements) {
        var rds = RDS;
        var aws = "  aws: {region: eu-central-1, deletionPolicy: Delete, credentialsSecretRef: {name: " + CREDENTIALS + "}}\n";
        for (int i = 0; i < replacements.length; i += 2) {
            rds = rds.replace(replacements[i], replacements[i + 1]);
            aws = aws.replace(replacements[i], replacements[i + 1]);
        }
        return Example.migration(EXISTING, rds, "  strategy:\n", aws + "  strategy:\n");
    }

    /** As after a restart of the operator: it remembers nothing. */
    Rds operator() {
        return operator(api);
    }

    Rds operator(AwsApi with) {
        return new Rds(migration, () -> with, new SecretReader(client), secret(), new Steadiness(() -> now, APART), new KeptCredentials(client, new SecretReader(client), migration));
    }

    RdsSecret secret() {
        return new RdsSecret(client, names);
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
            pass(APART);
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

    AwsCalls calls() {
        return aws.calls();
    }

    List<String> changes() {
        return calls().changes().stream().map(call -> call.call().name()).toList();
    }

    /** Parameters of the last call of that name. */
    Map<String, String> asked(String name) {
        return calls().last(name).map(RecordedCall::call).orElseThrow(() -> new AssertionError(name + " was not asked for: " + calls().all())).parameters();
    }

    Map<String, String> kept() {
        return secret().find().orElseThrow();
    }

    /** Of ours: the one with the credentials is the admin's, and their copy goes with the migration. */
    List<String> secretsOfOurs() {
        return client.secrets().inNamespace(NAMESPACE).list().getItems().stream().map(secret -> secret.getMetadata().getName()).filter(name -> !name.equals(CREDENTIALS) && !name.equals(KeptCredentials.nameFor(migration))).toList();
    }

    /** As status has it once Provision has begun to create things in that account. */
    void began(String account) {
        if (migration.getStatus() == null) {
            migration.setStatus(new MastodonMigrationStatus());
        }
        migration.getStatus().internal.awsAccount = account;
    }

    /** Something in the spec is edited. */
    void edit(MastodonMigration as) {
        migration.setSpec(as.getSpec());
    }

    Secret secret(String name, Map<String, String> labels, String... data) {
        var builder = new SecretBuilder().withNewMetadata().withName(name).withNamespace(NAMESPACE).withLabels(labels).endMetadata();
        for (int i = 0; i < data.length; i += 2) {
            builder.addToData(data[i], Base64.getEncoder().encodeToString(data[i + 1].getBytes(StandardCharsets.UTF_8)));
        }
        return client.resource(builder.build()).createOr(secret -> secret.update());
    }

    /** What an admin does in the console, to the instance, at once. */
    void modify(String... parameters) {
        var all = new ArrayList<>(List.of("DBInstanceIdentifier", names.name(), "ApplyImmediately", "true"));
        all.addAll(List.of(parameters));
        account.rds("ModifyDBInstance", all.toArray(String[]::new));
        look();
    }

    /** In the console, which shows the next status. @return the status */
    String look() {
        return account.rdsValues("DBInstanceStatus", "DescribeDBInstances", "DBInstanceIdentifier", names.name()).getFirst();
    }

    void takeTagsOff(String arnElement, String list) {
        account.rdsValues(arnElement, list).stream().filter(arn -> arn.endsWith(":" + names.name()))
                .forEach(arn -> account.rds("RemoveTagsFromResource", "ResourceName", arn, "TagKeys.member.1", AwsNames.UID_TAG));
    }

    List<String> ourSecurityGroups() {
        return account.securityGroups("group-name", names.name());
    }

    /** Arns and ids of all that has our tag: {@link #WHOLE} things when all is there. */
    List<String> tagged() {
        return account.tagged(names.uid());
    }
}
