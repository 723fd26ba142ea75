package dev.mastodonmigration.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.Backup;
import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationSpec.Retire;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.HerokuStubApp;
import dev.mastodonmigration.worker.control.Tasks;
import io.fabric8.kubernetes.api.model.Secret;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Postgres, Redis and compute as three migrations one after another, each with its own freeze, through the operator that is restarted before every look. */
class DataFirstFlowTest {
    private static final String OLD_POSTGRES = "postgres://u:p4ss@127.0.0.1:1/db";
    private static final String NEW_POSTGRES = "postgres://u:p4ss@127.0.0.1:3/target";
    private static final String OLD_REDIS = "redis://:p4ss@127.0.0.1:2";
    private static final String NEW_REDIS = "redis://:p4ss@127.0.0.1:4";
    @AutoClose
    private final MigrationFlow flow = new MigrationFlow();
    private final HerokuStubApp web = flow.heroku.app("example-web");
    private final HerokuStubApp streaming = flow.heroku.app("example-streaming");
    private String postgres;

    /** As on a real one, add-ons give the URLs; Redis Cloud's was copied by hand. */
    @BeforeEach
    void attach() {
        web.config("DATABASE_URL", null);
        postgres = web.attached("heroku-postgresql", "standard-0", OLD_POSTGRES, "DATABASE");
        var redis = web.attached("rediscloud", "100", OLD_REDIS, "REDISCLOUD");
        streaming.attach(postgres, "DATABASE");
        streaming.attach(redis, "REDISCLOUD");
        streaming.config("REDIS_URL", OLD_REDIS);
    }

    private void complete(String name, MastodonMigrationSpec spec) {
        flow.jobs.ran.clear();
        flow.apply(name, spec);
        flow.until(name, status -> MastodonMigrationStatus.COMPLETED.equals(status.phase));
    }

    private void assertRuns() {
        assertThat(web.formation()).isEqualTo(MigrationFlow.WEB_FORMATION);
        assertThat(streaming.formation()).isEqualTo(Map.of("web", 1));
        assertThat(web.maintenance() || streaming.maintenance()).isFalse();
    }

    @Test
    void postgresThenRedisThenComputeMove() {
        complete("postgres", new FlowSpec().postgresOnly().spec());
        assertRuns();
        assertThat(flow.jobs.ran).contains(Tasks.COPY_POSTGRES, Tasks.VERIFY_POSTGRES, Tasks.CLOSE_SOURCE, Tasks.OPEN_TARGET, Tasks.RELEASE).doesNotContain(Tasks.COPY_REDIS, Tasks.VERIFY_REDIS);
        for (var app : List.of(web, streaming)) {
            assertThat(app.configVars()).containsEntry("DATABASE_URL", NEW_POSTGRES).containsEntry("REDIS_URL", OLD_REDIS);
            assertThat(app.attachments()).filteredOn(attachment -> attachment.endsWith(postgres)).singleElement().asString().startsWith("MIGRATED_");
        }

        complete("redis", new FlowSpec().redisOnly().spec());
        assertRuns();
        assertThat(flow.jobs.ran).contains(Tasks.COPY_REDIS, Tasks.VERIFY_REDIS, Tasks.QUIET_SIDEKIQ).doesNotContain(Tasks.COPY_POSTGRES, Tasks.VERIFY_POSTGRES, Tasks.REHEARSE_POSTGRES);
        for (var app : List.of(web, streaming)) {
            assertThat(app.configVars()).containsEntry("DATABASE_URL", NEW_POSTGRES).containsEntry("REDIS_URL", NEW_REDIS);
        }

        complete("compute", new FlowSpec().computeOnly().spec());
        assertThat(web.formation()).isEqualTo(MigrationFlow.STOPPED);
        assertThat(web.maintenance()).isTrue();
        assertThat(flow.jobs.ran).doesNotContain(Tasks.COPY_POSTGRES, Tasks.COPY_REDIS, Tasks.VERIFY_POSTGRES, Tasks.VERIFY_REDIS);
        assertThat(environment()).containsEntry("DB_HOST", "127.0.0.1").containsEntry("DB_PORT", "3").containsEntry("DB_NAME", "target").containsEntry("REDIS_URL", NEW_REDIS)
                .allSatisfy((name, value) -> assertThat(name).doesNotStartWith("MIGRATED_"));
    }

    @Test
    void whatTheAppsLeftIsDeletedWhileTheyRun() {
        var redis = web.owned().names().getLast();
        complete(MigrationFlow.NAME, new FlowSpec().postgresOnly().retire(new Retire(true, null, null, true, null, new Backup("last-copy", null), "0s")).spec());
        assertThat(flow.jobs.ran).containsSubsequence(Tasks.BACK_UP_SOURCE, Tasks.RELEASE);
        assertThat(web.owned().names()).containsExactly(redis);
        for (var app : List.of(web, streaming)) {
            assertThat(app.configVars()).containsEntry("DATABASE_URL", NEW_POSTGRES).containsEntry("REDIS_URL", OLD_REDIS)
                    .allSatisfy((name, value) -> assertThat(name.startsWith("MIGRATED_") && !value.equals("true")).as(name + " leads to what is gone").isFalse());
        }
        assertRuns();
        assertThat(flow.status().retirement.assets).singleElement().satisfies(asset -> assertThat(asset.name).isEqualTo(postgres));
        assertThat(flow.secretsOfOurs()).isEmpty();
    }

    /** Of the pods that Mastodon runs in. */
    private Map<String, String> environment() {
        return flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).list().getItems().stream().filter(secret -> Optional.ofNullable(secret.getData()).filter(data -> data.containsKey("DB_HOST")).isPresent())
                .map(DataFirstFlowTest::decoded).findFirst().orElseThrow();
    }

    private static Map<String, String> decoded(Secret secret) {
        var decoded = new TreeMap<String, String>();
        secret.getData().forEach((key, value) -> decoded.put(key, new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8)));
        return decoded;
    }

    @Test
    void theWorkersTakeTheOldDatabaseForTheSourceToTheEnd() {
        var seen = new ArrayList<String>();
        flow.jobs.script(Tasks.RELEASE, run -> {
            flow.client.secrets().inNamespace(MigrationFlow.NAMESPACE).list().getItems().stream().map(DataFirstFlowTest::decoded).filter(data -> data.containsKey("source-postgres-url"))
                    .forEach(data -> seen.add(data.get("source-postgres-url") + " to " + data.get("target-postgres-url")));
            return ScriptedJobs.succeeded();
        });
        complete(MigrationFlow.NAME, new FlowSpec().postgresOnly().spec());
        assertThat(seen).containsExactly(OLD_POSTGRES + " to " + NEW_POSTGRES);
    }

    @Test
    void whatHerokuRefusesInTheFreezeGoesBackToAttachmentsAndVariablesAsTheyWere() {
        var before = List.of(web.attachments(), web.configVars(), streaming.attachments(), streaming.configVars());
        flow.jobs.script(Tasks.COPY_POSTGRES, run -> {
            web.refuse("PATCH config-vars", 403, "forbidden", "You may not change config vars.");
            return ScriptedJobs.succeeded();
        });
        flow.apply(new FlowSpec().postgresOnly().spec());
        flow.until(status -> "Abort".equals(status.itinerary));
        web.refuseNothing();
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(List.of(web.attachments(), web.configVars(), streaming.attachments(), streaming.configVars())).isEqualTo(before);
        assertRuns();
        assertThat(flow.jobs.ran).doesNotContain(Tasks.OPEN_TARGET);
        assertThat(flow.status().reason).contains("You may not change config vars");
    }

    @Test
    void abortedAfterTheIntentToOpenItGoesBackToTheEnd() {
        var before = List.of(web.attachments(), web.configVars(), streaming.attachments(), streaming.configVars());
        flow.jobs.busy.add(Tasks.OPEN_TARGET);
        flow.apply(new FlowSpec().postgresOnly().spec());
        flow.until(status -> status.downtime != null && status.downtime.targetOpenedAt != null);
        assertThat(web.configVars()).containsEntry("DATABASE_URL", NEW_POSTGRES);
        flow.edit(new FlowSpec().postgresOnly().state(DesiredState.Aborted).spec());
        flow.until(status -> MastodonMigrationStatus.ABORTED.equals(status.phase));
        assertThat(List.of(web.attachments(), web.configVars(), streaming.attachments(), streaming.configVars())).isEqualTo(before);
        assertRuns();
        assertThat(flow.jobs.ran).containsSubsequence(Tasks.WITHDRAW_OPENING, Tasks.REOPEN_SOURCE, Tasks.RESET_TARGET);
    }

    @Test
    void statusTellsWhatWasAttachedAndNoSecret() {
        complete(MigrationFlow.NAME, new FlowSpec().postgresOnly().spec());
        var variable = flow.status().source.apps.getFirst().variables.getFirst();
        assertThat(variable.attachment).isEqualTo("DATABASE");
        assertThat(variable.addOnName).isEqualTo(postgres);
        assertThat(flow.read().toString() + flow.events()).doesNotContain("p4ss");
    }

    @Test
    void soakLeavesTheSourceRunning() {
        flow.apply(new FlowSpec().postgresOnly().soak("1h").spec());
        flow.until(status -> "Soak".equals(status.phase) && flow.says("Soak", "the instance runs with the new databases"));
        assertRuns();
        var writes = web.writes();
        for (int i = 0; i < 5; i++) {
            flow.look();
        }
        assertThat(web.writes()).isEqualTo(writes);
        assertRuns();
        assertThat(flow.condition("SourceFrozen")).contains("The source runs with the new databases. Its old one is closed for writing.");
    }
}
