package dev.mastodonmigration.election;

import static dev.mastodonmigration.election.Election.Standing.ACTS;
import static dev.mastodonmigration.election.Election.Standing.LOST;
import static dev.mastodonmigration.election.Election.Standing.WAITS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ElectionTest {
    private static final Duration MOMENT = Duration.ofMillis(1);
    private final Shared leases = new Shared();
    private long now = Long.MAX_VALUE - Duration.ofSeconds(20).toNanos(); // nanoTime may overflow
    private final Election first = new Election(leases, "first", () -> now);
    private final Election second = new Election(leases, "second", () -> now);

    @Test
    void theFirstToLookActsAndTheOtherWaits() {
        assertThat(first.look()).isEqualTo(ACTS);
        assertThat(second.look()).isEqualTo(WAITS);
        assertThat(first.mayAct()).isTrue();
        assertThat(second.mayAct()).isFalse();
        assertThat(second.holder()).contains("first");
    }

    @Test
    void aHolderThatRenewsIsNeverFollowed() {
        first.look();
        for (int i = 0; i < 100; i++) {
            pass(Duration.ofSeconds(1));
            assertThat(first.look()).isEqualTo(ACTS);
            assertThat(second.look()).isEqualTo(WAITS);
        }
    }

    @Test
    void aKilledHolderIsFollowedOnceItsLeaseHasRunOut() {
        first.look();
        second.look();
        pass(Election.LEASE);
        assertThat(second.look()).isEqualTo(WAITS);
        pass(MOMENT);
        assertThat(second.look()).isEqualTo(ACTS);
    }

    @Test
    void aHolderMayNotActAnyMoreBeforeItsLeaseHasRunOut() {
        first.look();
        pass(Election.LEASE.minus(Election.SAFETY));
        assertThat(first.mayAct()).isFalse();
        assertThat(second.look()).isEqualTo(WAITS);
    }

    @Test
    void aHolderThatWasAsleepActsOnIfNobodyFollowedIt() {
        first.look();
        second.look();
        pass(Duration.ofSeconds(60));
        assertThat(first.mayAct()).isFalse();
        assertThat(first.look()).isEqualTo(ACTS);
        assertThat(first.mayAct()).isTrue();
        assertThat(second.look()).as("renewed just now, by the clock of the one who waits").isEqualTo(WAITS);
    }

    @Test
    void aHolderThatWasAsleepHasLostIfAnotherFollowedIt() {
        first.look();
        second.look();
        pass(Election.LEASE.plus(MOMENT));
        assertThat(second.look()).isEqualTo(ACTS);
        assertThat(first.look()).isEqualTo(LOST);
        assertThat(first.mayAct()).isFalse();
    }

    @Test
    void anOrderlyStopLetsTheOtherActAtOnce() {
        first.look();
        second.look();
        first.letGo();
        assertThat(first.mayAct()).isFalse();
        assertThat(second.look()).isEqualTo(ACTS);
    }

    @Test
    void whoeverWaitsTakesNothingFromTheHolderByStopping() {
        first.look();
        second.look();
        second.letGo();
        assertThat(first.look()).isEqualTo(ACTS);
    }

    @Test
    void aPodWhoseContainerWasStartedAgainNeedNotWaitForItself() {
        first.look();
        assertThat(new Election(leases, "first", () -> now).look()).isEqualTo(ACTS);
    }

    @Test
    void theHolderActsOnWhenItsRenewalArrivedAndTheAnswerDidNot() {
        first.look();
        leases.loseNextAnswer = true;
        assertThatThrownBy(first::look).hasMessage("timeout");
        assertThat(first.mayAct()).isTrue();
        assertThat(first.look()).isEqualTo(ACTS);
    }

    @Test
    void aDeletedLeaseEndsTheHolderBecauseAnotherMayHoldANewOne() {
        first.look();
        leases.seen = Optional.empty();
        assertThat(first.look()).isEqualTo(LOST);
    }

    @Test
    void atNoMomentMayTwoActHoweverTheySleepAndAnswersAreLost() {
        for (int seed = 0; seed < 200; seed++) {
            var random = new Random(seed);
            leases.seen = Optional.empty();
            var all = new ArrayList<>(List.of(new Election(leases, "a", () -> now), new Election(leases, "b", () -> now), new Election(leases, "c", () -> now)));
            for (int step = 0; step < 300; step++) {
                pass(Duration.ofMillis(random.nextInt(10) == 0 ? random.nextInt(9000) : random.nextInt(600)));
                leases.loseNextAnswer = random.nextInt(10) == 0;
                var at = random.nextInt(all.size());
                try {
                    if (all.get(at).look() == LOST) {
                        all.set(at, new Election(leases, "n" + step, () -> now));
                    }
                } catch (IllegalStateException lost) {
                    assertThat(lost).hasMessage("timeout");
                }
                leases.loseNextAnswer = false;
                assertThat(all.stream().filter(Election::mayAct).count()).as("seed %d, step %d", seed, step).isLessThanOrEqualTo(1);
            }
        }
    }

    private void pass(Duration time) {
        now += time.toNanos();
    }

    /** The API server: each write has a new version. */
    private static final class Shared implements Leases {
        private Optional<Seen> seen = Optional.empty();
        private boolean loseNextAnswer;
        private int version;

        @Override
        public Optional<Seen> read() {
            return seen;
        }

        @Override
        public Optional<Seen> create(String holder, Duration duration) {
            return seen.isPresent() ? Optional.empty() : write(Optional.of(holder), duration);
        }

        @Override
        public Optional<Seen> hold(Seen known, String holder, Duration duration) {
            return isCurrent(known) ? write(Optional.of(holder), duration) : Optional.empty();
        }

        @Override
        public void letGo(Seen known) {
            if (isCurrent(known)) {
                write(Optional.empty(), known.duration());
            }
        }

        private boolean isCurrent(Seen known) {
            return seen.map(Seen::version).equals(Optional.of(known.version()));
        }

        private Optional<Seen> write(Optional<String> holder, Duration duration) {
            seen = Optional.of(new Seen(String.valueOf(++version), holder, duration));
            if (loseNextAnswer) {
                loseNextAnswer = false;
                throw new IllegalStateException("timeout");
            }
            return seen;
        }
    }
}
