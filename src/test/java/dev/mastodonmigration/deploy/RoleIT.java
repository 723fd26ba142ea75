package dev.mastodonmigration.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.e2e.EndToEnd;
import dev.mastodonmigration.embedded.OperatorProcess;
import dev.mastodonmigration.embedded.World;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RoleIT {
    private static final Map<String, String> WITHOUT_WAITING = Map.of("/spec/cutover/approved", "true", "/spec/retire/approved", "true", "/spec/soak/duration", "1s", "/spec/strategy/inSyncFor", "1s");

    /** What only a rotated credential, an edited spec, an abort, or an entrance of the edge's makes the operator do. */
    private static final Set<String> ON_OTHER_WAYS = Set.of("update secrets", "update services", "delete services", "update deployments.apps", "delete deployments.apps",
            "update poddisruptionbudgets.policy", "delete poddisruptionbudgets.policy", "update cronjobs.batch", "delete cronjobs.batch", "list events",
            "get ingresses.networking.k8s.io", "create ingresses.networking.k8s.io", "update ingresses.networking.k8s.io", "delete ingresses.networking.k8s.io",
            "get httproutes.gateway.networking.k8s.io", "create httproutes.gateway.networking.k8s.io", "update httproutes.gateway.networking.k8s.io", "delete httproutes.gateway.networking.k8s.io");

    @Test
    void aWholeMigrationNeedsExactlyWhatTheRoleAllows(@TempDir Path directory) {
        try (var world = World.start(World.Options.SMALL);
                var proxy = RecordingProxy.to(URI.create(world.apiServer().url()).getPort())) {
            world.operator().kill();
            world.client().leases().inNamespace(World.NAMESPACE).delete(); // so that the next one makes it
            var settings = new HashMap<>(world.operatorSettings());
            settings.put("QUARKUS_KUBERNETES_CLIENT_API_SERVER_URL", proxy.url());
            try (var operator = OperatorProcess.start(world.apiServer(), World.NAMESPACE, settings, directory.resolve("operator.log")).keptRunning().awaitReady()) {
                world.apply(withACronJob(world.example(WITHOUT_WAITING)));
                EndToEnd.awaitCompleted(world);
                world.client().resource(world.migration()).delete();
                Awaitility.await("deleted").atMost(Duration.ofSeconds(30)).until(() -> operator.isAlive() && world.client().resource(world.example(Map.of())).get() == null);
            }
            var calls = proxy.requests().stream().map(ApiCall::of).flatMap(Optional::stream).toList();
            assertThat(calls).extracting(ApiCall::namespace).containsOnly(World.NAMESPACE);
            assertThat(proxy.requests().stream().filter(request -> ApiCall.of(request).isEmpty())).as("calls outside every namespace").allMatch(request -> request.startsWith("GET /version"));
            var used = calls.stream().map(call -> permission(call.group(), call.resource(), call.verb())).collect(Collectors.toSet());
            var granted = Chart.rendered().all(Role.class).stream().flatMap(role -> role.getRules().stream()).flatMap(RoleIT::permissions).collect(Collectors.toSet());
            assertThat(granted).as("the chart's Roles").containsAll(used);
            assertThat(granted).filteredOn(permission -> !used.contains(permission)).as("allowed, but no phase called it").isSubsetOf(ON_OTHER_WAYS);
        }
    }

    private static MastodonMigration withACronJob(MastodonMigration migration) {
        var json = Serialization.jsonMapper().<ObjectNode>valueToTree(migration);
        var cronJob = json.withObject("/spec/target/compute/kubernetes").putArray("cronJobs").addObject().put("name", "yearly").put("schedule", "@yearly");
        cronJob.putArray("command").add("tootctl").add("media").add("usage");
        return Serialization.unmarshal(json.toString(), MastodonMigration.class);
    }

    private static String permission(String group, String resource, String verb) {
        return verb + " " + resource + (group.isEmpty() ? "" : "." + group);
    }

    private static Stream<String> permissions(PolicyRule rule) {
        return rule.getApiGroups().stream().flatMap(group -> rule.getResources().stream().flatMap(resource -> rule.getVerbs().stream().map(verb -> permission(group, resource, verb))));
    }
}
