package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.edge.DnsClient;
import dev.mastodonmigration.edge.DnsEdge;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.edge.TargetFront;
import dev.mastodonmigration.embedded.aws.AwsAccount;
import dev.mastodonmigration.embedded.aws.AwsFaultProxy;
import dev.mastodonmigration.embedded.aws.NameServer;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.outside.SecretReader;
import dev.mastodonmigration.played.PlayedFront;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;

/** The example's names in a hosted zone, by the real SDK before the fault proxy and moto, with a name server that follows the zone and a clock that the test moves. */
final class Route53World implements AutoCloseable {
    static final String NAMESPACE = "mastodon";
    static final String LB = "lb-1.eu-central-1.elb.amazonaws.com";
    static final String LB_ZONE = "Z215JYRZR1TBD5";
    static final String WWW = "www.example.social";
    static final String STREAMING = "streaming.example.social";
    static final String HEROKU = "calm-sea-1.herokudns.com";
    /** As users find the example on Heroku, and a neighbour that is nobody's business. */
    static final List<String> ON_HEROKU = List.of("mail.example.social A 3600 192.0.2.8", STREAMING + " CNAME 300 " + HEROKU, WWW + " CNAME 300 " + HEROKU);
    private static final int MOST_LOOKS = 200;
    static final Duration APART = Duration.ofSeconds(10);
    final AwsFaultProxy aws;
    final AwsAccount account;
    final KubernetesClient client;
    final String zone;
    final NameServer server;
    final AwsApi api;
    final AwsNames names;
    MastodonMigration migration;
    FrontAddress front = new FrontAddress.Named(LB, Optional.empty());
    Edge.Side before = Edge.Side.SOURCE;
    private Instant now = Instant.parse("2026-11-29T12:00:00Z");

    /** @param records as {@link AwsAccount#records} has them */
    Route53World(KubernetesClient client, AwsFaultProxy aws, List<String> records) {
        this.client = client;
        this.aws = aws;
        this.account = aws.account();
        this.zone = account.zone("example.social");
        account.records(zone, records.stream().map(record -> "CREATE " + record).toArray(String[]::new));
        this.server = NameServer.of(account, zone);
        client.resource(new SecretBuilder().withNewMetadata().withName("aws").withNamespace(NAMESPACE).endMetadata().addToData("AWS_ACCESS_KEY_ID", base64("AKIAOPERATOR"))
                .addToData("AWS_SECRET_ACCESS_KEY", base64("geheim")).build()).createOr(secret -> secret.update());
        this.migration = spec("ttlSeconds: 60, hold: 2m");
        this.names = AwsNames.of(migration);
        this.api = new AwsClients(new AwsAt(aws.address()), new SecretReader(client), AwsRetryStrategy::doNotRetry).of(migration);
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The example with these settings of route53 beside its zone; replacements are of the example's text. */
    MastodonMigration spec(String settings, String... replacements) {
        var all = new ArrayList<>(List.of("  strategy:\n", "    dns: {route53: {hostedZoneId: " + zone + ", " + settings + "}}\n  aws: {region: eu-central-1, credentialsSecretRef: {name: aws}}\n  strategy:\n"));
        all.addAll(List.of(replacements));
        return Example.migration(all.toArray(String[]::new));
    }

    /** As after a restart of the operator: it remembers nothing. */
    Route53 dns() {
        return dns(api);
    }

    Route53 dns(AwsApi with) {
        return new Route53(migration, () -> with, ledgers(), new DnsClient(Optional.of(server.address())), () -> now, new Pace(() -> now, Duration.ofSeconds(2)));
    }

    DnsLedgers ledgers() {
        return new DnsLedgers(client, names);
    }

    Edge edge() {
        return new DnsEdge(new PlayedFront(front, before), dns());
    }

    /** With the front that the spec names. */
    Edge ownEdge(String fault) {
        return new DnsEdge(new TargetFront(migration.getSpec(), (front, domain, path) -> Optional.of(fault).filter(words -> !words.isEmpty()), Optional::empty), dns());
    }

    void pass(Duration time) {
        now = now.plus(time);
    }

    /** Looks until it is ready, ten seconds apart; what may pass passes. @return what each look said */
    List<String> until(Supplier<Provisioned> look) {
        var said = new ArrayList<String>();
        while (said.size() < MOST_LOOKS) {
            try {
                var provisioned = look.get();
                said.add(provisioned.message());
                if (provisioned instanceof Provisioned.Ready) {
                    return said;
                }
            } catch (OutsideException e) {
                if (!e.mayPass()) {
                    throw e;
                }
                said.add(e.getMessage());
            }
            pass(APART);
        }
        throw new AssertionError("not ready after " + said.size() + " looks; the last: " + said.subList(said.size() - 5, said.size()));
    }

    /** One look of the phase that shifts traffic. */
    Provisioned shift() {
        var edge = edge();
        if (edge.ensure() instanceof Provisioned.Working working) {
            return working;
        }
        for (int percent : edge.steps()) {
            if (edge.weight(percent) instanceof Provisioned.Working working) {
                return working;
            }
        }
        return new Provisioned.Ready("shifted");
    }

    Provisioned restore() {
        return edge().restore();
    }

    List<String> records() {
        return account.records(zone);
    }

    @Override
    public void close() {
        server.close();
    }
}
