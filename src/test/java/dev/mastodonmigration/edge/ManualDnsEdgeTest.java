package dev.mastodonmigration.edge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.edge.DnsSight.Leads;
import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.played.PlayedFront;
import dev.mastodonmigration.played.PlayedNameServers;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ManualDnsEdgeTest {
    private static final String WEB = "www.example.social";
    private static final String STREAMING = "streaming.example.social";
    private final PlayedFront front = new PlayedFront(new FrontAddress.Fixed(List.of("203.0.113.7")), Side.SOURCE);
    private final PlayedNameServers servers = new PlayedNameServers().with(WEB, "CNAME", "calm-sea-1.herokudns.com.", 3600).with(STREAMING, "CNAME", "calm-sea-1.herokudns.com.", 300);
    private final Edge edge = new ManualDnsEdge(front, List.of(WEB, STREAMING), Set.of(), servers);

    @Test
    void usersAreFoundWhereTheirDnsLeads() {
        assertThat(edge.address(STREAMING)).isEqualTo(new FrontAddress.Named(STREAMING, Optional.empty()));
    }

    @Test
    void waitsUntilRequestsForEachDomainHaveComeAndSaysWhatToPointWhere() {
        front.lastRequests.put(WEB, Duration.ofSeconds(3));
        assertThat(edge.weight(100)).isInstanceOf(Provisioned.Working.class);
        assertThat(edge.weight(100).message()).isEqualTo("no request for streaming.example.social has come to the edge in the last 5 minutes. Point DNS of streaming.example.social at the entrance of streaming.example.social:"
                + " until the cutover the edge there passes every request on to the source.");
        assertThat(edge.byHand(Side.SOURCE)).singleElement().asString().startsWith("Point DNS of streaming.example.social");
        front.lastRequests.put(STREAMING, Duration.ZERO);
        assertThat(edge.weight(100)).isInstanceOf(Provisioned.Ready.class);
        assertThat(edge.byHand(Side.SOURCE)).isEmpty();
        assertThat(edge.byHand(Side.TARGET)).isEmpty();
    }

    private List<Leads> leads() {
        return edge.sights().stream().map(sight -> sight.records().orElseThrow().leads()).toList();
    }

    @Test
    void theZonesOwnNameServersTellWhereItLeadsAndForHowLongThatIsRemembered() {
        front.lastRequests.put(STREAMING, Duration.ofSeconds(3));
        assertThat(edge.sights()).extracting(DnsSight::comes).containsExactly(false, true);
        assertThat(edge.sights().getFirst().records()).hasValue(new DnsSight.Records("CNAME calm-sea-1.herokudns.com", Duration.ofHours(1), Leads.SOURCE));
        assertThat(edge.sights().getFirst().toDo()).startsWith("Point DNS of www.example.social at the entrance of www.example.social:")
                .endsWith("Set www.example.social to A 203.0.113.7, TTL 60, and leave no other A, AAAA or CNAME record of it.");

        servers.at(PlayedNameServers.FIRST, WEB, "A", "203.0.113.7", 60);
        assertThat(leads()).as("one of them still has the old").containsExactly(Leads.SOURCE, Leads.SOURCE);
        assertThat(edge.sights().getFirst().records().orElseThrow().ttl()).isEqualTo(Duration.ofHours(1));
        servers.with(WEB, "A", "203.0.113.7", 60).with(STREAMING, "A", "198.51.100.9", 60);
        assertThat(leads()).containsExactly(Leads.EDGE, Leads.ELSEWHERE);

        servers.silent = true;
        assertThat(edge.sights()).allSatisfy(sight -> assertThat(sight.records()).isEmpty()).extracting(DnsSight::unknown).containsExactly("Nobody answers.", "The system's resolver does not answer the operator.");
    }

    @Test
    void whereUsersReachItByTheAdminsOwnLoadBalancerItsAddressIsNotKnown() {
        front.address = Optional.empty();
        servers.with(STREAMING, "CNAME", "lb.example.net.", 60).with(WEB, "A", "198.51.100.9", 60);
        assertThat(leads()).containsExactly(Leads.BY_ADDRESS, Leads.BY_NAME);
        assertThat(edge.sights().getLast().toDo()).contains("Set streaming.example.social to the name or the addresses of the entrance of streaming.example.social, TTL 60");
    }

    @Test
    void whereFewEverAskOneRequestIsEnough() {
        var withLocal = new ManualDnsEdge(front, List.of(WEB, "example.social"), Set.of("example.social"), servers);
        front.lastRequests.put(WEB, Duration.ofSeconds(3));
        assertThat(withLocal.weight(100).message()).contains("Point DNS of example.social at").endsWith("Few ask for it; to see that it leads there, do so yourself: curl https://example.social/.well-known/nodeinfo.");
        front.lastRequests.put("example.social", Duration.ofHours(3));
        assertThat(withLocal.weight(100)).isInstanceOf(Provisioned.Ready.class);
        front.lastRequests.put(WEB, Duration.ofHours(3));
        assertThat(withLocal.weight(100)).isInstanceOf(Provisioned.Working.class);
    }

    @Test
    void neverRemovesTheEdgeWhileUsersComeThroughIt() {
        front.lastRequests.put(WEB, Duration.ofSeconds(100));
        assertThat(edge.restore()).isInstanceOf(Provisioned.Working.class);
        assertThat(edge.restore().message()).startsWith("users still come. Point DNS back to where it led before the migration");
        assertThat(front.asked).isEmpty();
        front.lastRequests.put(WEB, ObservedFront.LEFT_ALONE);
        assertThat(edge.restore()).isInstanceOf(Provisioned.Ready.class);
        assertThat(front.asked).containsExactly("remove");
    }

    @Test
    void anEdgeThatNobodyWasLedToGoesAtOnce() {
        assertThat(edge.restore()).isInstanceOf(Provisioned.Ready.class);
        assertThat(front.asked).containsExactly("remove");
    }

    @Test
    void whereUsersFareWorseTheAdminIsToldWhatToPointBack() {
        assertThat(edge.share()).isZero();
        front.lastRequests.put(WEB, Duration.ofSeconds(3));
        assertThat(edge.share()).isEqualTo(100);
        assertThat(edge.lower(0)).isInstanceOf(Provisioned.Ready.class);
        assertThat(edge.backByHand()).containsExactly("Point DNS of www.example.social and streaming.example.social back to where it led before the migration, until the cause is found.");
        assertThat(front.asked).isEmpty();
    }

    /** As after a step back by hand, which the front's memory of an earlier request does not undo. */
    @Test
    void whoCameOnceAndComesNoMoreIsToBeLedThereAgain() {
        front.lastRequests.put(WEB, ObservedFront.LEFT_ALONE);
        front.lastRequests.put(STREAMING, Duration.ofSeconds(3));
        assertThat(edge.share()).isEqualTo(100);
        assertThat(edge.weight(100)).isInstanceOf(Provisioned.Working.class);
        assertThat(edge.byHand(Side.SOURCE)).singleElement().asString().startsWith("Point DNS of www.example.social at");
        front.lastRequests.put(STREAMING, ObservedFront.LEFT_ALONE.plusSeconds(9));
        assertThat(edge.share()).isZero();
        assertThat(edge.byHand(Side.SOURCE)).hasSize(2);
    }

    @Test
    void theCutoverIsTheFrontsAlone() {
        edge.hold();
        edge.letGo(Side.TARGET);
        edge.handOver();
        edge.forget();
        assertThat(front.asked).containsExactly("hold", "let go to TARGET", "hand over", "forget");
    }
}
