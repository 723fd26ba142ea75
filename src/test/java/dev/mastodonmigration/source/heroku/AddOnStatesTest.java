package dev.mastodonmigration.source.heroku;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.itinerary.Specs;
import dev.mastodonmigration.outside.OutsideException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Preflight waits until Heroku says of the instance's databases that they are there, by words of which some are in no list. */
class AddOnStatesTest {
    @AutoClose
    private final ExampleSource example = new ExampleSource();
    private String postgres;
    private String redis;

    @BeforeEach
    void attachBoth() {
        postgres = example.web.attached("heroku-postgresql", "standard-0", example.web.configVars().get("DATABASE_URL"), "DATABASE");
        redis = example.web.attached("rediscloud", "100", example.web.configVars().get("REDIS_URL"), "REDISCLOUD");
        example.streaming.attach(postgres, "DATABASE");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"provisioning|Heroku is still making|addons:wait", "deprovisioning|is being deleted|another database", "deprovisioned|is being deleted|another database"})
    void oneThatIsNotThereForGoodIsWaitedFor(String state, String what, String command) {
        example.heroku.addOnState(postgres, state);
        assertThat(example.source().preflight().blockers()).as("told once, although both apps use it").singleElement().asString().contains("Postgres add-on " + postgres, what, command);
        example.heroku.addOnState(postgres, "provisioned");
        assertThat(example.source().preflight().blockers()).isEmpty();
    }

    /** A word that Heroku adds one day must not keep everybody waiting. */
    @ParameterizedTest
    @CsvSource({"hibernating", "'Provisioned?'"})
    void aWordThatNobodyKnowsIsTold(String state) {
        example.heroku.addOnState(postgres, state);
        assertThat(example.source().preflight().blockers()).isEmpty();
        assertThat(example.source().preflight().notes()).anySatisfy(note -> assertThat(note).contains("Postgres add-on " + postgres, state, "heroku addons:info"));
    }

    @Test
    void redisTooAlsoWhereItStays() {
        example.heroku.addOnState(redis, "deprovisioning");
        assertThat(example.source().preflight().blockers()).singleElement().asString().contains("Redis add-on " + redis);
        example.migration.setSpec(Specs.with(example.migration.getSpec().source(), new Target(Specs.valid().target().postgres(), null, null, null)));
        assertThat(example.source().preflight().blockers()).singleElement().asString().contains("Redis add-on " + redis);
    }

    /** Some other app's, which this token does not see: its database is tried by Preflight's own pod. */
    @Test
    void whatTheTokenMayNotSeeIsNoted() {
        example.web.refuse("GET addons one", 403, "forbidden", "Not yours.");
        assertThat(example.source().preflight().blockers()).isEmpty();
        assertThat(example.source().preflight().notes()).hasSize(2).allSatisfy(note -> assertThat(note).contains("in what state", "Not yours"));
    }

    @Test
    void anAnswerWithoutAStateIsNoneOfHerokus() {
        example.heroku.addOnState(postgres, "");
        assertThatThrownBy(() -> example.source().preflight()).isInstanceOfSatisfying(OutsideException.class, refused -> assertThat(refused.mayPass()).isTrue());
    }
}
