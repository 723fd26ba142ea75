package dev.mastodonmigration.phase;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.Itinerary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PhasesTest {
    @Test
    void everyPhaseHasExactlyOneClass() {
        assertThat(Phases.all().stream().map(Phase::id)).containsExactlyInAnyOrder(PhaseId.values());
    }

    @Test
    void everyPhaseStandsInTheItineraryInTheOrderOfItsName() {
        assertThat(Itinerary.FORWARD.phases()).containsExactly(PhaseId.values());
    }

    @ParameterizedTest
    @EnumSource(PhaseId.class)
    void aPhaseCanBeUndoneWhereItsNameSaysSo(PhaseId id) throws NoSuchMethodException {
        var phase = Phases.all().stream().filter(found -> found.id() == id).findFirst().orElseThrow();
        var undoes = phase.getClass().getMethod("undo", PhaseContext.class).getDeclaringClass() != Phase.class;
        assertThat(undoes).isEqualTo(id.undoCaption().isPresent());
    }

    @Test
    void theReadmeTableNamesEveryForwardPhaseInOrder() throws IOException {
        var rows = Files.readAllLines(Path.of("README.md")).stream().filter(line -> line.startsWith("| ")).map(line -> line.split("\\|")[1].strip().replace("`", "").replace("*", "")).toList();
        assertThat(rows.stream().map(PhaseId::of).flatMap(found -> Stream.ofNullable(found.orElse(null)))).containsExactly(PhaseId.values());
    }
}
