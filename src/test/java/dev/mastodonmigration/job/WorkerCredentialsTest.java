package dev.mastodonmigration.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.worker.control.Tasks;
import dev.mastodonmigration.worker.control.WorkerContext;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerCredentialsTest {
    private static final Supplier<Map<String, String>> GONE = () -> {
        throw new MissingInputException("Secret mastodon/heroku does not exist.");
    };
    private static final Supplier<Map<String, String>> SILENT = () -> {
        throw new OutsideException("Heroku answers 503.", true);
    };
    @TempDir
    Path home;
    private JobWorld world;

    @BeforeEach
    void start() {
        world = new JobWorld(home);
    }

    @AfterEach
    void stop() {
        world.close();
    }

    @Test
    void theSecretAndWhatGoingBackNeedsSurviveAForegroundDeletionOfTheMigration() {
        var standby = world.seen(world.operator(), Tasks.REOPEN_SOURCE);
        var copy = world.seen(world.operator(), Tasks.COPY_POSTGRES);
        assertThat(secret().getMetadata().getOwnerReferences()).isEmpty();
        assertThat(secret().getMetadata().getLabels()).containsEntry(WorkerJob.UID_LABEL, world.migration.getMetadata().getUid());
        assertThat(world.job(standby).getMetadata().getOwnerReferences()).isEmpty();
        assertThat(world.job(copy).getMetadata().getOwnerReferences()).singleElement().satisfies(owner -> {
            assertThat(owner.getUid()).isEqualTo(world.migration.getMetadata().getUid());
            assertThat(owner.getBlockOwnerDeletion()).isFalse();
        });

        world.migration.getMetadata().setDeletionTimestamp(JobWorld.now());
        assertThat(world.job(world.seen(world.operator(), Tasks.RESET_TARGET)).getMetadata().getOwnerReferences()).as("of a Job that is created while the migration is being deleted").isEmpty();
    }

    /** Written by an operator of a version that gave it one. */
    @Test
    void anOwnerOfTheSecretIsTakenOff() {
        world.operator().refreshCredentials();
        world.client.resource(new SecretBuilder(secret()).editMetadata().withOwnerReferences(WorkerJob.owner(world.migration)).endMetadata().build()).update();
        var token = file(WorkerContext.PROGRESS_TOKEN);
        world.operator().refreshCredentials();
        assertThat(secret().getMetadata().getOwnerReferences()).isEmpty();
        assertThat(file(WorkerContext.PROGRESS_TOKEN)).isEqualTo(token);
    }

    @Test
    void rotatedCredentialsReachRunningWorkersAndNothingIsWrittenWhileTheyStayTheSame() {
        world.operator().refreshCredentials();
        var version = secret().getMetadata().getResourceVersion();
        world.operator().refreshCredentials();
        assertThat(secret().getMetadata().getResourceVersion()).isEqualTo(version);

        with(() -> Map.of(WorkerContext.SOURCE_POSTGRES_URL, "postgres://rotated")).refreshCredentials();
        assertThat(file(WorkerContext.SOURCE_POSTGRES_URL)).isEqualTo("postgres://rotated");
        assertThat(secret().getData()).doesNotContainKey(WorkerContext.TARGET_POSTGRES_URL);
    }

    @Test
    void aTimerThatCannotReadThemLeavesWhatIsThere() {
        assertThatThrownBy(() -> with(GONE).refreshCredentials()).as("there is nothing yet").hasMessageContaining("does not exist");
        world.operator().refreshCredentials();
        with(GONE).refreshCredentials();
        with(SILENT).refreshCredentials();
        assertThat(file(WorkerContext.SOURCE_POSTGRES_URL)).isEqualTo(JobWorld.FILES.get(WorkerContext.SOURCE_POSTGRES_URL));
    }

    @Test
    void goingBackDoesWithTheCredentialsOfBeforeAndGoingForwardDoesNot() {
        world.operator().refreshCredentials();
        assertThat(with(GONE).look(List.of(world.record(Tasks.REOPEN_SOURCE))).get(Tasks.REOPEN_SOURCE)).isInstanceOf(Workers.Running.class);
        assertThatThrownBy(() -> with(GONE).look(List.of(world.record(Tasks.COPY_POSTGRES)))).isInstanceOf(MissingInputException.class);
        assertThat(world.job(world.record(Tasks.COPY_POSTGRES))).isNull();
    }

    /** An outage of Heroku's API in the middle of the freeze. */
    @Test
    void whatMayPassKeepsNoWorkerFromStarting() {
        assertThatThrownBy(() -> with(SILENT).look(List.of(world.record(Tasks.COPY_POSTGRES)))).as("there are no credentials yet").isInstanceOf(OutsideException.class);
        world.operator().refreshCredentials();
        assertThat(with(SILENT).look(List.of(world.record(Tasks.COPY_POSTGRES))).get(Tasks.COPY_POSTGRES)).isInstanceOf(Workers.Running.class);
    }

    private Workers with(Supplier<Map<String, String>> files) {
        return world.operator(world.migration, files, new WorkerClient(), (task, environment) -> Optional.empty());
    }

    private Secret secret() {
        return world.client.secrets().inNamespace(JobWorld.NAMESPACE).withName(WorkerJob.secretName(world.migration)).get();
    }

    private String file(String name) {
        return new String(Base64.getDecoder().decode(secret().getData().get(name)), StandardCharsets.UTF_8);
    }
}
