package dev.mastodonmigration.embedded;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.embedded.aws.AwsFaultProxy;
import dev.mastodonmigration.embedded.aws.RdsStatuses;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The target's Postgres as an RDS instance: AWS is moto behind the fault proxy, and behind the instance's endpoint is a real server that speaks TLS, with a CA of its own. */
final class RdsOfTheWorld implements AutoCloseable {
    private static final Path EXAMPLE = Path.of("deploy/examples/aws.yaml");
    private static final String CREDENTIALS = "aws";
    private static final String CA = "target-ca";
    private static final String CA_KEY = "ca.crt";
    private final AwsFaultProxy aws;
    private final List<String> subnets;
    private final String nodes;
    private Path certificate;

    private RdsOfTheWorld(AwsFaultProxy aws) {
        this.aws = aws;
        aws.rds().behave(RdsStatuses.flickering(2));
        subnets = aws.account().subnets("ab");
        nodes = aws.account().securityGroup("nodes", aws.account().networkOf(subnets.getFirst()));
    }

    static RdsOfTheWorld start() {
        Moto.require();
        return new RdsOfTheWorld(AwsFaultProxy.before(Moto.shared()));
    }

    /** Each instance that is created gets its database and its user there. */
    void servedBy(PostgresServer server) {
        certificate = server.speakTls();
        aws.rds().serve((database, user, password) -> {
            server.createDatabase(database, user, password);
            return InetSocketAddress.createUnresolved("127.0.0.1", server.port());
        });
    }

    List<Secret> secrets() {
        try {
            return List.of(secret(CREDENTIALS, Map.of("AWS_ACCESS_KEY_ID", "AKIAOPERATOR", "AWS_SECRET_ACCESS_KEY", "aws-s3cret")), secret(CA, Map.of(CA_KEY, Files.readString(certificate))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Secret secret(String name, Map<String, String> values) {
        var secret = new SecretBuilder().withNewMetadata().withName(name).withNamespace(World.NAMESPACE).endMetadata();
        values.forEach((key, value) -> secret.addToData(key, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8))));
        return secret.build();
    }

    /** The example on AWS, in the subnets that there are here. */
    MastodonMigration example(Map<String, String> changes) {
        var all = new TreeMap<>(Map.of("/spec/aws/credentialsSecretRef/name", CREDENTIALS, "/spec/target/postgres/rds/caSecretRef/name", CA, "/spec/target/postgres/rds/caSecretRef/key", CA_KEY));
        all.putAll(changes);
        return Manifest.example(EXAMPLE, yaml -> yaml.replaceAll("subnetIds: \\[[^]]*]", "subnetIds: [" + String.join(", ", subnets) + "]").replaceAll("sg-[0-9a-f]+", nodes), all);
    }

    Map<String, String> operatorSettings() {
        return Map.of("MASTODON_MIGRATION_AWS_ENDPOINT", aws.address().toString(), "MASTODON_MIGRATION_AWS_LOOKS_APART", "0");
    }

    AwsFaultProxy aws() {
        return aws;
    }

    @Override
    public void close() {
        aws.close();
    }
}
