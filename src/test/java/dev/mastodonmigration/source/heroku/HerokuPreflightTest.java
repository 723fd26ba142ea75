package dev.mastodonmigration.source.heroku;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.embedded.HerokuStub.Fault;
import dev.mastodonmigration.embedded.HerokuStub.Scope;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.outside.OutsideException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HerokuPreflightTest {
    @AutoClose
    private final ExampleSource example = new ExampleSource();

    @Test
    void aHealthySourceIsTriedAndNotChanged() {
        var findings = example.source().preflight();
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).isEmpty();
        assertThat(example.web.writes()).as("maintenance and formation were written").isEqualTo(2);
        assertThat(example.streaming.writes()).isEqualTo(2);
        assertThat(example.web.mutations() + example.streaming.mutations()).as("with what was there").isZero();
    }

    @Test
    void aTokenThatMayOnlyReadIsToldForEachAppWithWhatItMayNotDo() {
        var token = example.heroku.token(Scope.READ_PROTECTED);
        example.giveToken(token);
        assertThat(example.source().preflight().blockers()).hasSize(2)
                .allSatisfy(blocker -> assertThat(blocker).contains("may not change its maintenance mode, scale it, and", "write-protected", "apiTokenSecretRef").doesNotContain(token))
                .anySatisfy(blocker -> assertThat(blocker).contains("example-web")).anySatisfy(blocker -> assertThat(blocker).contains("example-streaming"));
    }

    @Test
    void aTokenThatMayNotReadConfigVarsIsTold() {
        example.giveToken(example.heroku.token(Scope.READ));
        assertThat(example.source().preflight().blockers()).hasSize(2).allSatisfy(blocker -> assertThat(blocker).contains("read its config vars"));
    }

    /** In a Heroku Enterprise team one permission is for config and maintenance, another for scaling. */
    @Test
    void anAccountThatMayNotScaleIsTold() {
        example.web.refuse("PATCH formation", 403, "forbidden", "You do not have the permission operate.");
        assertThat(example.source().preflight().blockers()).singleElement().asString()
                .contains("may read app example-web but may not scale it, and", "You do not have the permission operate", "deploy and operate").doesNotContain("maintenance mode");
    }

    @Test
    void aTokenThatHerokuDoesNotKnowIsTold() {
        example.heroku.revokeToken();
        assertThat(example.source().preflight().blockers()).hasSize(2).allSatisfy(blocker -> assertThat(blocker).contains("refuses the API token"));
    }

    @Test
    void aMissingTokenIsABlockerAndNoFault() {
        example.deleteToken();
        assertThat(example.source().preflight().blockers()).singleElement().asString().isEqualTo("Secret mastodon/heroku does not exist. Create it with the key \"token\".");
    }

    @Test
    void anAppThatIsNotThereDoesNotHideWhatIsWrongWithTheOther() {
        example.heroku.destroyApp("example-web");
        example.streaming.generation("fir");
        assertThat(example.source().preflight().blockers()).anySatisfy(blocker -> assertThat(blocker).contains("no app example-web"))
                .anySatisfy(blocker -> assertThat(blocker).contains("example-streaming is of the generation Fir", "no maintenance mode"));
    }

    @Test
    void anAppWithoutDynosIsRefusedBecauseGoingBackWouldRestoreJustThat() {
        example.web.formation("web", 0, "Standard-2X");
        example.web.formation("worker", 0, "Standard-1X");
        assertThat(example.source().preflight().blockers()).singleElement().asString().contains("example-web runs no dynos", "heroku ps:scale");
    }

    @Test
    void anAppWithoutWebDynosIsRefusedBecauseItMayBeTheWrongOne() {
        example.web.formation("web", 0, "Standard-2X");
        assertThat(example.source().preflight().blockers()).singleElement().asString().contains("example-web runs no web dyno", "right app in spec.source.heroku");
    }

    @Test
    void whatTheAdminMustKnowOfTheAppsIsNoted() {
        example.web.maintenance(true);
        example.streaming.privateSpace("acme-space");
        var findings = example.source().preflight();
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).hasSize(2).anySatisfy(note -> assertThat(note).contains("example-web is in maintenance mode already", "heroku maintenance:off -a example-web"))
                .anySatisfy(note -> assertThat(note).contains("example-streaming is in the Private Space acme-space"));
        assertThat(example.web.maintenance()).isTrue();
    }

    @Test
    void whatMayWakeHerokuUpIsNamed() {
        example.web.autoscale();
        example.web.addOn("heroku-postgresql");
        example.web.addOn("judoscale");
        example.web.addOn("scheduler");
        example.web.config("HIREFIRE_TOKEN", "s3cret");
        example.streaming.autoDeploy("example/mastodon");
        var findings = example.source().preflight();
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).hasSize(4).anySatisfy(note -> assertThat(note).contains("example-web", "heroku ps:autoscale:disable"))
                .anySatisfy(note -> assertThat(note).contains("example-web", "HireFire, Judoscale"))
                .anySatisfy(note -> assertThat(note).contains("Heroku Scheduler", "spec.cutover.stopOneOffDynos", "heroku addons:open scheduler -a example-web", "spec.target.compute.kubernetes.cronJobs"))
                .anySatisfy(note -> assertThat(note).contains("example/mastodon", "example-streaming", "Deploy tab"))
                .noneSatisfy(note -> assertThat(note).contains("s3cret"));
    }

    /** Such an address is a secret where it has a password in it. */
    @Test
    void whereTheLogGoesIsNamedBecauseNothingOfTheTargetSendsItsOwnThere() {
        example.web.logDrain("https://user:s3cret@logs.example.net/drain?key=s3cret");
        example.web.logDrainOf("papertrail-curved-1234");
        var findings = example.source().preflight();
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).singleElement().asString().contains("example-web sends its log to logs.example.net, papertrail-curved-1234", "heroku drains -a example-web").doesNotContain("s3cret");
        example.migration.setSpec(Specs.with(example.migration.getSpec().source(), new Target(Specs.valid().target().postgres(), null, null, null)));
        assertThat(example.source().preflight().notes()).as("where the app stays its log goes on").noneMatch(note -> note.contains("logs.example.net"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET github", "GET formation one monitors", "GET addons", "GET log-drains"})
    void whatOnlyServesANoteDoesNotHoldUpTheMigration(String route) {
        example.web.refuse(route, 503, "unavailable", "Not today.");
        var findings = example.source().preflight();
        assertThat(findings.blockers()).isEmpty();
        assertThat(findings.notes()).singleElement().asString().contains("could not find out", "example-web", "Not today");
    }

    @Test
    void aHerokuThatDoesNotAnswerNowIsAskedAgainLater() {
        example.heroku.failNext(50, Fault.RATE_LIMITED);
        assertThatThrownBy(() -> example.source().preflight()).isInstanceOfSatisfying(OutsideException.class, refused -> assertThat(refused.mayPass()).isTrue());
    }
}
