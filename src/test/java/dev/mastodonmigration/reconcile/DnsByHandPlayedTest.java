package dev.mastodonmigration.reconcile;

import static dev.mastodonmigration.reconcile.PlayedSpec.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.NameLed;
import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.edge.ManualDnsEdge;
import dev.mastodonmigration.played.PlayedFront;
import dev.mastodonmigration.played.PlayedNameServers;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** An admin who leads users to the edge by hand, with the cutover approved beforehand: whoever has the old record when the freeze comes meets the source's maintenance page. */
class DnsByHandPlayedTest {
    private static final String WEB = "www.example.social";
    private static final String HEROKU = "calm-sea-1.herokudns.com.";
    private final PlayedFront front = new PlayedFront(new FrontAddress.Fixed(List.of("203.0.113.7")), Side.SOURCE);
    private final PlayedNameServers servers = new PlayedNameServers().with(WEB, "CNAME", HEROKU, 3600);

    private PlayedMigration played() {
        var played = PlayedMigration.of(PlayedSpec.route53(live()));
        played.edge = Optional.of(new ManualDnsEdge(front, List.of(WEB), Set.of(), servers));
        return played.until(status -> isTold(status, "Point DNS of www.example.social at"));
    }

    private static boolean isTold(MastodonMigrationStatus status, String words) {
        return status.findings.stream().anyMatch(finding -> finding.message.startsWith(words));
    }

    private static String message(MastodonMigrationStatus status) {
        return status.phases.stream().filter(record -> record.name.equals(status.phase)).map(record -> String.valueOf(record.message)).findFirst().orElse("");
    }

    private static NameLed web(MastodonMigrationStatus status) {
        return status.internal.byHand.names.getFirst();
    }

    private void come() {
        front.lastRequests.put(WEB, Duration.ofSeconds(1));
    }

    /** Until the phase is left. @return how long that took */
    private static Duration left(PlayedMigration played) {
        var from = played.now;
        played.until(status -> !"ShiftTraffic".equals(status.phase));
        return Duration.between(from, played.now);
    }

    private static void stays(PlayedMigration played, Duration time) {
        var from = played.now;
        played.until(status -> played.now.isAfter(from.plus(time)));
        assertThat(played.status.phase).isEqualTo("ShiftTraffic");
    }

    @Test
    void saysWhichRecordToSetToWhatAndFromWhat() {
        var played = played();
        assertThat(played.status.findings).anyMatch(finding -> finding.message.endsWith("Set www.example.social to A 203.0.113.7, TTL 60, and leave no other A, AAAA or CNAME record of it."
                + " What was there when it was looked at first: CNAME calm-sea-1.herokudns.com, TTL 3600."));
    }

    @Test
    void theAdminsOwnRequestIsNotTheWorldsAndTheOldTtlIsWaitedOut() {
        var played = played();
        come();
        stays(played, Duration.ofHours(3));
        assertThat(message(played.status)).contains("its DNS still leads to the source");
        assertThat(isTold(played.status, "Point DNS of www.example.social at")).isTrue();

        servers.with(WEB, "A", "203.0.113.7", 60);
        played.until(status -> web(status).movedAt != null);
        var until = Instant.parse(web(played.status).rememberedUntil);
        assertThat(Duration.between(Instant.parse(web(played.status).movedAt), until)).isEqualTo(Duration.ofHours(1));
        played.until(status -> message(status).contains("may remember the old records (CNAME calm-sea-1.herokudns.com, TTL 3600) until " + until.truncatedTo(ChronoUnit.SECONDS)));
        assertThat(isTold(played.status, "Point DNS")).isFalse();
        assertThat(left(played)).isBetween(Duration.ofMinutes(58), Duration.ofMinutes(62));
        assertThat(played.now).isAfterOrEqualTo(until);
    }

    @Test
    void aTtlThatTheAdminLoweredIsForgottenOnlyAfterTheOldOne() {
        var played = played();
        servers.with(WEB, "CNAME", HEROKU, 60);
        stays(played, Duration.ofMinutes(20));
        come();
        servers.with(WEB, "A", "203.0.113.7", 60);
        assertThat(left(played)).isBetween(Duration.ofMinutes(37), Duration.ofMinutes(42));
    }

    @Test
    void nobodyWaitsForLongerThanADay() {
        servers.with(WEB, "CNAME", HEROKU, 604_800);
        var played = played();
        come();
        servers.with(WEB, "A", "203.0.113.7", 60);
        assertThat(left(played)).isBetween(Duration.ofHours(23), Duration.ofHours(25));
    }

    @Test
    void oneOfTheNameServersThatStillHasTheOldRecordHoldsItUp() {
        var played = played();
        come();
        servers.at(PlayedNameServers.FIRST, WEB, "A", "203.0.113.7", 60);
        stays(played, Duration.ofHours(3));
    }

    @Test
    void whatTheAdminPutsBackIsWaitedForAgain() {
        var played = played();
        come();
        servers.with(WEB, "A", "203.0.113.7", 60);
        played.until(status -> web(status).movedAt != null);
        servers.with(WEB, "CNAME", HEROKU, 3600);
        stays(played, Duration.ofHours(3));
        servers.with(WEB, "A", "203.0.113.7", 60);
        assertThat(left(played)).isGreaterThan(Duration.ofMinutes(58));
    }

    @Test
    void whereNameServersCannotBeAskedRequestsHaveToComeForSomeMinutesAndTheAdminIsTold() {
        servers.silent = true;
        var played = played();
        come();
        played.until(status -> message(status).contains("whether all of its users are led here cannot be told: Nobody answers. Look whether they are. If requests come until "));
        var come = Instant.parse(web(played.status).comeSince);
        left(played);
        assertThat(Duration.between(come, played.now)).isBetween(Duration.ofMinutes(5), Duration.ofMinutes(7));
        assertThat(played.status.findings).anySatisfy(finding -> {
            assertThat(String.valueOf(finding.severity)).isEqualTo("Warning");
            assertThat(finding.message).startsWith("Whether all users of www.example.social are led to the edge the operator could not tell: Nobody answers. Look yourself before the cutover");
        });
    }

    /** On a small one nobody may come for a while. */
    @Test
    void aPauseIsNoReasonToBeginAnew() {
        servers.silent = true;
        var played = played();
        come();
        stays(played, Duration.ofMinutes(3));
        front.lastRequests.put(WEB, Duration.ofMinutes(6));
        stays(played, Duration.ofMinutes(30));
        come();
        assertThat(left(played)).isLessThan(Duration.ofMinutes(2));
    }

    /** What the admin's own monitoring reaches, by an address of its own, are no users. */
    @Test
    void whatLedToTheSourceWhenItCouldBeAskedLastStillDoes() {
        servers.with(WEB, "CNAME", HEROKU, 60);
        var played = played();
        come();
        stays(played, Duration.ofMinutes(3));
        servers.silent = true;
        stays(played, Duration.ofHours(2));
        assertThat(message(played.status)).contains("its DNS led to the source when it could be asked last");
    }

    /** As of an alias that its provider resolves each time: one that counts down is no news, and nothing is waited for anew. */
    @Test
    void aTtlThatIsAnotherEachTimeIsNoNews() {
        servers.with(WEB, "A", "104.16.1.1", 300);
        var played = played();
        come();
        played.until(status -> message(status).contains("are not those of the edge"));
        var seen = web(played.status).ttlSeconds;
        for (var ttl = 299; ttl > 290; ttl--) {
            servers.with(WEB, "A", "104.16.1.1", ttl);
            stays(played, Duration.ofSeconds(10));
        }
        assertThat(web(played.status).ttlSeconds).isEqualTo(seen);
        assertThat(left(played)).isLessThan(Duration.ofMinutes(6));
    }

    /** Whatever the admin leads its own name to, it is not told. */
    @Test
    void addressesOfAProxyThatStayAsTheyAreHoldNothingUpForEver() {
        servers.with(WEB, "A", "104.16.1.1", 300);
        var played = played();
        come();
        played.until(status -> message(status).contains("its records, A 104.16.1.1, are not those of the edge, as where a proxy stands in front of it"));
        assertThat(left(played)).isBetween(Duration.ofMinutes(4), Duration.ofMinutes(7));
    }

    /** Requests came all the time, as those of the admin's own monitoring do: that says nothing of users who were led to the source until now. */
    @Test
    void whoeverLeadsAwayFromTheSourceToAProxyHasTheOldTtlWaitedOut() {
        servers.with(WEB, "CNAME", HEROKU, 7200);
        var played = played();
        come();
        stays(played, Duration.ofHours(3));
        servers.with(WEB, "A", "104.16.1.1", 300);
        assertThat(left(played)).isBetween(Duration.ofMinutes(118), Duration.ofMinutes(122));
    }

    @Test
    void aNameServerThatIsSilentForOnceDoesNotEndTheWait() {
        var played = played();
        come();
        stays(played, Duration.ofHours(3));
        servers.silent = true;
        stays(played, Duration.ofMinutes(30));
        servers.silent = false;
        stays(played, Duration.ofHours(3));
    }

    @Test
    void behindTheAdminsOwnLoadBalancerAnotherNameThanBeforeIsEnough() {
        front.address = Optional.empty();
        var played = played();
        come();
        stays(played, Duration.ofHours(2));
        servers.with(WEB, "CNAME", "lb.example.net.", 60);
        assertThat(left(played)).isBetween(Duration.ofMinutes(58), Duration.ofMinutes(62));
    }
}
