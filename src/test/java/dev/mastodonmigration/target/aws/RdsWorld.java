package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.outside.SecretReader;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The example's migration to RDS, in an AWS account of its own, with a clock that the test moves. */
final class RdsWorld {
    static final String NAMESPACE = "mastodon";
    private static final String EXISTING = "      existing:                                   # an empty database, Postgres 17 or newer; its owner may CREATEDB\n"
            + "        urlSecretRef: {name: target-postgres, key: url}";
    private static final String RDS = "      rds: {instanceClass: db.t4g.small, allocatedStorageGiB: 20, engineVersion: '17', subnetIds: [subnet-a, subnet-b], allowFrom: {securityGroupIds: [sg-nodes], cidrs: [10.0.0.0/16]}}";
    private static final int MOST_LOOKS = 60;
    final FakeAws aws = new FakeAws();
    final KubernetesClient client;
    final MastodonMigration migration;
    final AwsNames names;
    private Instant now = Instant.parse("2026-11-29T12:00:00Z");

    RdsWorld(KubernetesClient client, String... replacements) {
        this.client = client;
        this.migration = migration(replacements);
        this.names = AwsNames.of(migration);
    }

    static MastodonMigration migration(String... replacements) {
        var rds = RDS;
        var aws = "  aws: {region: eu-central-1, deletionPolicy: Delete}\n";
        for (int i = 0; i < replacements.length; i += 2) {
            rds = rds.replace(replacements[i], replacements[i + 1]);
            aws = aws.replace(replacements[i], replacements[i + 1]);
        }
        return Example.migration(EXISTING, rds, "  strategy:\n", aws + "  strategy:\n");
    }

    /** As after a restart of the operator: it remembers nothing. */
    Rds operator() {
        return new Rds(migration, aws::api, new SecretReader(client), secret(), new Steadiness(() -> now));
    }

    RdsSecret secret() {
        return new RdsSecret(client, names);
    }

    void pass(Duration time) {
        now = now.plus(time);
    }

    /** Looks until it is ready, ten seconds apart; what may pass passes. @return what each look said */
    private List<String> until(Supplier<Provisioned> look) {
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
            pass(Duration.ofSeconds(10));
        }
        throw new AssertionError("not ready after " + said.size() + " looks: " + said);
    }

    List<String> untilReady() {
        var operator = operator();
        return until(operator::ensure);
    }

    List<String> untilReleased() {
        var operator = operator();
        return until(operator::release);
    }

    Map<String, String> kept() {
        return secret().find().orElseThrow();
    }

    Secret secret(String name, Map<String, String> labels, String... data) {
        var builder = new SecretBuilder().withNewMetadata().withName(name).withNamespace(NAMESPACE).withLabels(labels).endMetadata();
        for (int i = 0; i < data.length; i += 2) {
            builder.addToData(data[i], Base64.getEncoder().encodeToString(data[i + 1].getBytes(StandardCharsets.UTF_8)));
        }
        return client.resource(builder.build()).create();
    }

    /** Everything that stands in the account. */
    String listing() {
        return "instances " + aws.rds.instances + "\nsubnet groups " + aws.rds.subnetGroups + "\nparameter groups " + aws.rds.parameterGroups + "\nsecurity groups " + aws.ec2.groups;
    }
}
