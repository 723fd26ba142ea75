package dev.mastodonmigration.edge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.played.PlayedFront;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ManualDnsEdgeTest {
    private static final String WEB = "www.example.social";
    private static final String STREAMING = "streaming.example.social";
    private final PlayedFront front = new PlayedFront(new FrontAddress.Fixed(List.of("203.0.113.7")), Side.SOURCE);
    private final Edge edge = new ManualDnsEdge(front, List.of(WEB, STREAMING));

    @Test
    void waitsUntilRequestsForEachDomainHaveComeAndSaysWhatToPointWhere() {
        front.lastRequests.put(WEB, Duration.ofSeconds(3));
        assertThat(edge.weight(100)).isInstanceOf(Provisioned.Working.class);
        assertThat(edge.weight(100).message()).isEqualTo("no request for streaming.example.social has come to the edge yet. Point DNS of streaming.example.social at the entrance of streaming.example.social:"
                + " until the cutover the edge there passes every request on to the source.");
        assertThat(edge.byHand(Side.SOURCE)).singleElement().asString().startsWith("Point DNS of streaming.example.social");
        front.lastRequests.put(STREAMING, Duration.ZERO);
        assertThat(edge.weight(100)).isInstanceOf(Provisioned.Ready.class);
        assertThat(edge.byHand(Side.SOURCE)).isEmpty();
        assertThat(edge.byHand(Side.TARGET)).isEmpty();
    }

    @Test
    void neverRemovesTheEdgeWhileUsersComeThroughIt() {
        front.lastRequests.put(WEB, Duration.ofSeconds(100));
        assertThat(edge.restore()).isInstanceOf(Provisioned.Working.class);
        assertThat(edge.restore().message()).startsWith("users still come. Point DNS back to where it led before the migration");
        assertThat(front.asked).isEmpty();
        front.lastRequests.put(WEB, ManualDnsEdge.LEFT_ALONE);
        assertThat(edge.restore()).isInstanceOf(Provisioned.Ready.class);
        assertThat(front.asked).containsExactly("remove");
    }

    @Test
    void anEdgeThatNobodyWasLedToGoesAtOnce() {
        assertThat(edge.restore()).isInstanceOf(Provisioned.Ready.class);
        assertThat(front.asked).containsExactly("remove");
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
