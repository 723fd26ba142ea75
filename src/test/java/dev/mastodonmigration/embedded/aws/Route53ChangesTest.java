package dev.mastodonmigration.embedded.aws;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Simple sets become weighted ones in one batch, and back. */
class Route53ChangesTest {
    private static final String SIMPLE = set("www", "", "192.0.2.1");
    private static final String OLD = set("www", "<SetIdentifier>old</SetIdentifier><Weight>255</Weight>", "192.0.2.1");
    private static final String NEW = set("www", "<SetIdentifier>new</SetIdentifier><Weight>0</Weight>", "192.0.2.2");

    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    private String zone;

    @BeforeEach
    void aZoneWithASimpleSet() throws IOException {
        var made = aws.client().route53("POST", "hostedzone", "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Name>example.social</Name>"
                + "<CallerReference>one</CallerReference></CreateHostedZoneRequest>");
        zone = WireClient.value(made, "Id").replace("/hostedzone/", "");
        assertThat(change("CREATE", SIMPLE).isSuccess()).isTrue();
        // Neighbours that share a name, or an identifier, with what is changed.
        change("CREATE", set("api", "<SetIdentifier>old</SetIdentifier><Weight>1</Weight>", "192.0.2.9"));
        change("CREATE", set("mail", "", "192.0.2.8"));
    }

    @Test
    void simpleBecomesWeightedInOneBatchAndBackAgain() throws IOException {
        assertThat(change("DELETE", SIMPLE, "CREATE", OLD, "CREATE", NEW).code()).isEmpty();
        assertThat(sets("www.example.social.")).containsExactlyInAnyOrder("old 255 192.0.2.1", "new 0 192.0.2.2");

        assertThat(change("UPSERT", OLD.replace("255", "128"), "UPSERT", NEW.replace(">0<", ">127<")).code()).isEmpty();
        assertThat(sets("www.example.social.")).containsExactlyInAnyOrder("old 128 192.0.2.1", "new 127 192.0.2.2");

        assertThat(change("DELETE", OLD.replace("255", "128"), "DELETE", NEW.replace(">0<", ">127<"), "CREATE", SIMPLE).code()).isEmpty();
        assertThat(sets("www.example.social.")).containsExactly("  192.0.2.1");
        assertThat(sets("api.example.social.")).containsExactly("old 1 192.0.2.9");
        assertThat(sets("mail.example.social.")).containsExactly("  192.0.2.8");
    }

    @Test
    void weightedBesideSimpleIsRefusedAndNothingOfTheBatchIsDone() throws IOException {
        assertThat(change("CREATE", set("new", "", "192.0.2.7"), "CREATE", OLD)).satisfies(answer -> {
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.code()).contains("InvalidChangeBatch");
            assertThat(answer.body()).contains("cannot be created as a non-weighted set exists with the same name and type");
        });
        // The deletion has to come first.
        assertThat(change("CREATE", OLD, "CREATE", NEW, "DELETE", SIMPLE).code()).contains("InvalidChangeBatch");
        assertThat(sets("new.example.social.")).isEmpty();
        assertThat(sets("www.example.social.")).containsExactly("  192.0.2.1");
    }

    @Test
    void aDeletionSaysTheExactValues() throws IOException {
        assertThat(change("DELETE", SIMPLE.replace("192.0.2.1", "192.0.2.99")).body()).contains("do not match the current values");
        assertThat(change("DELETE", SIMPLE.replace(">60<", ">61<")).body()).contains("do not match the current values");
        assertThat(change("DELETE", set("none", "", "192.0.2.1")).body()).contains("was not found");
        assertThat(sets("www.example.social.")).hasSize(1);
    }

    @Test
    void aSetIsCreatedOnce() throws IOException {
        var other = set("other", "", "192.0.2.5");

        assertThat(change("CREATE", SIMPLE).body()).contains("already exists");
        assertThat(change("CREATE", other, "CREATE", other).body()).contains("already exists");
        assertThat(sets("other.example.social.")).isEmpty();
        assertThat(change("CREATE", set("heavy", "<SetIdentifier>a</SetIdentifier><Weight>256</Weight>", "192.0.2.5")).code()).contains("InvalidChangeBatch");
    }

    @Test
    void aChangeIsPendingForSomeLooks() throws IOException {
        var change = WireClient.value(change("UPSERT", SIMPLE.replace(">60<", ">10<")), "Id");

        assertThat(status(change)).isEqualTo("PENDING");
        assertThat(status(change)).isEqualTo("PENDING");
        assertThat(status(change)).isEqualTo("INSYNC");
        assertThat(aws.client().route53("GET", "change/CNONE", "").code()).contains("NoSuchChange");
    }

    @Test
    void anAliasOfTheApexHasNoTtlAndGoesAsItCame() throws IOException {
        var alias = "<ResourceRecordSet><Name>example.social</Name><Type>A</Type><AliasTarget><HostedZoneId>Z215JYRZR1TBD5</HostedZoneId><DNSName>lb.example.com</DNSName>"
                + "<EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget></ResourceRecordSet>";

        assertThat(change("CREATE", alias).isSuccess()).isTrue();
        var listed = aws.client().route53("GET", "hostedzone/" + zone + "/rrset", "");
        assertThat(Xml.all(listed.document(), "ResourceRecordSet").stream().filter(set -> Xml.child(set, "AliasTarget").isPresent())).singleElement()
                .satisfies(set -> assertThat(Xml.child(set, "TTL")).isEmpty());
        assertThat(change("DELETE", alias).code()).isEmpty();
    }

    private String status(String change) throws IOException {
        return WireClient.value(aws.client().route53("GET", change.substring(1), ""), "Status");
    }

    /** A batch, as action, set, action, set. */
    private AwsAnswer change(String... changes) throws IOException {
        var batch = new StringBuilder();
        for (var at = 0; at < changes.length; at += 2) {
            batch.append("<Change><Action>").append(changes[at]).append("</Action>").append(changes[at + 1]).append("</Change>");
        }
        return aws.client().route53("POST", "hostedzone/" + zone + "/rrset/", "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">"
                + "<ChangeBatch><Changes>" + batch + "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>");
    }

    private static String set(String name, String weight, String... values) {
        var records = String.join("", Arrays.stream(values).map(value -> "<ResourceRecord><Value>" + value + "</Value></ResourceRecord>").toList());
        return "<ResourceRecordSet><Name>" + name + ".example.social</Name><Type>A</Type>" + weight + "<TTL>60</TTL><ResourceRecords>" + records + "</ResourceRecords></ResourceRecordSet>";
    }

    /** The sets of a name, each as identifier, weight and values. */
    private List<String> sets(String name) throws IOException {
        var listed = aws.client().route53("GET", "hostedzone/" + zone + "/rrset", "");
        return Xml.all(listed.document(), "ResourceRecordSet").stream().filter(set -> Xml.value(set, "Name").orElse("").equals(name))
                .map(set -> Xml.value(set, "SetIdentifier").orElse("") + " " + Xml.value(set, "Weight").orElse("") + " " + String.join(",", Xml.all(set, "Value").stream().map(value -> value.getTextContent()).toList())).toList();
    }
}
