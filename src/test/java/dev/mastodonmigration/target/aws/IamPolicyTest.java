package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.RecordedCall;
import dev.mastodonmigration.outside.SecretReader;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The least policy that the README gives, held against every call of a migration to AWS: nothing is missing, and nothing more is allowed. moto itself allows everything. */
@EnableKubernetesMockClient(crud = true, https = false)
class IamPolicyTest {
    /** Everybody may ask who they are (AWS's own documentation of GetCallerIdentity). */
    private static final String WHO_AM_I = "sts:GetCallerIdentity";
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    /** Set by the extension. */
    KubernetesClient client;

    @Test
    void thePolicyAllowsWhatIsCalledAndNothingMore() throws IOException {
        var world = new RdsWorld(client, aws.proxy());
        world.operator().preflight();
        new AwsPriceLists(new AwsClients(() -> Optional.of(aws.proxy().address()), new SecretReader(client))).of(world.migration).of(world.operator().charges());
        world.untilReady();
        // A password that was lost, and a setting that waits for a restart.
        world.secret().release();
        world.account.rds("ModifyDBParameterGroup", "DBParameterGroupName", world.names.name(), "Parameters.Parameter.1.ParameterName", "max_connections", "Parameters.Parameter.1.ParameterValue", "300",
                "Parameters.Parameter.1.ApplyMethod", "pending-reboot");
        world.untilReady();
        world.untilReleased();

        redis();

        var called = new TreeSet<>(world.calls().names());
        world.calls().all().forEach(call -> alsoChecked(call, called));
        called.remove(WHO_AM_I);
        assertThat(allowed()).isEqualTo(called);
    }

    private void redis() {
        var world = new ElastiCacheWorld(client, aws.proxy());
        world.operator().preflight();
        world.untilReady();
        // A replica that may not take over any more.
        aws.proxy().account().cache("ModifyReplicationGroup", "ReplicationGroupId", world.name(), "AutomaticFailoverEnabled", "false", "ApplyImmediately", "true");
        world.untilReady();
        world.untilReleased();
    }

    /** What AWS asks for beside the action itself, where it is called so. */
    private static void alsoChecked(RecordedCall call, SortedSet<String> called) {
        var parameters = call.call().parameters();
        if (parameters.keySet().stream().anyMatch(name -> name.startsWith("TagSpecification."))) {
            called.add("ec2:CreateTags");
        }
        if (!call.call().service().equals("ec2") && parameters.keySet().stream().anyMatch(name -> name.startsWith("Tags."))) {
            called.add(call.call().service() + ":AddTagsToResource");
        }
        if (call.call().name().equals("rds:CreateDBInstance")) {
            called.add("iam:CreateServiceLinkedRole");
        }
    }

    private static SortedSet<String> allowed() throws IOException {
        var actions = new TreeSet<String>();
        for (var statement : new ObjectMapper().readTree(Path.of("deploy/examples/iam-policy.json").toFile()).get("Statement")) {
            assertThat(statement.get("Effect").asText()).isEqualTo("Allow");
            var action = statement.get("Action");
            (action.isArray() ? action : (Iterable<JsonNode>) List.of(action)).forEach(one -> assertThat(actions.add(one.asText())).as("named once: " + one).isTrue());
        }
        assertThat(actions).noneMatch(action -> action.contains("*"));
        return actions;
    }
}
