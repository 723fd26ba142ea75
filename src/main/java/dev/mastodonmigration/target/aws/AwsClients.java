package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.SecretRef;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.outside.SecretReader;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.core.retry.RetryMode;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.rds.RdsClient;
import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * Makes clients of AWS once for each region and identity. They give up early: a look that had no answer is taken again soon, and must not hold up other
 * migrations. The SDK's waiters are never used: they block, and end with the process.
 */
@Singleton
public class AwsClients {
    private static final Duration CONNECT = Duration.ofSeconds(3);
    private static final Duration ATTEMPT = Duration.ofSeconds(10);
    private static final Duration CALL = Duration.ofSeconds(20);
    private final AwsConfig config;
    private final SecretReader secrets;
    private final Map<Identity, AwsApi> known = new ConcurrentHashMap<>();

    /** @param secret empty for the operator's own */
    private record Identity(String region, String namespace, Optional<String> secret) {}

    public AwsClients(AwsConfig config, SecretReader secrets) {
        this.config = config;
        this.secrets = secrets;
    }

    /** Reads no credentials yet: each call reads those of the moment. */
    AwsApi of(MastodonMigration migration) {
        var aws = migration.getSpec().aws();
        return known.computeIfAbsent(new Identity(region(migration), migration.getMetadata().getNamespace(), Optional.ofNullable(aws.credentialsSecretRef()).map(SecretRef::name)), this::make);
    }

    /** The one in which it began: who looked for what was created in another would find nothing, and leave it. */
    private static String region(MastodonMigration migration) {
        return Optional.ofNullable(migration.getStatus()).map(status -> status.internal.accepted.get(SpecDefaults.AWS_REGION))
                .orElseGet(() -> migration.getSpec().aws().region());
    }

    private AwsApi make(Identity identity) {
        var credentials = identity.secret().<AwsCredentialsProvider>map(name -> new SecretCredentials(secrets, identity.namespace(), name))
                .orElseGet(() -> DefaultCredentialsProvider.builder().build());
        var http = UrlConnectionHttpClient.builder().connectionTimeout(CONNECT).socketTimeout(ATTEMPT).build();
        var region = Region.of(identity.region());
        return new AwsApi(identity.region(), client(RdsClient.builder(), region, credentials, http), client(Ec2Client.builder(), region, credentials, http),
                client(StsClient.builder(), region, credentials, http), client(SsmClient.builder(), region, credentials, http), client(IamClient.builder(), region, credentials, http));
    }

    private <C, B extends AwsSyncClientBuilder<B, C> & AwsClientBuilder<B, C>> C client(B builder, Region region, AwsCredentialsProvider credentials, SdkHttpClient http) {
        config.endpoint().ifPresent(builder::endpointOverride);
        return builder.region(region).credentialsProvider(credentials).httpClient(http)
                .overrideConfiguration(calls -> calls.retryStrategy(RetryMode.STANDARD).apiCallAttemptTimeout(ATTEMPT).apiCallTimeout(CALL)).build();
    }
}
