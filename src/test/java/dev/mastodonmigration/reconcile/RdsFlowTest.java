package dev.mastodonmigration.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.api.MastodonMigrationSpec.DeletionPolicy;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.aws.AwsAccount;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.embedded.aws.Callers;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the admin of a migration to RDS sees, from Preflight to the end, with an operator that is restarted before every look. */
@Tag("thorough")
class RdsFlowTest {
    private static final String INSTANCE = "RDS instance mastodon-example-social-";
    /** An instance, its first automated snapshot, a subnet group, a parameter group and a security group. */
    private static final int WHOLE = 5;
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    private MigrationFlow flow;
    private List<String> subnets;
    private Map<String, String> before;

    @BeforeEach
    void start() {
        flow = MigrationFlow.onAws(aws.proxy());
        subnets = aws.proxy().account().subnets("ab");
        before = aws.proxy().account().listing();
    }

    @AfterEach
    void stop() {
        flow.close();
    }

    private FlowSpec rds() {
        return new FlowSpec().rds(subnets, DeletionPolicy.Delete);
    }

    @Test
    void movesToAnInstanceThatIsCreatedOnTheWayAndWorkersAreGivenItOnceItIsThere() {
        var given = new ArrayList<Set<String>>();
        for (var task : List.of(Tasks.PREFLIGHT, Tasks.CLAIM_TARGET)) {
            flow.jobs.script(task, run -> {
                given.add(workerFiles().keySet());
                return ScriptedJobs.succeeded();
            });
        }
        var said = new ArrayList<String>();
        flow.apply(rds().spec());
        flow.until(status -> {
            Optional.ofNullable(status.summary).filter(words -> said.isEmpty() || !said.getLast().equals(words)).ifPresent(said::add);
            return MastodonMigrationStatus.COMPLETED.equals(status.phase);
        });

        assertThat(given).satisfiesExactly(
                preflight -> assertThat(preflight).contains(WorkerContext.TARGET_POSTGRES_MAJOR).doesNotContain(WorkerContext.TARGET_POSTGRES_URL),
                claim -> assertThat(claim).contains(WorkerContext.TARGET_POSTGRES_URL, WorkerContext.TARGET_POSTGRES_CA, WorkerContext.TARGET_POSTGRES_REACH).doesNotContain(WorkerContext.TARGET_POSTGRES_MAJOR));
        assertThat(flow.phase("Provision").message).contains("done.", INSTANCE, "is ready, with Postgres 17.6");
        assertThat(flow.status().findings).anySatisfy(finding -> assertThat(finding.message).contains("Provision creates " + INSTANCE, "123456789012", "eu-central-1"));
        assertThat(flow.events()).anyMatch(event -> event.contains("is ready, with Postgres 17.6"));
        assertThat(flow.events()).as("it takes minutes, of which no event tells").filteredOn(event -> event.contains("Provision: ")).hasSize(2);
        assertThat(said).as("STATUS says what is waited for").anyMatch(words -> words.startsWith("RDS creates instance mastodon-example-social-")).anyMatch(words -> words.startsWith("running claim-target"));
        assertThat(env("DB_SSLMODE")).isEqualTo("verify-full");
        assertThat(aws.proxy().calls().count("rds:CreateDBInstance")).isEqualTo(1);
        assertThat(flow.read().toString() + flow.events() + said).doesNotContain(password(), "aws-s3cret");
    }

    @Test
    void whatAwsDoesNotAllowIsToldWithAPolicyToPasteBeforeAnythingIsCreatedAndItGoesOnOnceThatIsAttached() throws IOException {
        var missing = new HashSet<>(Set.of("rds:CreateDBInstance", "rds:ModifyDBInstance", "ec2:AuthorizeSecurityGroupIngress"));
        aws.proxy().callers().may(asked -> Callers.Said.of(missing.contains(asked.action()) ? "implicitDeny" : "allowed"));
        flow.apply(rds().notApproved().spec());
        flow.until(status -> flow.condition("Stalled").contains("AWS permissions are missing"));

        assertThat(flow.status().summary).isEqualTo("Stalled: AWS permissions are missing: rds:CreateDBInstance, …");
        var stalled = flow.condition("Stalled");
        assertThat(stalled).contains("AWS permissions are missing: rds:CreateDBInstance, rds:ModifyDBInstance (for target.postgres.rds);"
                + " ec2:AuthorizeSecurityGroupIngress (for the databases' allowFrom). Attach this policy to arn:aws:iam::123456789012:user/migration-operator, beside");
        var policy = new ObjectMapper().readTree(stalled.substring(stalled.indexOf('{')));
        assertThat(policy.findValuesAsText("Sid")).containsExactly("RdsDefaultOptionGroupThatNobodyTags", "RdsInItsOwnGroups", "RdsOnceTagged", "RdsTaggedFromTheStart", "SecurityGroupOnceTagged");
        assertThat(flow.events()).as("an Event has room for what is missing, not for all of the policy").filteredOn(event -> event.contains("AWS permissions are missing")).singleElement().asString()
                .contains("ec2:AuthorizeSecurityGroupIngress (for the databases' allowFrom). Attach this policy to arn:aws:iam::123456789012:user/migration-operator, beside those that it has (the condition Stalled has the whole of it): {");
        assertThat(aws.proxy().calls().changes()).isEmpty();

        missing.clear();
        flow.until(status -> "AwaitCutover".equals(status.phase));
    }

    @Test
    void whereIamMayNotBeAskedItGoesOnAndSaysSo() {
        aws.proxy().faults().whenever(call -> call.name().equals("iam:SimulatePrincipalPolicy"), new AwsFault.Refused(403, "AccessDenied", "not authorized to perform: iam:SimulatePrincipalPolicy"));
        flow.apply(rds().notApproved().spec());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        assertThat(flow.status().findings).extracting(finding -> finding.message).anyMatch(said -> said.contains("was not tried") && said.contains("\"Sid\":\"ItselfAsksWhatItMay\""));
    }

    @Test
    void abortedAtTheGateItLeavesTheAccountAsItWasOnceItsMarkerWasLookedAt() {
        flow.jobs.script(Tasks.RESET_TARGET, run -> {
            assertThat(workerFiles()).containsKeys(WorkerContext.TARGET_REDIS_URL, WorkerContext.TARGET_POSTGRES_URL);
            assertThat(aws.proxy().account().tagged(flow.read().getMetadata().getUid())).hasSize(WHOLE);
            return ScriptedJobs.succeeded();
        });
        flow.apply(rds().notApproved().spec());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        flow.edit(rds().notApproved().state(DesiredState.Aborted).spec());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));

        assertThat(aws.proxy().account().listing()).isEqualTo(before);
        assertThat(flow.jobs.ran).contains(Tasks.RESET_TARGET);
        assertThat(flow.phase("UndoProvision").message).contains("Nothing of this migration is left on AWS");
        assertThat(secretNames()).noneMatch(name -> name.endsWith("-rds"));
    }

    /** Whatever status says, as one that was restored from an older backup: the marker knows whether the database was in use. */
    @Test
    void anInstanceWhoseMarkerSaysThatItWasOpenedIsNotDeleted() {
        flow.jobs.script(Tasks.RESET_TARGET, run -> WorkerReport.refused("The target was opened for writing: nothing there is dropped."));
        flow.apply(rds().notApproved().spec());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        flow.edit(rds().notApproved().state(DesiredState.Aborted).spec());
        flow.until(status -> flow.events().stream().anyMatch(event -> event.contains("was opened for writing")));
        for (int i = 0; i < 20; i++) {
            flow.look();
        }

        assertThat(aws.proxy().calls().count("rds:DeleteDBInstance")).isZero();
        assertThat(aws.proxy().account().tagged(flow.read().getMetadata().getUid())).hasSize(WHOLE);
    }

    /** The first mistake that one makes is a wrong allowFrom. */
    @Test
    void abortedBeforeAnybodyReachedItWaitsForNobody() {
        var spec = new FlowSpec().rds(subnets, DeletionPolicy.Retain).notApproved();
        flow.jobs.script(Tasks.CLAIM_TARGET, run -> WorkerReport.retryable("cannot be reached"));
        flow.jobs.script(Tasks.RESET_TARGET, run -> {
            assertThat(workerFiles()).containsKey(WorkerContext.TARGET_REDIS_URL).doesNotContainKey(WorkerContext.TARGET_POSTGRES_URL);
            return ScriptedJobs.succeeded();
        });
        flow.apply(spec.spec());
        flow.until(status -> flow.jobs.ran.contains(Tasks.CLAIM_TARGET));
        flow.edit(spec.state(DesiredState.Aborted).spec());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(flow.jobs.ran).contains(Tasks.RESET_TARGET);
    }

    @Test
    void abortedWithoutDeleteItSaysWhatStaysAndCosts() {
        var spec = new FlowSpec().rds(subnets, DeletionPolicy.Retain).notApproved();
        flow.apply(spec.spec());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        flow.edit(spec.state(DesiredState.Aborted).spec());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));

        assertThat(flow.phase("UndoProvision").message).contains("stays, and costs money", INSTANCE);
        assertThat(flow.events()).anyMatch(event -> event.startsWith("ActionNeeded: ") && event.contains("stays, and costs money"));
        assertThat(flow.condition("Ready")).as("it is not all gone").contains("stays, and costs money").doesNotContain("nothing of ours is left");
        assertThat(aws.proxy().account().tagged(flow.read().getMetadata().getUid())).hasSize(WHOLE);
        assertThat(secretNames()).anyMatch(name -> name.endsWith("-rds"));
    }

    @Test
    void lostAnswersAllTheWayMakeNoSecondAndLeaveNothing() {
        for (var change = 1; change < 40; change += 3) {
            aws.proxy().faults().nthChange(change, new AwsFault.LostAnswer());
            aws.proxy().faults().nth(change, "rds:DescribeDBInstances", new AwsFault.CutBefore());
        }
        flow.apply(rds().notApproved().spec());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        assertThat(aws.proxy().account().tagged(flow.read().getMetadata().getUid())).hasSize(WHOLE);
        flow.edit(rds().notApproved().state(DesiredState.Aborted).spec());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(aws.proxy().account().listing()).isEqualTo(before);
    }

    @Test
    void credentialsThatExpireHalfWayStallItUntilTheSecretIsRenewed() {
        flow.apply(rds().notApproved().spec());
        flow.until(status -> aws.proxy().calls().count("rds:CreateDBSubnetGroup") == 1);
        aws.proxy().faults().whenever(call -> call.accessKey().equals("AKIAOPERATOR"), new AwsFault.Refused(403, "ExpiredToken", "The security token included in the request is expired"));
        flow.until(MigrationFlow::stalled);
        assertThat(flow.condition("Stalled")).startsWith("True").contains("have expired", "spec.aws.credentialsSecretRef", "reads it again by itself");

        flow.awsCredentials("AKIARENEWED");
        flow.until(status -> "AwaitCutover".equals(status.phase));
        assertThat(flow.condition("Stalled")).isEmpty();
        assertThat(aws.proxy().account().tagged(flow.read().getMetadata().getUid())).hasSize(WHOLE);
        assertThat(flow.events()).filteredOn(event -> event.contains("have expired")).as("told once").hasSize(1);
    }

    @Test
    void deletedWithExpiredCredentialsItWaitsAndNamesWhatStaysUntilTheyAreRenewed() {
        untilDeletedWithExpiredCredentials();
        assertThat(flow.condition("Stalled")).startsWith("True").contains("have expired", "stays, and costs money", INSTANCE, "DB parameter group", "DB subnet group", "Security group", "-rds",
                "spec.aws.deletionPolicy to Retain");
        assertThat(flow.events()).anyMatch(event -> event.startsWith("Stalled: ") && event.contains("have expired") && event.contains("stays, and costs money") && event.contains("-rds") && event.contains("spec.aws.deletionPolicy to Retain"));
        assertThat(aws.proxy().account().tagged(flow.read().getMetadata().getUid())).hasSize(WHOLE);

        flow.awsCredentials("AKIARENEWED");
        flow.edit(rds().state(DesiredState.Running).spec());
        flow.untilTheFinalizerGoes();
        assertThat(aws.proxy().account().listing()).isEqualTo(before);
    }

    @Test
    void deletedWithExpiredCredentialsItIsLetGoWhenTheAdminSaysSoAndNotInSilence() {
        untilDeletedWithExpiredCredentials();
        flow.edit(new FlowSpec().rds(subnets, DeletionPolicy.Retain).notApproved().spec());
        flow.untilTheFinalizerGoes();
        assertThat(flow.events()).anyMatch(event -> event.startsWith("ActionNeeded: ") && event.contains("whatever was created of " + INSTANCE));
        assertThat(aws.proxy().calls().count("rds:DeleteDBInstance")).isZero();
    }

    /** Each edit makes the next attempt due at once. */
    private void untilDeletedWithExpiredCredentials() {
        flow.applyWithFinalizer(rds().notApproved().spec());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        aws.proxy().faults().whenever(call -> call.accessKey().equals("AKIAOPERATOR"), new AwsFault.Refused(403, "ExpiredToken", "The security token included in the request is expired"));
        flow.client.resource(flow.read()).delete();
        for (var hours = 1; flow.record("UndoProvision").filter(record -> record.attempts > 3 && MigrationFlow.stalled(flow.status())).isEmpty(); hours++) {
            flow.edit(rds().notApproved().soak(hours + "h").spec());
            flow.lookAtDeleted();
            flow.lookAtDeleted();
            flow.lookAtDeleted();
            assertThat(hours).isLessThan(50);
        }
    }

    /** Kubernetes creates nothing there any more, and takes every Secret that has no finalizer. */
    @Test
    void deletedWithItsNamespaceTheOperatorLooksAtTheMarkerItselfAndTheAccountIsLeftAsItWas() {
        flow.applyWithFinalizer(rds().notApproved().spec());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        flow.client.resource(flow.read()).delete();
        flow.refuseJobs();
        flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).list().getItems().stream().filter(secret -> secret.getMetadata().getFinalizers().isEmpty())
                .forEach(secret -> flow.client.resource(secret).delete());
        flow.untilTheFinalizerGoes();

        assertThat(flow.jobs.ranHere).contains(Tasks.RESET_TARGET);
        assertThat(flow.jobs.ran).doesNotContain(Tasks.RESET_TARGET);
        assertThat(aws.proxy().account().listing()).isEqualTo(before);
        assertThat(secretNames()).as("nothing keeps the namespace").isEmpty();
    }

    @Test
    void anInstanceWhoseTargetIsEditedAwayIsNotForgotten() {
        flow.apply(rds().notApproved().spec());
        flow.until(status -> "AwaitCutover".equals(status.phase));
        flow.edit(new FlowSpec().notApproved().state(DesiredState.Aborted).spec());
        flow.until(status -> "UndoProvision".equals(status.phase) && flow.condition("Stalled").contains("ImmutableFieldChanged"));
        assertThat(flow.condition("Stalled")).contains("spec.target.postgres was \"rds\"", "Put it back");
        assertThat(flow.jobs.ran).doesNotContain(Tasks.RESET_TARGET);
        flow.edit(rds().notApproved().state(DesiredState.Aborted).spec());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(aws.proxy().account().listing()).isEqualTo(before);
    }

    @Test
    void credentialsOfAnotherAccountStallItHalfWayAndInAnAbort() {
        flow.apply(rds().notApproved().spec());
        flow.until(status -> aws.proxy().calls().count("rds:CreateDBSubnetGroup") == 1);
        assertThat(flow.status().internal.awsAccount).isEqualTo(AwsAccount.HERE);
        flow.awsCredentials(AwsAccount.KEY_ELSEWHERE);
        flow.until(MigrationFlow::stalled);
        assertThat(flow.condition("Stalled")).contains("account " + AwsAccount.ELSEWHERE, "account " + AwsAccount.HERE);
        flow.edit(rds().notApproved().state(DesiredState.Aborted).spec());
        flow.until(status -> "UndoProvision".equals(status.phase) && MigrationFlow.stalled(status));
        assertThat(flow.condition("Stalled")).contains("account " + AwsAccount.ELSEWHERE, "whatever was created of " + INSTANCE);
        flow.awsCredentials("AKIARENEWED");
        flow.edit(rds().notApproved().soak("1h").state(DesiredState.Aborted).spec());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(aws.proxy().account().listing()).isEqualTo(before);
    }

    @Test
    void whatIsWrongWithTheNewDatabaseStopsItBeforeAnythingIsCopied() {
        var blocker = "Only a superuser may create extension postgis on the target, and tables of the source depend on it.";
        flow.jobs.script(Tasks.CLAIM_TARGET, run -> run == 1 ? WorkerReport.refused(blocker) : ScriptedJobs.succeeded());
        flow.apply(rds().notApproved().spec());
        flow.until(MigrationFlow::stalled);
        assertThat(flow.status().phase).isEqualTo("Provision");
        assertThat(flow.condition("Stalled")).contains(blocker);
        assertThat(flow.jobs.ran).containsExactly(Tasks.PREFLIGHT, Tasks.CLAIM_TARGET);
        flow.until(status -> "AwaitCutover".equals(status.phase));
    }

    @Test
    void anInstanceThatCannotHealStallsWithTheWayOut() {
        flow.apply(rds().notApproved().spec());
        flow.until(status -> aws.proxy().calls().count("rds:CreateDBInstance") == 1);
        var name = aws.proxy().calls().last("rds:CreateDBInstance").orElseThrow().call().parameters().get("DBInstanceIdentifier");
        aws.proxy().rds().show(name, "incompatible-network");
        flow.until(MigrationFlow::stalled);
        assertThat(flow.condition("Stalled")).contains("RDS says \"incompatible-network\" of instance " + name, "aws rds delete-db-instance --skip-final-snapshot --db-instance-identifier " + name);
        assertThat(flow.status().summary).startsWith("Stalled: RDS says \"incompatible-network\"");
        // The proxy lets none of that status be changed.
        aws.proxy().rds().show(name, "available");
        aws.proxy().account().rdsValues("DBInstanceStatus", "DescribeDBInstances");
        aws.proxy().account().rds("ModifyDBInstance", "DBInstanceIdentifier", name, "DeletionProtection", "false");
        aws.proxy().account().rds("DeleteDBInstance", "DBInstanceIdentifier", name, "SkipFinalSnapshot", "true");
        flow.until(status -> "AwaitCutover".equals(status.phase));
        assertThat(aws.proxy().calls().count("rds:CreateDBInstance")).isEqualTo(2);
    }

    private Map<String, String> workerFiles() {
        return flow.secretsOfOurs().stream().filter(secret -> secret.getMetadata().getName().contains("-worker-")).findFirst().orElseThrow().getData();
    }

    private List<String> secretNames() {
        return flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).list().getItems().stream().map(secret -> secret.getMetadata().getName()).toList();
    }

    private String password() {
        return value(secretNames().stream().filter(name -> name.endsWith("-rds")).findFirst().orElseThrow(), "password");
    }

    private String env(String variable) {
        return value(MigrationFlow.NAME + "-env", variable);
    }

    private String value(String secret, String key) {
        return new String(Base64.getDecoder().decode(flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).withName(secret).get().getData().get(key)), StandardCharsets.UTF_8);
    }
}
