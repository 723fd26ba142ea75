package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.aws.AwsExtension;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SecretsOnAwsTest {
    private static final String CREATE = "rds:CreateDBInstance";
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    private final SecretsOnAws secrets = new SecretsOnAws().ofMachines("the password", "pa55word", CREATE).notForAws("the token", "t0ken");

    @Test
    void eachSecretWhereItBelongsAndNowhereElseIsNoComplaint() throws Exception {
        form("rds", "Action=CreateDBInstance&MasterUserPassword=pa55word");
        parameter("SecureString", "pa55word");
        assertThat(secrets.complaints(aws.proxy().calls(), List.of("#cloud-config"))).isEmpty();
    }

    @Test
    void eachPlaceInWhichOneDoesNotBelongIsNamedWithoutTheSecret() throws Exception {
        form("rds", "Action=CreateDBInstance&MasterUserPassword=pa55word&DBName=t0ken");
        form("ec2", "Action=CreateSecurityGroup&GroupDescription=pa55word");
        parameter("SecureString", "pa55word");
        parameter("String", "pa55word");
        assertThat(secrets.complaints(aws.proxy().calls(), List.of("echo pa55word"))).containsExactlyInAnyOrder("the password stands in ec2:CreateSecurityGroup", "the password stands in ssm:PutParameter",
                "the password stands in the user-data of machines", "the token stands in rds:CreateDBInstance");
    }

    @Test
    void oneThatWasNeverSeenWhereItBelongsIsNamedTooBecauseThenNothingWasLookedFor() {
        assertThat(secrets.complaints(aws.proxy().calls(), List.of())).containsExactlyInAnyOrder("the password was sent by no " + CREATE, "the password was sent by no ssm:PutParameter");
    }

    private void form(String service, String body) throws Exception {
        send(service, "application/x-www-form-urlencoded", "", body);
    }

    private void parameter(String type, String value) throws Exception {
        send("ssm", "application/x-amz-json-1.1", "AmazonSSM.PutParameter", "{\"Name\": \"p\", \"Type\": \"" + type + "\", \"Value\": \"" + value + "\"}");
    }

    private void send(String service, String type, String target, String body) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(aws.proxy().address() + "/")).POST(HttpRequest.BodyPublishers.ofString(body)).header("Content-Type", type)
                .header("Authorization", "AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/eu-central-1/" + service + "/aws4_request, SignedHeaders=host, Signature=0");
        try (var client = HttpClient.newHttpClient()) {
            client.send((target.isEmpty() ? request : request.header("X-Amz-Target", target)).build(), BodyHandlers.ofString());
        }
    }
}
