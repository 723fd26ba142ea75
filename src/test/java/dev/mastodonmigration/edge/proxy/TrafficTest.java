package dev.mastodonmigration.edge.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.proxy.EdgeState.Mode;
import dev.mastodonmigration.edge.proxy.Traffic.Kind;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TrafficTest {
    private final Vertx vertx = Vertx.vertx();
    private final Traffic traffic = new Traffic(vertx, new EdgeState(Mode.SOURCE, 1), Duration.ofMillis(300), 2);

    @AfterEach
    void stop() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void whatIsHeldGoesToTheNewSideInTheOrderInWhichItCame() throws StateRefused {
        traffic.change(new EdgeState(Mode.HOLD, 2));
        var passed = new ArrayList<String>();
        traffic.admit(Kind.REQUEST).onSuccess(pass -> passed.add("first to " + pass.side()));
        traffic.admit(Kind.REQUEST).onSuccess(pass -> passed.add("second to " + pass.side()));
        assertThat(passed).isEmpty();
        assertThat(traffic.report().held()).isEqualTo(2);

        traffic.change(new EdgeState(Mode.TARGET, 3));
        assertThat(passed).containsExactly("first to TARGET", "second to TARGET");
        assertThat(traffic.report().held()).isZero();
        assertThat(traffic.report().underWay()).containsEntry(Side.TARGET, 2).containsEntry(Side.SOURCE, 0);
    }

    @Test
    void whoWaitsTooLongOrIsOneTooManyIsToldSo() throws StateRefused {
        traffic.change(new EdgeState(Mode.HOLD, 2));
        var waiting = List.of(traffic.admit(Kind.REQUEST), traffic.admit(Kind.REQUEST));
        assertThat(traffic.admit(Kind.REQUEST).cause()).isInstanceOf(Unavailable.class).hasMessageContaining("2 requests wait already");

        Awaitility.await().atMost(Duration.ofSeconds(5)).until(() -> waiting.stream().allMatch(one -> one.failed()));
        assertThat(waiting).allMatch(one -> one.cause() instanceof Unavailable);
        assertThat(traffic.report().held()).isZero();
        assertThat(traffic.report().refused()).isEqualTo(3);
    }

    @Test
    void howLongASideTakesIsCountedFromWhereARequestWaitsNoMore() throws StateRefused {
        var patient = new Traffic(vertx, new EdgeState(Mode.HOLD, 1), Duration.ofMinutes(1), 2);
        var pass = patient.admit(Kind.REQUEST);
        Awaitility.await().until(() -> patient.report().measured().longestHeldMillis() >= 500);
        patient.change(new EdgeState(Mode.TARGET, 2));
        pass.result().answered(200);
        var measured = patient.report().measured();
        assertThat(measured.total().get(Side.TARGET).latencyMillis()).isLessThan(500);
        assertThat(measured.longestHeldMillis()).as("also when it waits no more").isGreaterThanOrEqualTo(500);
        assertThat(measured.heldTotal()).isEqualTo(1);
    }

    @Test
    void websocketsThatComeBackTakeNoPlacesOfPosts() throws StateRefused {
        traffic.change(new EdgeState(Mode.HOLD, 2));
        var listening = List.of(traffic.admit(Kind.WEBSOCKET), traffic.admit(Kind.WEBSOCKET));
        assertThat(traffic.admit(Kind.WEBSOCKET).cause()).hasMessageContaining("2 websockets wait already");
        var post = traffic.admit(Kind.REQUEST);
        assertThat(traffic.report().held()).isEqualTo(3);
        traffic.change(new EdgeState(Mode.TARGET, 3));
        assertThat(post.succeeded() && listening.stream().allMatch(Future::succeeded)).isTrue();
        assertThat(traffic.report().held()).isZero();
    }

    @Test
    void noStateIsReplacedByAnOlderOneAndTheSameOneIsTakenTwice() throws StateRefused {
        traffic.change(new EdgeState(Mode.HOLD, 5));
        traffic.change(new EdgeState(Mode.HOLD, 5));
        assertThatThrownBy(() -> traffic.change(new EdgeState(Mode.SOURCE, 4))).isInstanceOf(StateRefused.class).hasMessageContaining("generation 5");
        assertThatThrownBy(() -> traffic.change(new EdgeState(Mode.SOURCE, 5))).isInstanceOf(StateRefused.class);
        assertThat(traffic.state()).isEqualTo(new EdgeState(Mode.HOLD, 5));
    }

    @Test
    void fromOneSideToTheOtherLeadsHoldAlone() throws StateRefused {
        assertThatThrownBy(() -> traffic.change(new EdgeState(Mode.TARGET, 2))).isInstanceOf(StateRefused.class).hasMessageContaining("HOLD alone");
        traffic.change(new EdgeState(Mode.HOLD, 2));
        traffic.change(new EdgeState(Mode.TARGET, 3));
        assertThatThrownBy(() -> traffic.change(new EdgeState(Mode.SOURCE, 4))).isInstanceOf(StateRefused.class);
    }

    @Test
    void whatLastsIsClosedWhenItsSideAnswersNoMoreAndNobodyWaitsForIt() throws StateRefused {
        var closed = new ArrayList<String>();
        var pass = traffic.admit(Kind.REQUEST).result();
        pass.lasts(() -> closed.add("the stream"));
        assertThat(traffic.report().underWay()).containsEntry(Side.SOURCE, 0);
        assertThat(traffic.report().lasting()).containsEntry(Side.SOURCE, 1);
        var late = traffic.admit(Kind.REQUEST).result();

        traffic.change(new EdgeState(Mode.HOLD, 2));
        assertThat(closed).containsExactly("the stream");
        late.lasts(() -> closed.add("one whose answer came after the change"));
        assertThat(closed).hasSize(2);
        pass.ended();
        pass.ended();
        late.ended();
        assertThat(traffic.report().lasting()).containsEntry(Side.SOURCE, 0);
    }
}
