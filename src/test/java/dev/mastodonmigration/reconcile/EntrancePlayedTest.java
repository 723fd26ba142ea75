package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.Entrance;
import dev.mastodonmigration.edge.EntranceProbe.Fault;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.edge.ManualDnsEdge;
import dev.mastodonmigration.played.PlayedEdge;
import dev.mastodonmigration.played.PlayedFront;
import dev.mastodonmigration.played.PlayedNameServers;
import dev.mastodonmigration.played.Trouble;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What stands in front of the edge is asked what it lets through before users are led there. */
class EntrancePlayedTest {
    private static final String WEB = "www.example.social";
    private static final Fault BODIES = new Fault("bodies", Severity.Action, "Ingress example-social-front does not let bodies of 99 MB through.");
    private static final Duration TAKES = Duration.ofMinutes(2);
    private final PlayedEdge edge = new PlayedEdge(Trouble.NONE);
    private List<Fault> faults = List.of();
    private Optional<Instant> began = Optional.empty();
    private final List<Instant> answers = new ArrayList<>();

    private static Entrance entrance(Map<String, FrontAddress> addresses) {
        return new Entrance("Ingress example-social-front", addresses, WEB, WEB, "key");
    }

    private static Entrance at(String address) {
        return entrance(Map.of(WEB, new FrontAddress.Fixed(List.of(address))));
    }

    private PlayedMigration played() {
        edge.entrance = Optional.of(at("203.0.113.7"));
        var played = PlayedMigration.of(PlayedSpec.route53(live()));
        played.edge = Optional.of(edge);
        played.entrances = entrance -> answer(played.now);
        return played;
    }

    private Optional<List<Fault>> answer(Instant now) {
        began = began.or(() -> Optional.of(now));
        if (now.isBefore(began.get().plus(TAKES))) {
            return Optional.empty();
        }
        began = Optional.empty();
        answers.add(now);
        return Optional.of(faults);
    }

    private static List<MastodonMigrationStatus.Finding> found(MastodonMigrationStatus status) {
        return status.findings.stream().filter(finding -> finding.id.startsWith("entrance-")).toList();
    }

    private static String message(MastodonMigrationStatus status) {
        return status.phases.stream().filter(record -> record.name.equals(status.phase)).map(record -> String.valueOf(record.message)).findFirst().orElse("");
    }

    @Test
    void nobodyIsLedThereBeforeItIsKnownAndItIsAskedOnce() {
        var played = played().until(status -> message(status).startsWith("Before users are led to Ingress example-social-front, it is tried"));
        assertThat(edge.asked).contains("ensure").noneMatch(call -> call.startsWith("weight"));
        played.until(status -> edge.share() > 0);
        assertThat(answers).hasSize(1);
        assertThat(played.status.internal.entrance.address).isEqualTo("203.0.113.7");
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(answers).hasSize(1);
        assertThat(found(played.status)).isEmpty();
    }

    @Test
    void whatIsFoundIsToldStopsNothingAndIsSettledByWhoeverChangesIt() {
        faults = List.of(BODIES);
        var played = played();
        played.edit(PlayedSpec.notApproved(played.spec));
        played.untilPhase("AwaitCutover");
        assertThat(found(played.status)).singleElement().satisfies(finding -> {
            assertThat(finding.id).isEqualTo("entrance-bodies");
            assertThat(finding.severity).isEqualTo(Severity.Action);
            assertThat(finding.message).isEqualTo(BODIES.message());
        });
        assertThat(played.told.stream().filter(told -> told.message().contains(BODIES.message()) && told.reason().equals("ActionNeeded"))).hasSize(1);

        played.until(status -> answers.size() == 3);
        assertThat(Duration.between(answers.get(1), answers.get(2))).isBetween(Duration.ofMinutes(30), Duration.ofMinutes(33));
        faults = List.of();
        played.until(status -> found(status).isEmpty());
        var settled = answers.size();
        played.edit(PlayedSpec.route53(live()));
        played.untilPhase(MastodonMigrationStatus.COMPLETED);
        assertThat(answers).hasSize(settled);
    }

    @Test
    void anotherAddressIsAskedToo() {
        var played = played().until(status -> answers.size() == 1 && edge.share() == 10);
        edge.entrance = Optional.of(at("203.0.113.8"));
        edge.asked.remove("weight 100");
        played.until(status -> status.internal.entrance.address.equals("203.0.113.8"));
        assertThat(answers).hasSize(2);
    }

    @Test
    void whereItsAddressIsNotKnownThatIsSaidUntilUsersCome() {
        var front = new PlayedFront(new FrontAddress.Fixed(List.of("203.0.113.7")), Side.SOURCE);
        front.entrance = Optional.of(entrance(Map.of()));
        var played = played();
        played.edge = Optional.of(new ManualDnsEdge(front, List.of(WEB), Set.of(), new PlayedNameServers().with(WEB, "A", "203.0.113.7", 60)));
        played.until(status -> status.findings.stream().anyMatch(finding -> finding.message.startsWith("Point DNS")));
        assertThat(found(played.status)).singleElement().satisfies(finding -> {
            assertThat(finding.severity).isEqualTo(Severity.Note);
            assertThat(finding.message).contains("Ingress example-social-front", "was not tried");
        });
        assertThat(began).isEmpty();

        front.entrance = Optional.of(at("203.0.113.7"));
        played.until(status -> answers.size() == 1);
        assertThat(found(played.status)).isEmpty();
        front.entrance = Optional.of(entrance(Map.of()));
        played.until(status -> !found(status).isEmpty());
        front.lastRequests.put(WEB, Duration.ofSeconds(1));
        played.until(status -> !"ShiftTraffic".equals(status.phase));
        assertThat(found(played.status)).isEmpty();
    }

    @Test
    void anAbortLeavesNoFinding() {
        faults = List.of(BODIES);
        var played = played().until(status -> !found(status).isEmpty());
        played.edit(PlayedSpec.state(played.spec, DesiredState.Aborted));
        played.untilPhase(MastodonMigrationStatus.ABORTED);
        assertThat(found(played.status)).isEmpty();
    }
}
