package dev.mastodonmigration.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.PostgresStrategy;
import dev.mastodonmigration.api.MastodonMigrationSpec.RedisStrategy;
import dev.mastodonmigration.itinerary.SpecRules;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ExampleTest {
    /** Strict: a field that the types do not know fails. */
    private static final YAMLMapper STRICT = YAMLMapper.builder().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

    @Test
    void theExampleOnAwsIsOneThatOnlyPostgresMovesThereIn() throws IOException {
        var spec = STRICT.readValue(Path.of("deploy/examples/aws.yaml").toFile(), MastodonMigration.class).getSpec();
        assertThat(SpecRules.violations(spec)).isEmpty();
        assertThat(spec.aws().region()).isEqualTo("eu-central-1");
        assertThat(spec.target().postgres().rds().allowFrom().securityGroupIds()).hasSize(1);
        assertThat(spec.target().redis().existing().urlSecretRef()).hasToString("SecretKeyRef[name=target-redis, key=url]");
        assertThat(spec.cutover().approved()).isFalse();
        assertThat(spec.retire().approved()).isFalse();
    }

    @Test
    void theExampleOnAwsWholeIsOneThatAllMovesThereIn() throws IOException {
        var spec = STRICT.readValue(Path.of("deploy/examples/aws-ec2.yaml").toFile(), MastodonMigration.class).getSpec();
        assertThat(SpecRules.violations(spec)).isEmpty();
        assertThat(spec.target().postgres().rds()).isNotNull();
        assertThat(spec.target().redis().elastiCache()).isNotNull();
        assertThat(spec.target().compute().ec2().sidekiq()).singleElement().satisfies(process -> assertThat(process.queues()).contains("scheduler"));
        assertThat(spec.cutover().approved()).isFalse();
    }

    @Test
    void theExampleIsAMigrationThatWaitsForItsAdmin() throws IOException {
        var migration = STRICT.readValue(Path.of("deploy/examples/migration.yaml").toFile(), MastodonMigration.class);
        assertThat(migration.getMetadata().getNamespace()).isEqualTo("mastodon");
        assertThat(migration.getMetadata().getName()).isEqualTo("example-social");
        var spec = migration.getSpec();
        assertThat(spec.source().heroku().app()).isEqualTo("example-web");
        assertThat(spec.source().heroku().streamingApp()).isEqualTo("example-streaming");
        assertThat(spec.source().heroku().apiTokenSecretRef()).hasToString("SecretKeyRef[name=heroku, key=token]");
        assertThat(spec.target().postgres().existing().urlSecretRef()).hasToString("SecretKeyRef[name=target-postgres, key=url]");
        assertThat(spec.target().redis().existing().urlSecretRef()).hasToString("SecretKeyRef[name=target-redis, key=url]");
        assertThat(spec.target().compute().kubernetes().sidekiq()).hasSize(2);
        assertThat(spec.strategy().postgres()).isEqualTo(PostgresStrategy.Live);
        assertThat(spec.strategy().redis()).isEqualTo(RedisStrategy.Live);
        assertThat(spec.cutover().approved()).isFalse();
        assertThat(spec.retire().approved()).isFalse();
        assertThat(spec.retire().formation()).isTrue();
    }
}
