package dev.mastodonmigration.source.heroku;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.api.MastodonMigrationStatus.DataKind;
import dev.mastodonmigration.embedded.FreePort;
import dev.mastodonmigration.embedded.HerokuStub.Fault;
import dev.mastodonmigration.embedded.HerokuStub.Scope;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.source.SavedSource.AddOn;
import dev.mastodonmigration.source.Source.OwnBackups;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Heroku itself copies of the Postgres that moves is told beforehand, and seen before the freeze; what cannot be asked holds nothing up. */
class HerokuBackupsTest {
    @AutoClose
    private final ExampleSource example = new ExampleSource().awaitUp();
    private String postgres;

    @BeforeEach
    void attach() {
        postgres = example.web.attached("heroku-postgresql", "standard-0", example.web.configVars().get("DATABASE_URL"), "DATABASE");
        example.streaming.attach(postgres, "DATABASE");
    }

    private List<String> running() {
        assertThat(example.source().ownBackups().unknown()).isEmpty();
        return example.source().ownBackups().running();
    }

    @Test
    void oneThatRunsIsNamedWithSinceWhenAndHowItEnds() {
        example.web.transfers().finished();
        example.web.transfers().cancelled();
        assertThat(running()).isEmpty();
        var end = example.web.transfers().backup();
        assertThat(running()).containsExactly("Heroku makes backup b003 of DATABASE (app example-web since 2026-11-22 03:00:12 +0000). It ends by itself; `heroku pg:backups:cancel b003 -a example-web` ends it now.");
        assertThat(example.source().preflight().notes()).anyMatch(note -> note.contains("backup b003"));
        assertThat(example.source().preflight().blockers()).isEmpty();
        end.run();
        assertThat(running()).isEmpty();
    }

    @Test
    void oneThatWaitsForItsTurnAndACopyCountToo() {
        example.web.transfers().pending();
        example.web.transfers().copy("IVORY");
        assertThat(running()).hasSize(2).anySatisfy(words -> assertThat(words).contains("backup a001 of DATABASE", "asked for at 2026-11-22 03:00:12"))
                .anySatisfy(words -> assertThat(words).contains("copy c002 of DATABASE to IVORY", "pg:backups:cancel c002"));
    }

    /** Its backups are listed there (heroku/cli, commands/pg/backups/capture.ts). */
    @Test
    void theAppThatIsBilledIsAsked() {
        var owner = example.heroku.createApp("example-database");
        var other = owner.attached("heroku-postgresql", "standard-0", example.web.configVars().get("DATABASE_URL"), "DATABASE");
        example.web.promote(other, "DATABASE");
        example.streaming.promote(other, "DATABASE");
        owner.transfers().backup();
        assertThat(running()).singleElement().asString().contains("-a example-database");
    }

    @Test
    void thatItRunsByTheClockIsNoted() {
        example.web.transfers().schedule(5, "Europe/Paris");
        assertThat(example.source().preflight().notes()).anyMatch(note -> note.startsWith("Heroku backs up " + postgres + " every day at 5:00 Europe/Paris."));
    }

    @Test
    void wherePostgresStaysOrIsNoAddOnNobodyIsAsked() {
        example.web.transfers().backup();
        example.migration.setSpec(Specs.with(example.migration.getSpec().source(), new Target(null, Specs.valid().target().redis(), null, null)));
        var calls = example.heroku.calls();
        assertThat(example.source().ownBackups()).isEqualTo(OwnBackups.NONE);
        assertThat(example.heroku.calls()).isEqualTo(calls);
        try (var plain = new ExampleSource()) {
            plain.web.transfers().backup();
            assertThat(plain.source().ownBackups()).isEqualTo(OwnBackups.NONE);
        }
    }

    @ParameterizedTest
    @CsvSource({"403,forbidden", "404,not_found", "503,unavailable", "401,unauthorized"})
    void whatIsNotToldHoldsNothingUp(int status, String id) {
        for (var route : List.of("GET transfers", "GET transfer-schedules")) {
            example.web.refuse(route, status, id, "Not for you.");
            var found = example.source().preflight();
            assertThat(found.blockers()).isEmpty();
            assertThat(found.notes()).anyMatch(note -> note.contains("when Heroku backs up " + postgres) && note.contains("Not for you"));
        }
        assertThat(example.source().ownBackups().running()).isEmpty();
        assertThat(example.source().ownBackups().unknown()).hasValueSatisfying(why -> assertThat(why).contains("cannot be asked, and is not waited for", "heroku pg:backups -a example-web", "Not for you"));
    }

    @ParameterizedTest
    @CsvSource({"CUT_OFF", "NOT_JSON", "ANOTHER_SHAPE", "UNAVAILABLE", "LOST_ANSWER"})
    void norWhatNobodyCanRead(Fault fault) {
        example.web.transfers().backup();
        // Two lists of config vars and two of attachments, and who is billed, come before it; it is asked again several times.
        for (int number = 6; number <= 20; number++) {
            example.heroku.failCall(number, fault);
        }
        var asked = example.source().ownBackups();
        assertThat(asked.unknown()).isPresent();
        assertThat(asked.running()).isEmpty();
    }

    @Test
    void aHostThatIsNotThereHoldsNothingUp() {
        var gone = new HerokuCalls(URI.create("http://127.0.0.1:" + FreePort.find()), example.heroku.token(), Patience.INSIDE_THE_FREEZE, System.nanoTime());
        var heroku = new HerokuClient(HerokuHosts.of(example.apiUrl), example.heroku.token());
        var id = heroku.attachments("example-web").getFirst().addOnId();
        var backups = new HerokuBackups(heroku, gone, "example-web", new AddOn(DataKind.Postgres, id, postgres));
        assertThat(backups.now().unknown()).hasValueSatisfying(why -> assertThat(why).contains("no connection to 127.0.0.1"));
        assertThat(backups.look()).satisfies(found -> assertThat(found.blockers()).isEmpty()).isNotEqualTo(Findings.NONE);
    }

    /** What leads to the database comes with it. */
    @Test
    void noSecretIsTold() {
        example.web.transfers().backup();
        example.web.transfers().copy("postgres://u:p4ss@old.example.net:5432/d?@");
        assertThat(running()).hasSize(2).allSatisfy(words -> assertThat(words).doesNotContain("p4ss"));
    }

    @Test
    void aTokenThatMayOnlyReadIsEnough() {
        example.giveToken(example.heroku.token(Scope.READ_PROTECTED));
        example.web.transfers().backup();
        assertThat(running()).hasSize(1);
    }
}
