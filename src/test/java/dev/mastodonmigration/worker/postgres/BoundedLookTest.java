package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A look at a live source must not take from its users more than it promised. */
@ExtendWith(SharedPostgres.class)
class BoundedLookTest {
    @Test
    void whatTakesTooLongIsEndedAndNothingIsBegunAfterwards() throws Exception {
        var seen = new ArrayList<String>();
        try (var source = TwoDatabases.empty(15).source()) {
            var look = new BoundedLook(source, Duration.ofMillis(500), 10);
            look.at("small", 1, () -> seen.add("small"));
            look.at("large", 11, () -> seen.add("large"));
            assertThat(look.unseen()).hasValueSatisfying(told -> assertThat(told).contains("large").doesNotContain("small"));
            look.at("slow", 1, () -> {
                Query.list(source, "SELECT pg_sleep(20)", row -> 1);
                seen.add("slow");
            });
            look.at("after the end", 1, () -> seen.add("after the end"));
            assertThat(seen).containsExactly("small");
            assertThat(look.unseen()).hasValueSatisfying(told -> assertThat(told).contains("slow", "after the end"));
            assertThat(Query.string(source, "SHOW statement_timeout")).as("only of the look").isNotEqualTo("500ms");
        }
    }

    @Test
    void foreignKeysThatWereNotReachedAreToldAndBlockNothing() throws Exception {
        var world = TwoDatabases.empty(15);
        world.onSource("CREATE TABLE parents (id bigint PRIMARY KEY)", "CREATE TABLE children (id bigint REFERENCES parents)");
        var blockers = new ArrayList<String>();
        var notes = new ArrayList<String>();
        try (var source = world.source()) {
            new OrphanRows(source, blockers, notes).run(Duration.ZERO);
            assertThat(notes).singleElement().asString().contains("was not looked at", "children_id_fkey of public.children");
            assertThat(blockers).isEmpty();
        }
    }
}
