package dev.mastodonmigration.mastodon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.mastodon.TrustedProxies.SetBy;
import dev.mastodonmigration.outside.Findings;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrustedProxiesTest {
    private static final String PRIVATE = "127.0.0.1/32 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fd00::/8";

    private static Findings of(String value, String... egress) {
        return TrustedProxies.of(new AppConfig("Heroku app example-web", Map.of("TRUSTED_PROXY_IP", value)), List.of(egress), SetBy.ADMIN);
    }

    @ParameterizedTest(name = "{0} covers {1}: {2}")
    @CsvSource({
        "203.0.113.7/32, 203.0.113.7, true", "203.0.113.7, 203.0.113.7/32, true", "203.0.113.0/24, 203.0.113.7/32, true", "203.0.113.9/24, 203.0.113.7/32, true", "203.0.113.0/29, 203.0.113.8/32, false",
        "203.0.113.7/32, 203.0.113.0/24, false", "0.0.0.0/0, 203.0.113.7/32, true", "0.0.0.0/0, 2001:db8::7/128, false", "::/0, 203.0.113.7/32, false", "2001:db8::/32, 2001:DB8:0:1::/64, true",
        "2001:db8::/64, 2001:db8:0:1::7, false", "172.16.0.0/12, 172.31.255.0/24, true", "172.16.0.0/12, 172.32.0.0/16, false"})
    void whatABlockCoversIsToldByItsFirstBits(String block, String other, boolean covers) {
        assertThat(AddressBlock.of(block).orElseThrow().covers(AddressBlock.of(other).orElseThrow())).isEqualTo(covers);
    }

    @ParameterizedTest
    @CsvSource({"example.social", "203.0.113.256", "203.0.113.7/33", "203.0.113.7/", "203.0.113/24", "2001:db8::/129", "::1::2", "uniquelocal", "203.0.113.7/x", "203.0.113.07/32", "203.0.113.7/032", "00.0.0.0/0"})
    void whatIsNoneIsNotLookedUpAsAName(String text) {
        assertThat(AddressBlock.of(text)).isEmpty();
    }

    @Test
    void whereItIsNotSetAllOfItIsSaid() {
        assertThat(of("").blockers()).singleElement().asString().contains("TRUSTED_PROXY_IP is not set", "for example to '" + PRIVATE + " 203.0.113.7/32' if that is 203.0.113.7.");
        assertThat(of("", "198.51.100.4/30", "2001:db8::/64").blockers()).singleElement().asString().endsWith("Set it to '" + PRIVATE + " 198.51.100.4/30 2001:db8::/64', which restarts the app.");
    }

    @Test
    void whatIsMissingIsAddedToWhatIsThere() {
        assertThat(of("103.21.244.0/22, 10.0.0.0/8", "203.0.113.7/32").blockers()).containsExactly("Heroku app example-web: TRUSTED_PROXY_IP does not cover 172.16.0.0/12, 192.168.0.0/16, 203.0.113.7/32 (of the private networks and"
                + " spec.edge.egressCidrs). With spec.edge Mastodon would take all users for one, the edge, and its rate limits would refuse most of them. Set it to"
                + " '103.21.244.0/22, 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 203.0.113.7/32', which restarts the app.");
        assertThat(of(PRIVATE + " 203.0.113.6", "203.0.113.7/32").blockers()).singleElement().asString().contains("does not cover 203.0.113.7/32 (");
        assertThat(of(PRIVATE + " 203.0.113.7", "203.0.113.7/32", "2001:db8::/64").blockers()).singleElement().asString().contains("does not cover 2001:db8::/64 (");
    }

    @Test
    void whatTheOperatorSetsIsNotedWithWhenAndToWhatAndRefusesNothing() {
        var app = new AppConfig("Heroku app example-web", Map.of("TRUSTED_PROXY_IP", "10.0.0.0/8"));
        assertThat(TrustedProxies.of(app, List.of("203.0.113.7/32"), SetBy.OPERATOR)).isEqualTo(new Findings(List.of(), List.of("Heroku app example-web: TRUSTED_PROXY_IP does not cover 172.16.0.0/12, 192.168.0.0/16, 203.0.113.7/32 (of the private"
                + " networks and spec.edge.egressCidrs). With spec.edge Mastodon would take all users for one, the edge, and its rate limits would refuse most of them. In ShiftTraffic, before anybody is led there, the operator sets it to"
                + " '10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 203.0.113.7/32', which restarts the app once, and sets it back when users are led back, or at the end of the migration. To choose the moment of the restart, set it to that yourself before.")));
        assertThat(TrustedProxies.of(new AppConfig("Heroku app example-web", Map.of()), List.of("203.0.113.7/32"), SetBy.OPERATOR).notes()).singleElement().asString().contains("TRUSTED_PROXY_IP is not set. ", "sets it to '" + PRIVATE + " 203.0.113.7/32'");
        assertThat(TrustedProxies.of(new AppConfig("Heroku app example-web", Map.of("TRUSTED_PROXY_IP", PRIVATE + " 203.0.113.7")), List.of("203.0.113.7/32"), SetBy.OPERATOR)).isEqualTo(Findings.NONE);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,203.0.113.7", "10.0.0.0/8 , 172.16.0.0/12  192.168.0.0/16 203.0.113.0/24", "loopback uniquelocal 203.0.113.7/32", "0.0.0.0/0"})
    void whatCoversAllOfItIsEnough(String value) {
        assertThat(of(value, "203.0.113.7/32")).isEqualTo(Findings.NONE);
    }

    @Test
    void whereTheAddressesAreNotKnownOnlyPrivateNetworksAloneAreNotedAndNothingIsRefused() {
        assertThat(of(PRIVATE).blockers()).isEmpty();
        assertThat(of(PRIVATE).notes()).singleElement().asString().contains("names private networks alone", "Set spec.edge.egressCidrs");
        assertThat(of("loopback,uniquelocal").notes()).hasSize(1);
        assertThat(of(PRIVATE + " 203.0.113.7")).isEqualTo(Findings.NONE);
        assertThat(of(PRIVATE + " 2001:db8::/64")).isEqualTo(Findings.NONE);
        assertThat(of("0.0.0.0/0")).isEqualTo(Findings.NONE);
        assertThat(of(PRIVATE + " somewhere")).as("what it means is not known").isEqualTo(Findings.NONE);
    }
}
