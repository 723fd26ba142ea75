package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.embedded.aws.StoredByHand;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.SecretReader;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;

/** What Preflight says of the bucket for the final backup. */
@EnableKubernetesMockClient(crud = true, https = false)
class BackupBucketLookTest {
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    /** Set by the extension. */
    KubernetesClient client;
    private final MastodonMigration migration = Example.migration("  strategy:\n", "  aws: {region: eu-central-1, credentialsSecretRef: {name: aws}}\n  strategy:\n",
            "    # backup: {persistentVolumeClaim: last-copy} ", "    backup: {s3: {bucket: last-copy, prefix: mastodon}} ");
    private AwsPermissions permissions;

    @BeforeEach
    void start() {
        permissions = new AwsPermissions(new AwsClients(new AwsAt(aws.proxy().address()), new SecretReader(client), AwsRetryStrategy::doNotRetry));
        credentials(Map.of("AWS_ACCESS_KEY_ID", "AKIABACKUP", "AWS_SECRET_ACCESS_KEY", "geheim"));
    }

    private void credentials(Map<String, String> values) {
        client.secrets().inNamespace(migration.getMetadata().getNamespace()).resource(new SecretBuilder().withNewMetadata().withName("aws").endMetadata()
                .withData(values.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, value -> Base64.getEncoder().encodeToString(value.getValue().getBytes(StandardCharsets.UTF_8))))).build()).createOr(resource -> resource.update());
    }

    @Test
    void aBucketThatMayBeWrittenToIsTriedAndLeftAsItWas() {
        try (var bucket = StoredByHand.bucket(aws.proxy(), "last-copy")) {
            bucket.put("mastodon/mastodon-migration-" + migration.getMetadata().getUid() + "/1/postgres.dump", "precious");
            var before = bucket.objects();
            assertThat(permissions.of(migration)).isEqualTo(Findings.NONE);
            assertThat(bucket.objects()).isEqualTo(before);
            assertThat(bucket.uploads()).isEmpty();
            assertThat(aws.proxy().calls().changes().stream().map(call -> call.call().name())).containsExactly("s3:CreateMultipartUpload", "s3:AbortMultipartUpload");
            assertThat(aws.proxy().calls().all()).extracting(call -> call.call().accessKey()).as("as whom the worker will come").containsOnly("AKIABACKUP");
        }
    }

    /** What could not be ended is ended by the next look, which begins no other before. */
    @Test
    void anUploadThatMayNotBeEndedIsSaidAndNotLeftAgainAndAgain() {
        try (var bucket = StoredByHand.bucket(aws.proxy(), "last-copy")) {
            aws.proxy().faults().whenever(call -> call.name().equals("s3:AbortMultipartUpload"), new AwsFault.Refused(403, "AccessDenied", "Access Denied"));
            assertThat(permissions.of(migration).blockers()).singleElement().asString().contains("s3:AbortMultipartUpload");
            permissions.of(migration);
            assertThat(bucket.uploads()).hasSize(1);
            aws.proxy().faults().clear();
            assertThat(permissions.of(migration)).isEqualTo(Findings.NONE);
            assertThat(bucket.uploads()).isEmpty();
        }
    }

    @Test
    void eachRefusalIsABlockerThatSaysWhatToDo() {
        assertThat(permissions.of(migration).blockers()).singleElement().asString().startsWith("spec.retire.backup.s3: There is no bucket last-copy (s3:ListBucket: HTTP 404, NoSuchBucket").contains("Create it in eu-central-1");
        try (var bucket = StoredByHand.bucket(aws.proxy(), "last-copy")) {
            for (var action : List.of("s3:ListObjectsV2", "s3:ListMultipartUploads", "s3:CreateMultipartUpload")) {
                aws.proxy().faults().next(action, new AwsFault.Refused(403, "AccessDenied", "Access Denied"));
                assertThat(permissions.of(migration).blockers()).as(action).singleElement().asString().contains("AWS does not let the identity", "s3://last-copy/mastodon/", "iam-policy-backup.json", "kms:GenerateDataKey");
            }
            // The answer to a HEAD has no words.
            aws.proxy().faults().next("s3:HeadObject", new AwsFault.Refused(403, "AccessDenied", "Access Denied"));
            assertThat(permissions.of(migration).blockers()).singleElement().asString().contains("s3:GetObject: HTTP 403");
            aws.proxy().faults().next("s3:ListObjectsV2", new AwsFault.Refused(301, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint."));
            assertThat(permissions.of(migration).blockers()).singleElement().asString().contains("The bucket last-copy is in another region, and spec.aws.region is eu-central-1");
            aws.proxy().faults().next("s3:ListObjectsV2", new AwsFault.Refused(400, "AuthorizationHeaderMalformed", "the region 'eu-central-1' is wrong; expecting 'us-east-1'"));
            assertThat(permissions.of(migration).blockers()).singleElement().asString().contains("in another region", "expecting 'us-east-1'");
            credentials(Map.of("AWS_ACCESS_KEY_ID", "AKIABACKUP"));
            assertThat(permissions.of(migration).blockers()).singleElement().asString().contains("Secret mastodon/aws has no key \"AWS_SECRET_ACCESS_KEY\"");
            assertThat(bucket.keys()).isEmpty();
        }
    }

    @Test
    void whatMayPassIsNoBlocker() {
        for (var fault : List.of(new AwsFault.CutBefore(), new AwsFault.Throttled())) {
            aws.proxy().faults().clear();
            aws.proxy().faults().whenever(call -> call.name().equals("s3:ListObjectsV2"), fault);
            assertThatThrownBy(() -> permissions.of(migration)).isInstanceOfSatisfying(OutsideException.class, e -> assertThat(e.mayPass()).isTrue());
        }
    }

    @Test
    void withoutABucketNothingIsAsked() {
        var other = Example.migration("  strategy:\n", "  aws: {region: eu-central-1, credentialsSecretRef: {name: aws}}\n  strategy:\n");
        assertThat(permissions.of(other)).isEqualTo(Findings.NONE);
        assertThat(aws.proxy().calls().all()).isEmpty();
    }
}
