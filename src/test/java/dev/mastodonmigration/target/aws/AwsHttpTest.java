package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.outside.OutsideException;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * Nobody below the SDK sends a call again by itself. The JDK's HttpURLConnection does that with a POST whose connection is cut (sun.net.http.retryPost, which is read
 * once in a process), but not where it streams the body; and the SDK's client streams whatever has a length.
 */
@EnableKubernetesMockClient(crud = true, https = false)
class AwsHttpTest {
    static final List<AwsFault> CUTS = List.of(new AwsFault.CutBefore(), new AwsFault.LostAnswer());
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    /** Set by the extension. */
    KubernetesClient client;

    @ParameterizedTest
    @FieldSource("CUTS")
    void aCutCallIsSentOnceOnAFreshConnectionAndOnOneThatWasUsed(AwsFault cut) {
        var world = new RdsWorld(client, aws.proxy());
        assertSentOnce(world, cut);
        world.api.ec2().describeVpcs();
        world.api.rds().describeDBInstances();
        assertSentOnce(world, cut);
    }

    /** So the test above would see it. */
    @Test
    void theJdkItselfSendsACutCallTwice() throws IOException {
        var connection = (HttpURLConnection) aws.proxy().address().toURL().openConnection();
        connection.setRequestMethod("POST");
        connection.setDoOutput(true);
        connection.setRequestProperty("Authorization", "AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/eu-central-1/ec2/aws4_request, SignedHeaders=host, Signature=0");
        connection.setRequestProperty("Content-Type", "application/x-www-form-urlencoded");
        connection.getOutputStream().write("Action=DescribeVpcs&Version=2016-11-15".getBytes(StandardCharsets.US_ASCII));
        aws.proxy().faults().next("ec2:DescribeVpcs", new AwsFault.CutBefore());
        assertThat(connection.getResponseCode()).isEqualTo(200);
        assertThat(aws.proxy().calls().count("ec2:DescribeVpcs")).isEqualTo(2);
    }

    /** Whatever used HTTP before in this process, and whatever it was told. */
    @Test
    void nothingDependsOnTheOrderOfStartUp() throws IOException {
        var connection = (HttpURLConnection) aws.proxy().address().toURL().openConnection();
        assertThat(connection.getResponseCode()).isPositive();
        connection.disconnect();
        assertThat(System.getProperty("sun.net.http.retryPost")).as("true is its default").isNull();
        var world = new RdsWorld(client, aws.proxy());
        world.api.ec2().describeVpcs();
        assertSentOnce(world, new AwsFault.CutBefore());
    }

    private static void assertSentOnce(RdsWorld world, AwsFault cut) {
        world.calls().clear();
        world.aws.faults().next("ec2:DescribeVpcs", cut);
        world.aws.faults().next("rds:DescribeDBInstances", cut);
        assertThatThrownBy(() -> AwsRefusals.asking(() -> world.api.ec2().describeVpcs())).isInstanceOfSatisfying(OutsideException.class, e -> assertThat(e.mayPass()).isTrue());
        assertThatThrownBy(() -> AwsRefusals.asking(() -> world.api.rds().describeDBInstances())).isInstanceOfSatisfying(OutsideException.class, e -> assertThat(e.mayPass()).isTrue());
        assertThat(world.calls().all()).extracting(call -> call.call().name()).containsExactly("ec2:DescribeVpcs", "rds:DescribeDBInstances");
    }
}
