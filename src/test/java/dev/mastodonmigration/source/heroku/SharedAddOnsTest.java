package dev.mastodonmigration.source.heroku;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigrationSpec.Heroku;
import dev.mastodonmigration.api.MastodonMigrationSpec.Source;
import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.embedded.HerokuStubApp;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.outside.OutsideException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Preflight says of other apps that use the add-ons whose data moves: nothing stops them in the freeze, and nothing leads them to the target. */
class SharedAddOnsTest {
    @AutoClose
    private final ExampleSource example = new ExampleSource();
    private final HerokuStubApp other = example.heroku.createApp("example-other");
    private String postgres;
    private String redis;

    @BeforeEach
    void attachBoth() {
        postgres = example.web.attached("heroku-postgresql", "standard-0", example.web.configVars().get("DATABASE_URL"), "DATABASE");
        redis = example.web.attached("rediscloud", "100", example.web.configVars().get("REDIS_URL"), "REDISCLOUD");
        example.streaming.attach(postgres, "DATABASE");
    }

    @Test
    void theTwoAppsOfTheInstanceAreNoOthers() {
        assertThat(example.source().preflight().blockers()).isEmpty();
        assertThat(example.source().preflight().notes()).isEmpty();
    }

    @Test
    void norAreTheyWhereTheSpecHasTheirIds() {
        var heroku = example.migration.getSpec().source().heroku();
        example.migration.setSpec(Specs.with(new Source(new Heroku(example.web.id(), example.streaming.id(), heroku.apiTokenSecretRef()), null), example.migration.getSpec().target()));
        assertThat(example.source().preflight().blockers()).isEmpty();
    }

    @Test
    void aSecondStreamingAppThatRunsIsRefusedAndNamed() {
        other.formation("web", 2, "Standard-1X");
        other.attach(postgres, "DATABASE");
        other.attach(redis, "REDISCLOUD");
        var findings = example.source().preflight();
        assertThat(findings.notes()).isEmpty();
        assertThat(findings.blockers()).singleElement().asString().contains("Heroku app example-other uses", postgres + " (attached as DATABASE)", redis + " (attached as REDISCLOUD)", "runs web=2",
                "spec.source.heroku.streamingApp", "`heroku ps:scale web=0 -a example-other`", "`heroku addons:detach DATABASE -a example-other`", "`heroku addons:detach REDISCLOUD -a example-other`");
        other.formation("web", 0, "Standard-1X");
        assertThat(example.source().preflight().blockers()).isEmpty();
    }

    @Test
    void oneThatRunsNothingIsNoted() {
        other.formation("web", 0, "Standard-1X");
        other.attach(postgres, "MASTODON");
        var findings = example.source().preflight();
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).singleElement().asString().contains("Heroku app example-other uses", postgres + " (attached as MASTODON)", "runs no dynos now", "Keep it stopped", "heroku addons:detach MASTODON -a example-other");
    }

    /** Whether a reporting tool's credential may write only its owner knows, and the write gate keeps it from it. */
    @Test
    void oneWithACredentialOfItsOwnIsNoted() {
        other.formation("web", 1, "Standard-1X");
        other.attach(postgres, "REPORTS", "credential:reader");
        var findings = example.source().preflight();
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).singleElement().asString().contains("example-other", "REPORTS, credential:reader", "runs web=1", "old database");
    }

    /** Heroku refuses to take an add-on's last attachment from the app that is billed for it. */
    @Test
    void theOwnerOfAnAddOnCannotDetachIt() {
        var theirs = other.attached("heroku-redis", "premium-0", "redis://:p4ss@theirs.example.net:6379", "REDIS");
        example.web.config("REDIS_URL", null);
        example.web.attach(theirs, "REDIS");
        other.formation("worker", 1, "Standard-1X");
        assertThat(example.source().preflight().blockers()).singleElement().asString().contains(theirs, "worker=0 -a example-other").doesNotContain("addons:detach");
    }

    @Test
    void whatDoesNotMoveOthersMayUse() {
        other.formation("web", 1, "Standard-1X");
        other.attach(postgres, "DATABASE");
        example.migration.setSpec(Specs.with(example.migration.getSpec().source(), new Target(null, Specs.valid().target().redis(), null, null)));
        assertThat(example.source().preflight().blockers()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {403, 404})
    void whatTheTokenMayNotSeeOfThemIsSaidForTheAdminToLook(int status) {
        other.formation("web", 1, "Standard-1X");
        other.attach(postgres, "DATABASE");
        other.refuse("GET formation", status, status == 403 ? "forbidden" : "not_found", "Not yours.");
        var findings = example.source().preflight();
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).singleElement().asString().contains("Heroku app example-other uses", "whether it runs", "Not yours", "`heroku ps -a example-other`");
    }

    @Test
    void whoUsesAnAddOnThatTheTokenMayNotSeeIsForTheAdminToFindOut() {
        example.web.refuse("GET addons one addon-attachments", 403, "forbidden", "Not yours.");
        var findings = example.source().preflight();
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).hasSize(3).allSatisfy(note -> assertThat(note).contains("Not yours")).filteredOn(note -> !note.contains("when Heroku backs up " + postgres)).hasSize(2)
                .allSatisfy(note -> assertThat(note).contains("which other apps use")).anySatisfy(note -> assertThat(note).contains("`heroku addons:info " + postgres + "`"));
    }

    @Test
    void aHerokuThatDoesNotAnswerIsAskedAgain() {
        other.attach(postgres, "DATABASE");
        other.refuse("GET formation", 503, "service_unavailable", "Not now.");
        assertThatThrownBy(() -> example.source().preflight()).isInstanceOfSatisfying(OutsideException.class, refused -> assertThat(refused.mayPass()).isTrue());
    }
}
