package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The SQL that the README gives an admin who has no operator any more. */
@ExtendWith(SharedPostgres.class)
class ByHandTest {
    private static final String WRITE = "INSERT INTO settings (var) VALUES ('late')";

    @Test
    void theSourceOpensAtOnceAlthoughAReaderHoldsATableAndNothingOfOursStays() throws Exception {
        var world = TwoDatabases.between(15, 17);
        world.closeSource();
        var statements = sql("source").split(";\\s*(?=CREATE|UPDATE|SET|DROP|$)");
        assertThat(statements).hasSize(4);
        try (var reader = world.source(); var admin = world.source()) {
            reader.setAutoCommit(false);
            Query.number(reader, "SELECT count(*) FROM settings");
            Query.run(admin, statements[0]);
            world.onSource(WRITE);
            Query.run(admin, statements[1]);
            assertThatThrownBy(() -> world.run(new CloseSource())).as("an operator that comes back").isInstanceOf(Refusal.class).hasMessageContaining("given back");
            Query.run(admin, statements[2].replace("5s", "100ms"));
            assertThatThrownBy(() -> Query.run(admin, statements[3])).hasMessageContaining("lock timeout");
            reader.rollback();
            Query.run(admin, statements[3]);
            assertThat(Query.number(admin, "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'mastodon_migration%'")).isZero();
            assertThat(Marker.read(admin)).isEmpty();
        }
    }

    @Test
    void noWorkerOpensATargetThatWasForbidden() throws Exception {
        var world = TwoDatabases.between(15, 17);
        world.copied();
        try (var admin = world.target()) {
            assertThat(Query.strings(admin, sql("target"))).containsExactly("loaded");
        }
        assertThatThrownBy(() -> new OpenTarget().run(world.context(world.uid, 2))).isInstanceOf(Refusal.class).hasMessageContaining("has moved on to epoch");
    }

    private static String sql(String side) throws IOException {
        var block = Pattern.compile("(?s)```sql\\n\\s*-- on the " + side + "\\n(.*?)```").matcher(Files.readString(Path.of("README.md")));
        assertThat(block.find()).isTrue();
        return block.group(1).strip();
    }
}
