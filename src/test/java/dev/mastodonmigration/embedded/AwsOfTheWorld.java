package dev.mastodonmigration.embedded;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.embedded.aws.AwsFaultProxy;
import dev.mastodonmigration.embedded.aws.CacheStatuses;
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

/**
 * What the target is created on: AWS is moto behind the fault proxy, which takes its time, and behind the endpoints of what is created there are real servers that speak TLS, each with a CA of its own.
 */
final class AwsOfTheWorld implements AutoCloseable {
    private static final int LOOKS_AT_EACH_STATE = 2;
    private static final String CREDENTIALS = "aws";
    private static final String CA = "target-ca";
    private static final String CA_KEY = "ca.crt";
    private final Target target;
    private final AwsFaultProxy proxy;
    private final List<String> subnets;
    private final String nodes;
    private String certificates = "";

    private AwsOfTheWorld(Target target, AwsFaultProxy proxy) {
        this.target = target;
        this.proxy = proxy;
        proxy.rds().behave(RdsStatuses.flickering(LOOKS_AT_EACH_STATE));
        proxy.caches().behave(CacheStatuses.flickering(LOOKS_AT_EACH_STATE));
        proxy.balancers().slow(LOOKS_AT_EACH_STATE);
        subnets = proxy.account().subnets("ab");
        nodes = proxy.account().securityGroup("nodes", proxy.account().networkOf(subnets.getFirst()));
    }

    static AwsOfTheWorld start(Target target) {
        Moto.require();
        return new AwsOfTheWorld(target, AwsFaultProxy.before(Moto.shared()));
    }

    /** A database instance that is created gets its database and its user there. */
    void postgres(PostgresServer server) {
        certificates += read(server.speakTls());
        proxy.rds().serve((database, user, password) -> {
            server.createDatabase(database, user, password);
            return InetSocketAddress.createUnresolved("127.0.0.1", server.port());
        });
    }

    /** A replication group that is created is this server, which asks for its token from then on. */
    void redis(RedisServer server) {
        certificates += read(server.certificate());
        proxy.caches().serve(token -> {
            server.password(token);
            return InetSocketAddress.createUnresolved("127.0.0.1", server.port());
        });
    }

    private static String read(Path certificate) {
        try {
            return Files.readString(certificate);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<Secret> secrets() {
        return List.of(secret(CREDENTIALS, Map.of("AWS_ACCESS_KEY_ID", World.AWS_KEY, "AWS_SECRET_ACCESS_KEY", "aws-s3cret")), secret(CA, Map.of(CA_KEY, certificates)));
    }

    private static Secret secret(String name, Map<String, String> values) {
        var secret = new SecretBuilder().withNewMetadata().withName(name).withNamespace(World.NAMESPACE).endMetadata();
        values.forEach((key, value) -> secret.addToData(key, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8))));
        return secret.build();
    }

    /** The example on AWS, in the subnets that there are here, with servers whose certificates no public CA has signed. */
    MastodonMigration example(Map<String, String> changes) {
        var all = new TreeMap<>(Map.of("/spec/aws/credentialsSecretRef/name", CREDENTIALS));
        all.putAll(certificatesOf("/spec/target/postgres/rds"));
        if (target.createsAll()) {
            all.putAll(certificatesOf("/spec/target/redis/elastiCache"));
            all.put("/spec/target/compute/ec2/topology", target.topology);
        }
        all.putAll(changes);
        return Manifest.example(Path.of(target.example), yaml -> yaml.replaceAll("subnetIds: \\[[^]]*]", "subnetIds: [" + String.join(", ", subnets) + "]").replaceAll("sg-[0-9a-f]+", nodes), all);
    }

    private static Map<String, String> certificatesOf(String database) {
        return Map.of(database + "/caSecretRef/name", CA, database + "/caSecretRef/key", CA_KEY);
    }

    Map<String, String> operatorSettings() {
        return Map.of("MASTODON_MIGRATION_AWS_ENDPOINT", proxy.address().toString(), "MASTODON_MIGRATION_AWS_LOOKS_APART", "0");
    }

    AwsFaultProxy proxy() {
        return proxy;
    }

    @Override
    public void close() {
        proxy.close();
    }
}
