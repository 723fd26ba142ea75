package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.embedded.aws.RecordedCall;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.outside.SecretReader;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Users of the example are led from Heroku to a front, and back. */
@Tag("thorough")
@EnableKubernetesMockClient(crud = true, https = false)
class Route53Test {
    private static final String CHANGE = "route53:ChangeResourceRecordSets";
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    /** Set by the extension. */
    KubernetesClient client;
    private Route53World world;

    @BeforeEach
    void world() {
        world = new Route53World(client, aws.proxy(), Route53World.ON_HEROKU);
    }

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    void theTtlIsLoweredFirstAndTheOldOneWaitedOut() {
        var said = new ArrayList<String>();
        var looks = world.until(() -> {
            var look = world.edge().ensure();
            said.add(look.message());
            return look;
        });

        assertThat(world.records()).containsExactly("mail.example.social A 3600 192.0.2.8", "streaming.example.social CNAME 60 " + Route53World.HEROKU, "www.example.social CNAME 60 " + Route53World.HEROKU);
        assertThat(looks).filteredOn(look -> look.contains("may still remember the old records, which had a TTL of 300 s")).as("300 s, ten apart").hasSize(300 / 10 - 1);
        assertThat(said.getFirst()).contains("were kept in Secret", "www.example.social CNAME " + Route53World.HEROKU + ", TTL 300");
        assertThat(world.aws.calls().count(CHANGE)).isEqualTo(1);
    }

    @Test
    void whatWasThereIsKeptBeforeTheFirstChange() {
        world.edge().ensure();
        assertThat(world.ledgers().find().orElseThrow().ledger().before()).extracting(ZoneRecord::words).contains("www.example.social CNAME " + Route53World.HEROKU + ", TTL 300");
        assertThat(world.aws.calls().count(CHANGE)).isZero();
    }

    @Test
    void usersAreMovedStepByStepAndHeldAtEach() {
        var went = new LinkedHashSet<List<String>>();
        var said = world.until(() -> {
            went.add(world.records());
            return world.shift();
        });

        assertThat(said).anyMatch(look -> look.contains("every name server leads 10 % of users to " + Route53World.LB));
        assertThat(said).filteredOn(look -> look.contains("every name server leads 50 %")).as("two minutes, ten seconds apart").hasSize(120 / 10 - 1);
        assertThat(went.stream().map(List::toString).map(records -> records.replaceAll("mastodon-example-social-[0-9a-f]+-", ""))).as("every state that anybody could see").satisfiesExactly(
                before -> assertThat(before).contains("www.example.social CNAME 300 " + Route53World.HEROKU),
                lowered -> assertThat(lowered).contains("www.example.social CNAME 60 " + Route53World.HEROKU),
                ten -> assertThat(ten).contains("www.example.social CNAME#before=90 60 " + Route53World.HEROKU, "www.example.social CNAME#front=10 60 " + Route53World.LB, "streaming.example.social CNAME#front=10"),
                fifty -> assertThat(fifty).contains("www.example.social CNAME#before=50", "www.example.social CNAME#front=50"),
                all -> assertThat(all).isEqualTo("[mail.example.social A 3600 192.0.2.8, streaming.example.social CNAME 60 " + Route53World.LB + ", www.example.social CNAME 60 " + Route53World.LB + "]"));
        assertThat(world.aws.calls().count(CHANGE)).as("one batch for each state").isEqualTo(4);
        assertThat(world.aws.calls().of(CHANGE)).allMatch(call -> call.result().equals("200"));
    }

    @Test
    void oneLookMakesAtMostOneChange() {
        for (var look = 0; look < 40; look++) {
            world.aws.calls().clear();
            world.shift();
            assertThat(world.aws.calls().changes()).hasSizeLessThanOrEqualTo(1);
            world.pass(Duration.ofMinutes(1));
        }
        assertThat(world.records()).anyMatch(record -> record.contains(Route53World.LB));
    }

    @Test
    void undoPutsBackExactlyWhatWasThereFromEveryStep() {
        var before = world.records();
        for (var looks = 1; looks < 34; looks += 7) {
            for (var look = 0; look < looks; look++) {
                world.shift();
                world.pass(Duration.ofSeconds(90));
            }
            assertThat(world.until(world::restore).getLast()).isEqualTo("remove");
            assertThat(world.records()).as("after " + looks + " looks").isEqualTo(before);
            assertThat(client.secrets().inNamespace(Route53World.NAMESPACE).withName(world.ledgers().name()).get()).isNull();
            assertThat(world.restore()).as("once more, as after a crash").isInstanceOf(Provisioned.Ready.class);
        }
    }

    @Test
    void whoWasLedToTheFrontIsWaitedForBeforeItMayGo() {
        world.until(world::shift);
        var said = world.until(world::restore);
        assertThat(said).filteredOn(look -> look.contains("the world may remember the others for 60 s")).hasSize(60 / 10 - 1);
    }

    @Test
    void aRecordThatSomebodyChangedIsLeftAsItIsAndTheyAreToldWhatWasExpected() {
        world.until(() -> world.edge().ensure());
        world.account.records(world.zone, "DELETE www.example.social CNAME 60 " + Route53World.HEROKU, "CREATE www.example.social CNAME 60 other.example.net");
        var theirs = world.records();

        assertThatThrownBy(() -> world.until(world::shift)).isInstanceOfSatisfying(OutsideException.class, e -> assertThat(e.mayPass()).isFalse())
                .hasMessageContaining("Expected: www.example.social CNAME " + Route53World.HEROKU + ", TTL 60").hasMessageContaining("Found: www.example.social CNAME other.example.net, TTL 60").hasMessageContaining("goes on by itself");
        assertThatThrownBy(() -> world.until(world::restore)).hasMessageContaining("Found: www.example.social CNAME other.example.net").hasMessageContaining("as it was before the migration").hasMessageContaining("TTL 300");
        assertThat(world.records()).isEqualTo(theirs);

        world.account.records(world.zone, "DELETE www.example.social CNAME 60 other.example.net", "CREATE www.example.social CNAME 60 " + Route53World.HEROKU);
        world.until(world::shift);
        assertThat(world.records()).contains("www.example.social CNAME 60 " + Route53World.LB);
    }

    /** Once a change was made, what was there before it is as good as anything else of theirs. */
    @Test
    void whoTakesAChangeBackByHandIsNotOverruled() {
        world.until(() -> world.edge().ensure());
        world.shift();
        world.shift();
        assertThat(world.records()).anyMatch(record -> record.contains("-front=10 "));
        var share = world.names.name();
        for (var name : List.of(Route53World.WWW, Route53World.STREAMING)) {
            world.account.records(world.zone, "DELETE " + name + " CNAME#" + share + "-before=90 60 " + Route53World.HEROKU, "DELETE " + name + " CNAME#" + share + "-front=10 60 " + Route53World.LB,
                    "CREATE " + name + " CNAME 60 " + Route53World.HEROKU);
        }
        world.pass(Duration.ofMinutes(1));
        assertThatThrownBy(world::shift).hasMessageContaining("Somebody changed");
        assertThatThrownBy(world::restore).hasMessageContaining("Somebody changed");
    }

    @Test
    void oneThatSomebodyAddedBesideIsTheirsToo() {
        world.account.records(world.zone, "DELETE www.example.social CNAME 300 " + Route53World.HEROKU, "CREATE www.example.social A 300 192.0.2.1");
        world.front = new FrontAddress.Named(Route53World.LB, Optional.of(Route53World.LB_ZONE));
        world.until(() -> world.edge().ensure());
        world.account.records(world.zone, "CREATE www.example.social AAAA 300 2001:db8::1");
        assertThatThrownBy(() -> world.until(world::shift)).hasMessageContaining("Found: www.example.social AAAA 2001:db8::1");
    }

    /** Between our look and our change: Route 53 itself refuses the deletion of what is there no more, and with it the whole batch. */
    @Test
    void aChangeBetweenLookAndChangeIsNotOverwrittenEither() {
        world.edge().ensure();
        world.edge().ensure();
        var zone = new Zone(world.api.dns(), world.zone);
        var seen = zone.records(List.of(Route53World.WWW));
        world.account.records(world.zone, "DELETE www.example.social CNAME 300 " + Route53World.HEROKU, "CREATE www.example.social CNAME 300 other.example.net");

        assertThatThrownBy(() -> zone.change(seen, seen.stream().map(record -> record.withTtl(60)).toList(), "test")).hasMessageContaining("do not match the current values").hasMessageContaining("changed none");
        assertThat(world.records()).contains("www.example.social CNAME 300 other.example.net");
    }

    /** Whose second try Route 53 refuses, because the first was done. */
    @Test
    void theSdksOwnRepetitionOfALostAnswerIsNoRefusal() {
        world.edge().ensure();
        world.edge().ensure();
        world.aws.faults().next(CHANGE, new AwsFault.LostAnswer());
        var standard = new AwsClients(new AwsAt(world.aws.address()), new SecretReader(client)).of(world.migration);
        assertThat(world.dns(standard).prepare(world.front).message()).contains("the records were changed");
        assertThat(world.aws.calls().count(CHANGE)).isEqualTo(2);
        assertThat(world.until(() -> world.edge().ensure()).getLast()).contains("DNS is prepared");
    }

    @Test
    void apexByAliasHasIpv6BesideIpv4AndGoesBackToWhatItWas() {
        var records = List.of("example.social A alias:Z2FDTNDATAQYW2:d1.cloudfront.net", "example.social AAAA alias:Z2FDTNDATAQYW2:d1.cloudfront.net", "example.social MX 300 10_mail.example.net");
        try (var apex = new Route53World(client, aws.proxy(), records)) {
            apex.migration = apex.spec("steps: [20, 100], hold: 1m", "    webDomain: www.example.social                 # WEB_DOMAIN, if the instance has one\n", "",
                    "    streamingDomain: streaming.example.social     # where clients will find streaming; leave out to serve it under webDomain\n", "");
            apex.front = new FrontAddress.Named(Route53World.LB, Optional.of(Route53World.LB_ZONE));
            var before = apex.records();
            var went = new LinkedHashSet<List<String>>();
            apex.until(() -> {
                went.add(apex.records());
                return apex.shift();
            });
            assertThat(went.stream().map(List::toString)).anyMatch(seen -> seen.matches(".*example.social A#\\S+-before=80 alias:Z2FDTNDATAQYW2:d1.cloudfront.net.*") && seen.matches(".*example.social AAAA#\\S+-front=20 alias:" + Route53World.LB_ZONE + ".*"));
            assertThat(apex.records()).containsExactly("example.social A alias:" + Route53World.LB_ZONE + ":" + Route53World.LB, "example.social AAAA alias:" + Route53World.LB_ZONE + ":" + Route53World.LB, "example.social MX 300 10 mail.example.net");
            assertThat(apex.aws.calls().containing("<TTL>")).as("an alias has none").isEmpty();
            apex.until(apex::restore);
            assertThat(apex.records()).isEqualTo(before);
        }
    }

    @Test
    void nameServersAreAskedWhenRoute53SaysInSync() {
        world.before = Edge.Side.TARGET;
        world.until(() -> world.edge().ensure());
        world.server.lagBehind();
        var said = new ArrayList<String>();
        for (var look = 0; look < 20; look++) {
            said.add(world.edge().letGo(Edge.Side.TARGET).message());
            world.pass(Duration.ofSeconds(5));
        }
        assertThat(said).anyMatch(look -> look.contains("Route 53 hands the records"));
        assertThat(said.getLast()).contains("still answers " + Route53World.HEROKU);
        world.server.catchUp();
        assertThat(world.until(() -> world.edge().letGo(Edge.Side.TARGET)).getLast()).isEqualTo("DNS leads to " + Route53World.LB);
    }

    @Test
    void aNameServerThatIsSilentIsWaitedForAndNamed() {
        world.server.fallSilent();
        var said = new ArrayList<String>();
        for (var look = 0; look < 6; look++) {
            try {
                said.add(world.edge().ensure().message());
            } catch (OutsideException e) {
                assertThat(e.mayPass()).isTrue();
                said.add(e.getMessage());
            }
            world.pass(Duration.ofSeconds(5));
        }
        assertThat(said).anyMatch(look -> look.contains("did not say what it has") && look.contains("port 53"));
    }

    /** What the phase that opens the target does, ten times a second. */
    @Test
    void whereOnlyTheTargetIsBehindTheFrontDnsIsChangedAtOnceWhenItIsOpenAndRoute53IsNotFlooded() {
        world.before = Edge.Side.TARGET;
        assertThat(world.edge().steps()).isEmpty();
        world.until(() -> world.edge().ensure());
        world.aws.calls().clear();
        var dns = world.dns();
        var looks = 0;
        while (dns.leadAll(world.front) instanceof Provisioned.Working) {
            world.pass(Duration.ofMillis(100));
            assertThat(looks++).isLessThan(200);
        }
        assertThat(looks).isGreaterThan(40);
        assertThat(world.aws.calls().all().size()).as(world.aws.calls().all().toString()).isLessThan(25);
        assertThat(world.records()).contains("www.example.social CNAME 60 " + Route53World.LB, "streaming.example.social CNAME 60 " + Route53World.LB);
    }

    @Test
    void lettingGoToTheSourceChangesNothingThatWasNotMoved() {
        world.before = Edge.Side.TARGET;
        world.until(() -> world.edge().ensure());
        world.aws.calls().clear();
        assertThat(world.edge().letGo(Edge.Side.SOURCE)).isInstanceOf(Provisioned.Ready.class);
        assertThat(world.aws.calls().all()).isEmpty();

        world.until(() -> world.edge().letGo(Edge.Side.TARGET));
        world.until(() -> world.edge().letGo(Edge.Side.SOURCE));
        assertThat(world.records()).contains("www.example.social CNAME 60 " + Route53World.HEROKU);
    }

    @Test
    void aFrontThatIsCorrectedBeforeTheChangeIsTheOneThatCounts() {
        world.before = Edge.Side.TARGET;
        world.until(() -> world.edge().ensure());
        world.edge().letGo(Edge.Side.TARGET);
        world.front = new FrontAddress.Fixed(List.of("192.0.2.77"));
        world.until(() -> world.edge().letGo(Edge.Side.TARGET));
        assertThat(world.records()).contains("www.example.social A 60 192.0.2.77");
    }

    /** Preflight asks the same, of the front that the spec names then. */
    @Test
    void aFrontThatWasChangedForOneToWhichUsersCannotBeSharedOutTakesNoRecordAway() {
        world.until(() -> world.edge().ensure());
        world.front = new FrontAddress.Fixed(List.of("192.0.2.77"));
        assertThatThrownBy(() -> world.until(world::shift)).hasMessageContaining("cannot be moved step by step to 192.0.2.77").hasMessageContaining("spec.target.dns.route53.front");
        assertThat(world.records()).contains("www.example.social CNAME 60 " + Route53World.HEROKU, "streaming.example.social CNAME 60 " + Route53World.HEROKU);
    }

    /** A CNAME has nothing of a front of addresses beside it: shared out, its name would have no record at all. */
    @Test
    void usersWhoCannotBeSharedOutAreLedBackToWhereTheyWereBefore() {
        for (var look = 0; world.records().stream().noneMatch(record -> record.contains("-front=50 ")); look++) {
            assertThat(look).isLessThan(200);
            world.shift();
            world.pass(Route53World.APART);
        }
        world.front = new FrontAddress.Fixed(List.of("192.0.2.77"));
        world.until(() -> {
            assertThat(world.records()).as("no name is without a record").anyMatch(record -> record.startsWith("www.example.social ")).anyMatch(record -> record.startsWith("streaming.example.social "));
            return world.edge().lower(10);
        });
        assertThat(world.records()).contains("www.example.social CNAME 60 " + Route53World.HEROKU, "streaming.example.social CNAME 60 " + Route53World.HEROKU);
        assertThat(world.edge().share()).isZero();
    }

    @Test
    void noNameEverLosesAllItsRecords() {
        var zone = new Zone(world.api.dns(), world.zone);
        var seen = zone.records(List.of(Route53World.WWW, Route53World.STREAMING));
        var before = world.records();
        assertThatThrownBy(() -> zone.change(seen, List.of(), "test")).isInstanceOf(OutsideException.class).hasMessageContaining("www.example.social").hasMessageContaining("was left as it is");
        assertThatThrownBy(() -> zone.change(seen, seen.subList(0, 1), "test")).isInstanceOf(OutsideException.class).hasMessageContaining("streaming.example.social");
        assertThat(world.records()).isEqualTo(before);
    }

    @Test
    void namesThatWereEditedInMidMigrationAreNotGoneOnWith() {
        world.until(() -> world.edge().ensure());
        world.migration = world.spec("ttlSeconds: 60, hold: 2m", "    webDomain: www.example.social  ", "    webDomain: social.example.social");
        assertThatThrownBy(world::shift).hasMessageContaining("Put spec.instance.webDomain").hasMessageContaining("www.example.social");
    }

    @Test
    void onlyTheNamesOfTheSpecAreEverInAChange() {
        world.until(world::shift);
        world.until(world::restore);
        assertThat(world.aws.calls().changes()).isNotEmpty().allSatisfy(call -> assertThat(names(call)).containsOnly("www.example.social.", "streaming.example.social."));
        assertThat(world.aws.calls().containing("geheim")).isEmpty();
    }

    private static List<String> names(RecordedCall call) {
        var found = Pattern.compile("<Name>([^<]+)</Name>").matcher(call.call().body());
        return found.results().map(one -> one.group(1)).toList();
    }

    @Test
    void aSecretOfThatNameThatIsNotOursIsLeftAndNothingIsChanged() {
        world.ledgers().create(DnsLedger.of(world.zone, List.of(), List.of()));
        var secret = client.secrets().inNamespace(Route53World.NAMESPACE).withName(world.ledgers().name()).get();
        secret.getMetadata().setLabels(null);
        client.resource(secret).update();
        assertThatThrownBy(() -> world.edge().ensure()).hasMessageContaining("lacks the label");
        assertThatThrownBy(world::restore).hasMessageContaining("lacks the label");
        world.edge().forget();
        assertThat(client.secrets().inNamespace(Route53World.NAMESPACE).withName(world.ledgers().name()).get()).isNotNull();
        assertThat(world.aws.calls().count(CHANGE)).isZero();
    }
}
