package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.RecordedCall;
import dev.mastodonmigration.outside.SecretReader;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The least policy that the README gives, held against every call of a migration to AWS: nothing is missing, and nothing more is allowed. moto itself allows everything. */
@EnableKubernetesMockClient(crud = true, https = false)
class IamPolicyTest {
    /** Everybody may ask who they are (AWS's own documentation of GetCallerIdentity). */
    private static final String WHO_AM_I = "sts:GetCallerIdentity";
    /** As the example has it. */
    private static final String OPERATOR = "migration-operator";
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    /** Set by the extension. */
    KubernetesClient client;

    @Test
    void thePolicyAllowsWhatIsCalledAndNothingMore() throws IOException {
        var world = new RdsWorld(client, aws.proxy());
        world.api.iam().createRole(call -> call.roleName(OPERATOR).assumeRolePolicyDocument(
                "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"Service\": \"ec2.amazonaws.com\"}, \"Action\": \"sts:AssumeRole\"}]}"));
        aws.proxy().calls().clear();
        world.operator().preflight();
        new AwsPriceLists(new AwsClients(new AwsAt(aws.proxy().address()), new SecretReader(client))).of(world.migration).of(world.operator().charges());
        world.untilReady();
        // A password that was lost, and a setting that waits for a restart.
        world.secret().release();
        world.account.rds("ModifyDBParameterGroup", "DBParameterGroupName", world.names.name(), "Parameters.Parameter.1.ParameterName", "max_connections", "Parameters.Parameter.1.ParameterValue", "300",
                "Parameters.Parameter.1.ApplyMethod", "pending-reboot");
        world.untilReady();
        world.untilReleased();

        redis();
        dns();
        itself(world);

        var asked = world.calls().all().stream().map(RecordedCall::call).filter(call -> !call.name().equals(WHO_AM_I)).flatMap(call -> IamAsk.of(call).stream()).distinct().toList();
        var policy = new IamPolicy(Path.of("deploy/examples/iam-policy.json"));
        assertThat(policy.actions()).isEqualTo(asked.stream().map(IamAsk::action).distinct().sorted().toList()).noneMatch(action -> action.contains("*"));
        assertThat(asked).as("nothing is missing").allMatch(policy::allows);
        assertThat(asked).as("what is created is tagged, and what is changed or deleted is ours by its tag").filteredOn(IamAsk::isAboutOurTag).hasSizeGreaterThan(25)
                .noneMatch(ask -> policy.allows(ask.withoutOurTag()));
        assertThat(asked).as("and by its name, where it has one").filteredOn(IamAsk::isAboutOurName).noneMatch(ask -> policy.allows(ask.ofAnotherName()));
        assertThat(asked).as("whatever changes something asks for our tag, but for what nobody can tag").filteredOn(ask -> !ask.isAboutOurTag() && !ask.resource().equals("*"))
                .allMatch(ask -> ask.resource().contains(":og:default:") || ask.resource().contains(":vpc/") || ask.resource().contains(":hostedzone/") || ask.resource().endsWith("/" + OPERATOR) || ask.action().equals("iam:CreateServiceLinkedRole"));
    }

    private void itself(RdsWorld world) {
        aws.proxy().callers().as("arn:aws:sts::123456789012:assumed-role/" + OPERATOR + "/session", "arn:aws:iam::123456789012:role/" + OPERATOR);
        assertThat(new AwsPermissions(new AwsClients(new AwsAt(aws.proxy().address()), new SecretReader(client))).of(world.migration).blockers()).isEmpty();
    }

    /** What Preflight asks about is what AWS asks for, as the calls show; and what AWS may ask for of a replication group's nodes. */
    @Test
    void preflightAsksAboutEachActionAndKindOfResourceThatIsCalled() {
        var rds = new RdsWorld(client, aws.proxy());
        rds.untilReady();
        rds.secret().release();
        rds.account.rds("ModifyDBParameterGroup", "DBParameterGroupName", rds.names.name(), "Parameters.Parameter.1.ParameterName", "max_connections", "Parameters.Parameter.1.ParameterValue", "300",
                "Parameters.Parameter.1.ApplyMethod", "pending-reboot");
        rds.untilReady();
        rds.untilReleased();
        assertThat(questions(rds.migration)).isEqualTo(changesAsked());
        aws.proxy().calls().clear();

        var redis = redis();
        var nodes = Set.of("elasticache:DeleteReplicationGroup elasticache:cluster", "elasticache:ModifyReplicationGroup elasticache:cluster");
        var asked = changesAsked();
        asked.addAll(nodes);
        assertThat(questions(redis.migration)).isEqualTo(asked);
    }

    private static SortedSet<String> questions(MastodonMigration migration) {
        return new NeededPermissions(migration, "eu-central-1", "123456789012", Optional.of("vpc-1")).questions().stream().filter(question -> !question.resource().equals("*"))
                .map(question -> question.action() + " " + kind(question.resource())).collect(Collectors.toCollection(TreeSet::new));
    }

    private SortedSet<String> changesAsked() {
        return aws.proxy().calls().changes().stream().flatMap(call -> IamAsk.of(call.call()).stream()).map(ask -> ask.action() + " " + kind(ask.resource())).collect(Collectors.toCollection(TreeSet::new));
    }

    private static String kind(String arn) {
        var parts = arn.split(":", 6);
        return parts[2] + ":" + parts[5].split("[:/]")[0];
    }

    private ElastiCacheWorld redis() {
        var world = new ElastiCacheWorld(client, aws.proxy());
        world.operator().preflight();
        world.untilReady();
        // A replica that may not take over any more.
        aws.proxy().account().cache("ModifyReplicationGroup", "ReplicationGroupId", world.name(), "AutomaticFailoverEnabled", "false", "ApplyImmediately", "true");
        world.untilReady();
        world.operator().endFollowing();
        world.untilReleased();
        return world;
    }

    private void dns() {
        try (var world = new Route53World(client, aws.proxy(), Route53World.ON_HEROKU)) {
            world.edge().preflight();
            world.until(world::shift);
            world.until(world::restore);
        }
    }

    /** Records are only changed in one zone, of the names that the spec has, of the types by which users find a host. */
    @Test
    void theConditionsOnRecordsAllowWhatIsChangedAndNothingMore() throws IOException {
        dns();
        var statement = StreamSupport.stream(new ObjectMapper().readTree(Path.of("deploy/examples/iam-policy.json").toFile()).get("Statement").spliterator(), false)
                .filter(one -> one.get("Action").asText().equals("route53:ChangeResourceRecordSets")).findFirst().orElseThrow();
        assertThat(statement.get("Resource").asText()).matches("arn:aws:route53:::hostedzone/Z[A-Z0-9]+");
        var conditions = statement.at("/Condition/ForAllValues:StringEquals");
        assertThat(allowed(conditions, "NormalizedRecordNames")).isEqualTo(changed("Name", name -> name.replaceAll("\\.$", "")));
        assertThat(allowed(conditions, "Actions")).isEqualTo(changed("Action", action -> action));
        // The example has no addresses of its own: an alias or a front that has some makes records of the other types.
        assertThat(allowed(conditions, "RecordTypes")).isEqualTo(ZoneRecord.TYPES).containsAll(changed("Type", type -> type));
    }

    private static SortedSet<String> allowed(JsonNode conditions, String what) {
        var values = new TreeSet<String>();
        conditions.get("route53:ChangeResourceRecordSets" + what).forEach(value -> values.add(value.asText()));
        return values;
    }

    private SortedSet<String> changed(String element, UnaryOperator<String> normal) {
        var values = new TreeSet<String>();
        aws.proxy().calls().of("route53:ChangeResourceRecordSets").forEach(call -> Pattern.compile("<" + element + ">([^<]+)<").matcher(call.call().body()).results().forEach(found -> values.add(normal.apply(found.group(1)))));
        return values;
    }
}
