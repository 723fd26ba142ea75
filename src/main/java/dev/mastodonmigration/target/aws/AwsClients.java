package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.Aws;
import dev.mastodonmigration.api.MastodonMigrationSpec.SecretRef;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.SecretReader;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.services.acm.AcmClient;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClient;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticloadbalancingv2.ElasticLoadBalancingV2Client;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.pricing.PricingClient;
import software.amazon.awssdk.services.rds.RdsClient;
import software.amazon.awssdk.services.route53.Route53Client;
import software.amazon.awssdk.services.s3.S3Client;
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
    private final Supplier<RetryStrategy> retries;
    private final Map<Identity, AwsApi> known = new ConcurrentHashMap<>();
    private final Map<Identity, PricingClient> priceLists = new ConcurrentHashMap<>();

    /**
     * @param secret empty for the operator's own
     * @param kept   the copy of it, which may be used in a deletion alone
     */
    private record Identity(String region, String namespace, Optional<String> secret, Optional<String> kept) {}

    @Inject
    public AwsClients(AwsConfig config, SecretReader secrets) {
        this(config, secrets, AwsRetryStrategy::standardRetryStrategy);
    }

    /** @param retries how the SDK itself repeats what failed, before anyone here hears of it */
    AwsClients(AwsConfig config, SecretReader secrets, Supplier<RetryStrategy> retries) {
        this.config = config;
        this.secrets = secrets;
        this.retries = retries;
    }

    Duration looksApart() {
        return config.looksApart();
    }

    /** Reads no credentials yet: each call reads those of the moment. */
    AwsApi of(MastodonMigration migration) {
        return known.computeIfAbsent(identity(migration), this::make);
    }

    /** The list of prices has endpoints in three regions alone, and each has the prices of all. */
    PricingClient priceList(MastodonMigration migration) {
        return priceLists.computeIfAbsent(identity(migration), identity -> client(PricingClient.builder(), Region.of(priceListRegion(identity.region())), credentials(identity), http()));
    }

    private static String priceListRegion(String region) {
        return region.startsWith("eu-") || region.startsWith("me-") || region.startsWith("il-") || region.startsWith("af-") ? "eu-central-1" : region.startsWith("ap-") ? "ap-south-1" : "us-east-1";
    }

    private static Identity identity(MastodonMigration migration) {
        return new Identity(region(migration), migration.getMetadata().getNamespace(), Optional.ofNullable(spec(migration).credentialsSecretRef()).map(SecretRef::name),
                migration.isMarkedForDeletion() ? Optional.of(KeptCredentials.nameFor(migration)) : Optional.empty());
    }

    /** The one in which it began: who looked for what was created in another would find nothing, and leave it. */
    static String region(MastodonMigration migration) {
        return Optional.ofNullable(migration.getStatus()).map(status -> status.internal.accepted.get(SpecDefaults.AWS_REGION))
                .orElseGet(() -> spec(migration).region());
    }

    private static Aws spec(MastodonMigration migration) {
        return Optional.ofNullable(migration.getSpec().aws()).orElseThrow(() -> new OutsideException("spec.aws is gone. Put it back as it was: what this migration has on AWS is found with it.", false));
    }

    private AwsApi make(Identity identity) {
        var credentials = credentials(identity);
        var http = http();
        var region = Region.of(identity.region());
        return new AwsApi(identity.region(), client(RdsClient.builder(), region, credentials, http),
                client(ElastiCacheClient.builder(), region, credentials, http), client(Ec2Client.builder(), region, credentials, http),
                client(StsClient.builder(), region, credentials, http), client(Route53Client.builder(), Region.AWS_GLOBAL, credentials, http), client(SsmClient.builder(), region, credentials, http),
                client(IamClient.builder(), region, credentials, http), client(ElasticLoadBalancingV2Client.builder(), region, credentials, http), client(AcmClient.builder(), region, credentials, http),
                client(CloudWatchLogsClient.builder(), region, credentials, http),
                client(S3Client.builder().forcePathStyle(config.endpoint().isPresent()), region, credentials, http));
    }

    private AwsCredentialsProvider credentials(Identity identity) {
        return identity.secret().<AwsCredentialsProvider>map(name -> new SecretCredentials(secrets, identity.namespace(), name, identity.kept())).orElseGet(() -> DefaultCredentialsProvider.builder().build());
    }

    private static SdkHttpClient http() {
        return UrlConnectionHttpClient.builder().connectionTimeout(CONNECT).socketTimeout(ATTEMPT).build();
    }

    private <C, B extends AwsSyncClientBuilder<B, C> & AwsClientBuilder<B, C>> C client(B builder, Region region, AwsCredentialsProvider credentials, SdkHttpClient http) {
        config.endpoint().ifPresent(builder::endpointOverride);
        return builder.region(region).credentialsProvider(credentials).httpClient(http)
                .overrideConfiguration(calls -> calls.retryStrategy(retries.get()).apiCallAttemptTimeout(ATTEMPT).apiCallTimeout(CALL)).build();
    }
}
