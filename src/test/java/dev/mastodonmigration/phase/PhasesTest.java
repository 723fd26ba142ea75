package dev.mastodonmigration.phase;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.itinerary.Itineraries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PhasesTest {
    @Test
    void everyPhaseHasExactlyOneClassOrIsListedAsNotYet() {
        var implemented = Phases.all().stream().map(Phase::id).toList();
        assertThat(implemented).doesNotHaveDuplicates();
        assertThat(EnumSet.copyOf(implemented)).doesNotContainAnyElementsOf(Itineraries.NOT_YET);
        var accounted = EnumSet.copyOf(implemented);
        accounted.addAll(Itineraries.NOT_YET);
        assertThat(accounted).containsExactlyInAnyOrder(PhaseId.values());
    }

    @Test
    void everyPhaseStandsInAnItinerary() {
        var listed = Stream.of(Itineraries.values()).flatMap(itinerary -> itinerary.phases().stream()).distinct().toList();
        assertThat(listed).containsExactlyInAnyOrder(PhaseId.values());
    }

    @Test
    void theReadmeTableNamesEveryForwardPhaseInOrder() throws IOException {
        var rows = Files.readAllLines(Path.of("README.md")).stream().filter(line -> line.startsWith("| ")).map(line -> line.split("\\|")[1].strip().replace("`", "").replace("*", "")).toList();
        var named = rows.stream().filter(cell -> PhaseId.of(cell).isPresent()).map(PhaseId::valueOf).filter(Itineraries.FORWARD.phases()::contains).toList();
        assertThat(named).isEqualTo(Itineraries.FORWARD.phases());
    }
}
