package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.SecretReader;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The real SDK against a server that answers as a test says. */
@EnableKubernetesMockClient(crud = true, https = false)
class AwsClientsTest {
    private static final String NONE = "<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances/></DescribeDBInstancesResult></DescribeDBInstancesResponse>";
    /** Set by the extension. */
    KubernetesClient client;
    private final List<String> authorizations = new CopyOnWriteArrayList<>();
    private HttpServer server;
    private int status = 200;
    private String answer = NONE;
    private AwsClients clients;

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            authorizations.add(exchange.getRequestHeaders().getFirst("Authorization"));
            exchange.getRequestBody().readAllBytes();
            var body = answer.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        var endpoint = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        clients = new AwsClients(new AwsAt(endpoint), new SecretReader(client));
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void theSecretOfTheMomentIsUsedForEachCall() {
        credentials("AKIDONE");
        describe();
        credentials("AKIDTWO");
        describe();
        assertThat(authorizations).satisfiesExactly(one -> assertThat(one).contains("AKIDONE/", "/eu-central-1/rds/"), two -> assertThat(two).contains("AKIDTWO/"));
    }

    @Test
    void expiredCredentialsAreToldAndTheSameClientsGoOnWithNewOnes() {
        credentials("AKIDOLD");
        status = 403;
        answer = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error></ErrorResponse>";
        assertThatThrownBy(this::describe).isInstanceOfSatisfying(OutsideException.class, e -> assertThat(e.mayPass()).isFalse()).hasMessageContaining("ExpiredToken")
                .hasMessageContaining("spec.aws.credentialsSecretRef").hasMessageNotContaining("geheim");
        status = 200;
        answer = NONE;
        credentials("AKIDNEW");
        describe();
        assertThat(authorizations.getLast()).contains("AKIDNEW");
    }

    @Test
    void throttlingIsTriedAFewTimesAndThenMayPass() {
        credentials("AKID");
        status = 400;
        answer = "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>";
        assertThatThrownBy(this::describe).isInstanceOfSatisfying(OutsideException.class, e -> assertThat(e.mayPass()).isTrue()).hasMessageContaining("Rate exceeded");
        assertThat(authorizations).hasSize(3);
    }

    @Test
    void aSecretThatIsNotThereIsNamed() {
        assertThatThrownBy(this::describe).hasMessageContaining("Secret mastodon/aws does not exist").hasMessageContaining("AWS_ACCESS_KEY_ID");
        assertThat(authorizations).isEmpty();
    }

    private void describe() {
        AwsRefusals.asking(() -> clients.of(migration()).rds().describeDBInstances());
    }

    private static MastodonMigration migration() {
        return RdsWorld.migration();
    }

    private void credentials(String keyId) {
        client.resource(new SecretBuilder().withNewMetadata().withName("aws").withNamespace(RdsWorld.NAMESPACE).endMetadata()
                .addToData("AWS_ACCESS_KEY_ID", base64(keyId)).addToData("AWS_SECRET_ACCESS_KEY", base64("geheim")).build()).createOr(secret -> secret.update());
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
