package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What Postgres quotes when something fails must not travel into status, events and logs. */
@ExtendWith(SharedPostgres.class)
class LeakTest {
    private static final String ROWS = "CREATE TABLE people (email text UNIQUE, about text CHECK (about <> 'never'));\nINSERT INTO people VALUES ('someone@example.org');\n";

    @Test
    void aFailedProgramNamesTheColumnAndNotTheValue() throws Exception {
        assertThat(said(ROWS + "INSERT INTO people VALUES ('someone@example.org');\n")).contains("people_email_key", "Key (email)=(…) already exists");
        assertThat(said(ROWS + "INSERT INTO people VALUES ('someone@example.org', 'never');\n")).contains("people_about_check", "Failing row contains (…)");
        assertThat(said(ROWS + "COPY people (email) FROM stdin;\nother\nsomeone@example.org\n\\.\n")).contains("Key (email)=(…)");
        assertThat(said("\\! echo 'someone@example.org ended it' >&2; kill -9 $PPID\n")).contains("ended with code").contains("gave no reason");
        assertThat(said(ROWS + "INSERT INTO people VALUES (E'a\\nerror: someone@example.org'), (E'a\\nerror: someone@example.org');\n")).contains("Key (email)=(…)");
    }

    @Test
    void aFailedStatementNamesTheConstraintAndNotTheValue() throws Exception {
        var world = TwoDatabases.between(15, 15);
        try (var session = Database.target(world.context(), "test").open()) {
            Query.run(session, ROWS);
            assertThatThrownBy(() -> Query.run(session, "INSERT INTO people VALUES ('someone@example.org')")).isInstanceOf(SQLException.class)
                    .hasMessageContaining("people_email_key").message().doesNotContain("someone@");
        }
    }

    @Test
    void theGatesSecretIsInNoStatementAndItsHashStillFencesOffAnOlderAttempt() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.run(new TargetClaim());
        try (var older = LoadAttempt.begin(Database.target(world.context(), "test"))) {
            world.onTarget(older.fence());
            var secret = older.environment().get("PGOPTIONS").replaceAll(".*=", "");
            assertThat(secret).hasSize(32);
            assertThat(older.fence()).doesNotContain(secret);
            try (var newer = LoadAttempt.begin(Database.target(world.context(), "test"))) {
                assertThatThrownBy(() -> world.onTarget(older.fence())).isInstanceOf(SQLException.class).hasMessageContaining("newer worker");
                world.onTarget(newer.fence());
            }
        }
    }

    private static String said(String sql) throws Exception {
        var world = TwoDatabases.between(15, 15);
        var script = Files.writeString(world.home().resolve("script.sql"), sql);
        var psql = new LibpqProgram(List.of(PostgresPrograms.forSource(15).program("psql"), "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--file=-"), Map.of(), line -> { });
        try {
            psql.run(Database.target(world.context(), "test"), script, LibpqProgram.nothing());
        } catch (IOException e) {
            assertThat(e.getMessage()).startsWith("psql failed on").doesNotContain("someone@");
            return e.getMessage();
        }
        throw new AssertionError("the script should have failed");
    }
}
