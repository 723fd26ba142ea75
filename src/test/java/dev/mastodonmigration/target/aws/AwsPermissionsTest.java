package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.embedded.aws.Callers;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.SecretReader;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;

/** What Preflight says of permissions, with databases, machines and DNS on AWS, and a policy evaluator that answers for IAM. */
@EnableKubernetesMockClient(crud = true, https = false)
class AwsPermissionsTest {
    private static final Path EXAMPLES = Path.of("deploy/examples");
    private static final String USER = "arn:aws:iam::123456789012:user/migration-operator";
    private static final String TRUST = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"Service\": \"ec2.amazonaws.com\"}, \"Action\": \"sts:AssumeRole\"}]}";
    private static final String SIMULATE = "iam:SimulatePrincipalPolicy";
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    /** Set by the extension. */
    KubernetesClient client;
    private MastodonMigration migration;
    private IamPolicy policy;
    private Instant now = Instant.parse("2026-11-29T12:00:00Z");
    private AwsPermissions permissions;

    @BeforeEach
    void start() throws IOException {
        System.setProperty("aws.accessKeyId", "AKIATEST");
        System.setProperty("aws.secretAccessKey", "test");
        migration = migration(yaml -> yaml.replace("    compute:", "    dns: {route53: {hostedZoneId: Z0123456789EXAMPLE, front: {addresses: [192.0.2.10]}}}\n    compute:"));
        policy = examples();
        aws.proxy().callers().may(this::decide);
        permissions = new AwsPermissions(new AwsClients(new AwsAt(aws.proxy().address()), new SecretReader(client), AwsRetryStrategy::doNotRetry), () -> now);
    }

    private Callers.Said decide(Callers.Asked asked) {
        return Callers.Said.of(policy.decide(asked.action(), asked.resource(), asked.context()));
    }

    private static IamPolicy examples() throws IOException {
        return new IamPolicy(EXAMPLES.resolve("iam-policy.json")).and(new IamPolicy(EXAMPLES.resolve("iam-policy-ec2.json")));
    }

    /** The example of databases and machines, edited. */
    private MastodonMigration migration(UnaryOperator<String> edit) throws IOException {
        var subnets = String.join(", ", aws.proxy().account().subnets("ab"));
        var yaml = Files.readString(EXAMPLES.resolve("aws-ec2.yaml")).replace("subnet-0a1b2c3d4e5f60718, subnet-0f1e2d3c4b5a69788", subnets);
        var made = Serialization.unmarshal(edit.apply(yaml), MastodonMigration.class);
        made.getMetadata().setUid("11111111-2222-3333-4444-555555555555");
        return made;
    }

    private Findings look() {
        return permissions.of(migration);
    }

    @Test
    void whoHasThePoliciesOfTheExamplesIsTrustedAndNotAskedAboutAgainForAWhile() {
        assertThat(look()).isEqualTo(Findings.NONE);
        assertThat(aws.proxy().calls().changes()).isEmpty();
        var asked = aws.proxy().calls().count(SIMULATE);
        assertThat(asked).isPositive();
        assertThat(look()).isEqualTo(Findings.NONE);
        assertThat(aws.proxy().calls().count(SIMULATE)).isEqualTo(asked);
        now = now.plus(Duration.ofMinutes(11));
        policy = policy.without("rds:CreateDBInstance");
        assertThat(look().blockers()).hasSize(1);
    }

    /** Which actions IAM does not evaluate together ("require different authorization information") is not documented. */
    @Test
    void whatIamDoesNotEvaluateTogetherIsAskedOneByOneAndAnswersComeInPages() {
        aws.proxy().callers().answer(2);
        aws.proxy().faults().whenever(call -> call.name().equals(SIMULATE) && call.parameters().containsValue("rds:CreateDBInstance") && call.parameters().containsKey("ActionNames.member.2"),
                new AwsFault.Refused(400, "InvalidInput", "Invalid Input Actions require different authorization information."));
        assertThat(look()).isEqualTo(Findings.NONE);
        policy = policy.without("rds:DescribeOrderableDBInstanceOptions").without("rds:CreateDBInstance");
        now = now.plus(Duration.ofHours(1));
        assertThat(blocker()).startsWith("AWS permissions are missing: rds:CreateDBInstance, rds:DescribeOrderableDBInstanceOptions (for target.postgres.rds).");
        assertThat(aws.proxy().calls().of(SIMULATE)).anyMatch(call -> call.call().parameters().containsKey("Marker"));
    }

    static Stream<String> actions() {
        // iam:PassRole and rds:CreateDBInstance stand in several statements; the rest are one of each kind.
        return Stream.of("rds:CreateDBInstance", "rds:AddTagsToResource", "rds:DescribeDBInstances", "rds:DeleteDBSubnetGroup", "elasticache:CreateReplicationGroup", "elasticache:ResetCacheParameterGroup", "ec2:CreateTags",
                "ec2:CreateSecurityGroup", "ec2:RunInstances", "ec2:TerminateInstances", "iam:PassRole", "iam:CreateServiceLinkedRole", "iam:GetRole", "elasticloadbalancing:CreateListener", "acm:RequestCertificate",
                "logs:PutRetentionPolicy", "ssm:GetParameters", "route53:ChangeResourceRecordSets", "route53:GetChange");
    }

    @ParameterizedTest
    @MethodSource("actions")
    void whatIsMissingIsNamedAndThePolicyToPasteIsAllThatIsMissing(String action) throws IOException {
        policy = examples().without(action);
        var blocker = blocker();
        assertThat(blocker).startsWith("AWS permissions are missing: " + action + " (for ").contains("Attach this policy to " + USER);
        var paste = pasted(blocker);
        assertThat(paste.actions()).containsExactly(action);
        policy = policy.and(paste);
        assertThat(look()).isEqualTo(Findings.NONE);
    }

    @Test
    void whoHasNothingIsToldAllOfItAndThePolicyFitsInOneOfIamAndInACondition() throws IOException {
        policy = new IamPolicy("{\"Statement\": []}");
        var blocker = blocker();
        assertThat(blocker).contains("(for target.postgres.rds)", "(for target.redis.elastiCache)", "(for the databases' allowFrom)", "(for target.compute.ec2)", "(for target.dns.route53)");
        assertThat(blocker.length()).as("of the 32768 of a condition's message, beside other findings").isLessThan(20000);
        policy = pasted(blocker);
        assertThat(look()).isEqualTo(Findings.NONE);
        var all = new TreeSet<>(examples().actions());
        // Prices are bundled, and who may not ask IAM may have all the rest.
        all.removeAll(List.of("pricing:GetProducts", SIMULATE));
        assertThat(policy.actions()).containsExactlyElementsOf(all);
    }

    @Test
    void onlyWhatTheSpecWantsIsDemanded() throws IOException {
        policy = new IamPolicy("{\"Statement\": []}");
        migration = migration(yaml -> yaml.replace("deletionPolicy: Delete", "deletionPolicy: Retain").replaceAll("(?s)    compute:.*?\n\n", "\n"));
        var blocker = blocker();
        assertThat(blocker).contains("for target.postgres.rds").doesNotContain("route53", "RunInstances", "elasticloadbalancing:");
        assertThat(pasted(blocker).actions()).as("with Retain nothing is deleted").noneMatch(action -> action.contains(":Delete")).contains("rds:ModifyDBInstance", "elasticache:ModifyReplicationGroup");
    }

    @Test
    void whatAStatementDeniesNoOtherPolicyMends() throws IOException {
        policy = examples().and(new IamPolicy("{\"Statement\": [{\"Effect\": \"Deny\", \"Action\": \"rds:Delete*\", \"Resource\": \"*\"}]}"));
        assertThat(blocker()).startsWith("AWS permissions are denied by a statement with Effect Deny, which no other outweighs: ").contains("rds:DeleteDBInstance, rds:DeleteDBParameterGroup, rds:DeleteDBSubnetGroup (for target.postgres.rds)",
                "Have that statement changed in the policies of " + USER).doesNotContain("Attach this policy", "{");
    }

    @Test
    void whatItsBoundaryLeavesOutIsToldSo() {
        aws.proxy().callers().may(asked -> asked.action().startsWith("route53:Change") ? new Callers.Said("implicitDeny", List.of(), true, Optional.of(false)) : decide(asked));
        assertThat(blocker()).startsWith("AWS permissions are left out by the permissions boundary of " + USER + ": route53:ChangeResourceRecordSets").contains("to the boundary too", "\"Sid\":\"DnsRecordsOfTheInstance\"");
    }

    /** A blocker that nobody can take away would be worse than a phase that stalls. */
    @Test
    void whatIamCannotSayBlocksNothing() {
        aws.proxy().callers().may(asked -> asked.action().equals("rds:CreateDBInstance") ? new Callers.Said("implicitDeny", List.of(), false, Optional.empty())
                : asked.action().equals("rds:RebootDBInstance") ? new Callers.Said("explicitDeny", List.of("aws:SourceIp"), true, Optional.empty())
                : asked.action().equals("rds:ModifyDBInstance") ? new Callers.Said("allowed", List.of("aws:SourceIp"), true, Optional.empty()) : decide(asked));
        assertThat(look().blockers()).isEmpty();
        assertThat(look().notes()).singleElement().asString().startsWith("IAM cannot say whether AWS allows " + USER + " rds:CreateDBInstance, rds:RebootDBInstance (for target.postgres.rds)");
    }

    /** IAM names keys of other statements too. */
    @Test
    void keysThatTheExamplesThemselvesLookAtMakeNothingUncertain() {
        aws.proxy().callers().may(asked -> asked.action().equals("rds:CreateDBInstance") ? new Callers.Said("implicitDeny", List.of("aws:RequestTag/mastodonmigration.dev/uid", "iam:PassedToService"), true, Optional.empty()) : decide(asked));
        assertThat(blocker()).contains("rds:CreateDBInstance");
    }

    @Test
    void aSessionOfARoleHasTheRolesPermissionsWhereverTheRoleIs() {
        var role = "arn:aws:iam::123456789012:role/ops/mastodon/migration-operator";
        client().iam().createRole(call -> call.roleName("migration-operator").path("/ops/mastodon/").assumeRolePolicyDocument(TRUST));
        aws.proxy().callers().as("arn:aws:sts::123456789012:assumed-role/migration-operator/session-1", role);
        assertThat(look()).isEqualTo(Findings.NONE);
        policy = policy.without("rds:RebootDBInstance");
        now = now.plus(Duration.ofHours(1));
        assertThat(blocker()).contains("rds:RebootDBInstance", "Attach this policy to " + role + ",");
        assertThat(aws.proxy().calls().of(SIMULATE)).allMatch(call -> call.call().parameters().get("PolicySourceArn").equals(role));
    }

    @Test
    void aRoleThatMayNotReadItselfIsTriedWithoutAPath() {
        var role = "arn:aws:iam::123456789012:role/migration-operator";
        aws.proxy().callers().as("arn:aws:sts::123456789012:assumed-role/migration-operator/session-1", role);
        aws.proxy().faults().whenever(call -> call.name().equals("iam:GetRole"), denied());
        assertThat(look()).isEqualTo(Findings.NONE);
        assertThat(aws.proxy().calls().count(SIMULATE)).isPositive();
    }

    @Test
    void rootNeedsNoPolicy() {
        aws.proxy().callers().as("arn:aws:iam::123456789012:root");
        policy = policy.without("rds:CreateDBInstance");
        assertThat(look()).isEqualTo(Findings.NONE);
        assertThat(aws.proxy().calls().count(SIMULATE)).isZero();
    }

    @Test
    void whereIamMayNotBeAskedEc2TriesWhatItCanAndTheRestIsToldAsNotTried() throws IOException {
        aws.proxy().faults().whenever(call -> call.name().equals(SIMULATE), denied());
        var found = look();
        assertThat(found.blockers()).isEmpty();
        assertThat(found.notes()).singleElement().asString().contains(USER, "was not tried", "To have them tried now, attach this policy: {").matches("(?s).* the other \\d+ actions .*");
        assertThat(pasted(found.notes().getFirst()).decide(SIMULATE, USER, Map.of())).isEqualTo("allowed");
        assertThat(aws.proxy().calls().all()).filteredOn(call -> "true".equals(call.call().parameters().get("DryRun"))).extracting(call -> call.call().name() + " " + call.result())
                .containsExactlyInAnyOrder("ec2:CreateSecurityGroup 412 DryRunOperation", "ec2:CreateLaunchTemplate 412 DryRunOperation", "ec2:RunInstances 412 DryRunOperation");
        assertThat(aws.proxy().calls().changes()).isEmpty();
    }

    /** IAM simulates nothing of it, and no policy changes that. */
    @Test
    void aSessionOfAnotherKindIsTriedByEc2Alone() {
        aws.proxy().callers().as("arn:aws:sts::123456789012:federated-user/bob");
        assertThat(look().blockers()).isEmpty();
        assertThat(look().notes()).singleElement().asString().contains("federated-user/bob", "was not tried").doesNotContain("{");
        assertThat(aws.proxy().calls().count(SIMULATE)).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ec2:RunInstances", "ec2:CreateTags", "ec2:CreateLaunchTemplate", "ec2:CreateSecurityGroup"})
    void whatADryRunIsRefusedIsMissing(String action) throws IOException {
        aws.proxy().faults().whenever(call -> call.name().equals(SIMULATE), denied());
        policy = examples().without(action);
        var blocker = blocker();
        assertThat(blocker).startsWith("AWS permissions are missing: " + action + " (for ").contains("Attach this policy to " + USER);
        policy = policy.and(pasted(blocker));
        assertThat(look().blockers()).isEmpty();
    }

    /** As of a subnet that is not there: who is refused for another reason may be allowed or not. */
    @Test
    void aDryRunThatFailsOtherwiseSaysNothing() {
        aws.proxy().faults().whenever(call -> call.name().equals(SIMULATE), denied());
        aws.proxy().faults().whenever(call -> call.name().equals("ec2:RunInstances"), new AwsFault.Refused(400, "InvalidAMIID.NotFound", "The image id does not exist"));
        policy = policy.without("ec2:RunInstances");
        assertThat(look().blockers()).isEmpty();
        assertThat(look().notes()).hasSize(1);
    }

    private String blocker() {
        var found = look();
        assertThat(found.blockers()).as("%s", found).hasSize(1);
        return found.blockers().getFirst();
    }

    /** What an admin copies, from the first brace to the last. */
    private static IamPolicy pasted(String told) throws IOException {
        var json = told.substring(told.indexOf('{'));
        var tree = new ObjectMapper().readTree(json);
        assertThat(tree.get("Version").asText()).isEqualTo("2012-10-17");
        return new IamPolicy(json);
    }

    private AwsApi client() {
        return new AwsClients(new AwsAt(aws.proxy().address()), new SecretReader(client), AwsRetryStrategy::doNotRetry).of(migration);
    }

    private static AwsFault denied() {
        return new AwsFault.Refused(403, "AccessDenied", "User: " + USER + " is not authorized to perform: " + SIMULATE);
    }
}
