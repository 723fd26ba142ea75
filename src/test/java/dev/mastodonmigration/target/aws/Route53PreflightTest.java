package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.embedded.aws.AwsExtension;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.outside.Findings;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What stands in the way is said before anything is changed, in words that name the zone and the way out. */
@EnableKubernetesMockClient(crud = true, https = false)
class Route53PreflightTest {
    private static final String HEROKU = Route53World.HEROKU;
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

    private Findings look() {
        return world.edge().preflight();
    }

    /** The one blocker that there is. */
    private String blocker() {
        var found = look();
        assertThat(found.blockers()).hasSize(1);
        assertThat(world.aws.calls().changes()).isEmpty();
        return found.blockers().getFirst();
    }

    @Test
    void aZoneThatFitsHasNoBlockerAndTheAdminReadsWhatWillChange() {
        var found = look();
        assertThat(found.blockers()).isEmpty();
        assertThat(found.notes()).anySatisfy(note -> assertThat(note).contains("www.example.social CNAME " + HEROKU + ", TTL 300", "to streaming.example.social CNAME " + Route53World.LB, "An abort puts back"))
                .as("the edge says what becomes of it").noneMatch(note -> note.startsWith("DNS of example.social"));
        world.before = Edge.Side.TARGET;
        assertThat(look().notes()).anySatisfy(note -> assertThat(note).startsWith("DNS of example.social is not changed").contains("/.well-known/webfinger", "spec.instance.moveLocalDomain"));
        assertThat(world.aws.calls().changes()).isEmpty();
    }

    @Test
    void aZoneThatDoesNotExistOrIsPrivateOrHoldsOtherNames() {
        var zone = world.zone;
        assertThat(in("ZNONE")).contains("has no hosted zone ZNONE");
        var hidden = world.account.privateZone("example.social", world.account.networkOf(world.account.subnets("a").getFirst()));
        assertThat(in(hidden)).contains("is private", "Name the public one, as " + zone);
        assertThat(in(world.account.zone("example.org"))).contains("holds names of example.org., and not www.example.social, streaming.example.social");
        world.migration = world.spec("ttlSeconds: 60");
        assertThat(look().notes()).anySatisfy(note -> assertThat(note).contains("private hosted zones of the same name, as " + hidden));
    }

    private String in(String zone) {
        world.migration = world.spec("ttlSeconds: 60");
        world.migration.setSpec(Serialization.unmarshal(Serialization.asYaml(world.migration.getSpec()).replace(world.zone, zone),
                MastodonMigrationSpec.class));
        return blocker();
    }

    /** Two zones of one name: the world asks one of them. */
    @Test
    void aZoneThatTheWorldDoesNotAsk() {
        world.server.delegate("example.social.", "ns1.registrar.example");
        assertThat(blocker()).contains("would move nobody", "ns1.registrar.example.", "Name the zone that is in use");
    }

    @Test
    void aNameThatIsHandedToOtherNameServers() {
        world.account.records(world.zone, "DELETE streaming.example.social CNAME 300 " + HEROKU, "CREATE streaming.example.social NS 300 ns1.other.example");
        assertThat(look().blockers()).anySatisfy(words -> assertThat(words).contains("hands streaming.example.social. to other name servers"));
    }

    @Test
    void aNameWithoutARecordOrWithAWeightedOne() {
        world.account.records(world.zone, "DELETE streaming.example.social CNAME 300 " + HEROKU, "DELETE www.example.social CNAME 300 " + HEROKU, "CREATE www.example.social CNAME#mine=1 300 " + HEROKU);
        assertThat(look().blockers()).hasSize(2).anySatisfy(words -> assertThat(words).contains("streaming.example.social has no A, AAAA or CNAME record of its own", "wildcard"))
                .anySatisfy(words -> assertThat(words).contains("is weighted already"));
    }

    @Test
    void aFrontThatDnsLeadsToAlreadyOrThatIsOneOfTheNames() {
        world.front = new FrontAddress.Named(HEROKU, Optional.empty());
        world.migration = world.spec("ttlSeconds: 300");
        assertThat(blocker()).contains("DNS leads to " + HEROKU + " already");
        world.front = new FrontAddress.Named("www.example.social", Optional.empty());
        assertThat(blocker()).contains("is a name that is to be led there");
    }

    @Test
    void aCnameWhereThereCanBeNone() {
        world.account.records(world.zone, "DELETE www.example.social CNAME 300 " + HEROKU, "CREATE www.example.social A 300 192.0.2.1", "CREATE www.example.social MX 300 10_mail.example.net", "CREATE example.social A 300 192.0.2.1");
        world.before = Edge.Side.TARGET;
        assertThat(blocker()).contains("A CNAME of www.example.social.", "type MX", "front.hostedZoneId");
        world.migration = world.spec("ttlSeconds: 60", "    webDomain: www.example.social  ", "    webDomain: example.social  ");
        assertThat(look().blockers()).anySatisfy(words -> assertThat(words).contains("the CNAME of a zone's own name, which DNS does not allow"));
        world.front = new FrontAddress.Named(Route53World.LB, Optional.of(Route53World.LB_ZONE));
        assertThat(look().blockers()).isEmpty();
    }

    @Test
    void recordsThatCannotBeSharedOutAreNamedOnlyWhereTheyWouldBe() {
        world.front = new FrontAddress.Fixed(List.of("192.0.2.1"));
        assertThat(look().blockers()).hasSize(2).allSatisfy(words -> assertThat(words).contains("cannot be moved step by step"));
        world.before = Edge.Side.TARGET;
        assertThat(look().blockers()).isEmpty();
    }

    @Test
    void aCaaRecordThatSaysWhereTheCertificateMustComeFrom() {
        world.account.records(world.zone, "CREATE example.social CAA 300 0_issue_\"letsencrypt.org\"");
        assertThat(look().notes()).anySatisfy(note -> assertThat(note).contains("example.social. 0 issue \"letsencrypt.org\"", "must come from there"));
    }

    @Test
    void aNameServerThatCannotBeReached() {
        world.server.fallSilent();
        assertThat(look().blockers()).isNotEmpty().allSatisfy(words -> assertThat(words).contains("port 53"));
    }

    @Test
    void whatThePolicyDoesNotAllowIsSaidBesideTheRest() {
        world.aws.faults().whenever(call -> call.name().equals("route53:GetDNSSEC"), new AwsFault.Refused(403, "AccessDenied", "User: o is not authorized to perform: route53:GetDNSSEC"));
        world.account.records(world.zone, "DELETE www.example.social CNAME 300 " + HEROKU);
        assertThat(look().blockers()).hasSize(2).anySatisfy(words -> assertThat(words).contains("route53:GetDNSSEC"));
    }

    @Test
    void onceItHasBegunItsOwnChangesAreNoBlocker() {
        world.until(() -> world.edge().ensure());
        assertThat(look().blockers()).isEmpty();
    }

    @Test
    void whatTheSpecGetsWrongIsSaidWithoutAskingAnybody() {
        world.migration = world.spec("steps: [10, 100], hold: 5m");
        assertThat(world.ownEdge("").violations()).hasSize(3).anySatisfy(words -> assertThat(words).contains("front is required")).anySatisfy(words -> assertThat(words).contains("steps moves users step by step", "all at once"))
                .anySatisfy(words -> assertThat(words).contains("hold moves users step by step"));
        world.migration = world.spec("steps: [50, 10]");
        assertThat(world.dns().violations()).singleElement().asString().contains("steps must rise, and end with 100");
        world.migration = world.spec("front: {dnsName: " + Route53World.LB + "}");
        assertThat(world.ownEdge("").violations()).isEmpty();
        assertThat(world.ownEdge("").unhealthy()).isEmpty();
        assertThat(world.ownEdge("it is down").unhealthy()).hasValueSatisfying(words -> assertThat(words).startsWith("it is down. DNS will lead all users there"));
        assertThat(world.aws.calls().all()).isEmpty();
    }
}
