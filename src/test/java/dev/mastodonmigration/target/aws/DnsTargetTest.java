package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.edge.FrontAddress;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What records become, as a table. */
class DnsTargetTest {
    private static final AwsNames NAMES = new AwsNames("mastodon", "example-social", "11111111-2222-3333-4444-555555555555");
    private static final FrontAddress LB = new FrontAddress.Named("lb.example.net", Optional.of("ZLB"));
    private static final FrontAddress NAMED = new FrontAddress.Named("lb.example.net", Optional.empty());
    private static final FrontAddress FIXED = new FrontAddress.Fixed(List.of("192.0.2.1", "2001:db8::1"));
    private static final ZoneRecord CNAME = ZoneRecord.simple("www.example.social.", "CNAME", 300, List.of("x.herokudns.com"));
    private static final ZoneRecord A = ZoneRecord.simple("www.example.social.", "A", 30, List.of("198.51.100.1"));
    private static final ZoneRecord AAAA = ZoneRecord.simple("www.example.social.", "AAAA", 300, List.of("2001:db8::99"));
    private static final ZoneRecord ALIAS = ZoneRecord.alias("www.example.social.", "A", "ZCF", "d1.cloudfront.net");

    private static DnsTarget of(ZoneRecord... before) {
        return new DnsTarget(List.of("www.example.social"), List.of(before), 60, NAMES);
    }

    private static List<ZoneRecord> split(DnsTarget target, int percent, FrontAddress front) {
        return ((DnsTarget.Split.Possible) target.split(percent, front)).records();
    }

    private static List<String> cannotSplit(DnsTarget target, FrontAddress front) {
        return target.split(50, front) instanceof DnsTarget.Split.Impossible impossible ? impossible.why() : List.of();
    }

    private static String words(List<ZoneRecord> records) {
        return ZoneRecord.words(records).replace(NAMES.name(), "ours").replace("www.example.social ", "");
    }

    @Test
    void aTtlIsOnlyEverLoweredAndAnAliasHasNone() {
        assertThat(words(of(CNAME).lowered())).isEqualTo("CNAME x.herokudns.com, TTL 60");
        assertThat(words(of(A, AAAA).lowered())).isEqualTo("A 198.51.100.1, TTL 30; AAAA 2001:db8::99, TTL 60");
        assertThat(of(ALIAS).lowered()).containsExactly(ALIAS);
    }

    @Test
    void inTheEndARecordIsWhatSuitsTheFront() {
        assertThat(words(of(CNAME).moved(LB))).isEqualTo("A alias of lb.example.net");
        assertThat(words(of(A, AAAA).moved(LB))).isEqualTo("A alias of lb.example.net; AAAA alias of lb.example.net");
        assertThat(words(of(A, AAAA).moved(NAMED))).isEqualTo("CNAME lb.example.net, TTL 60");
        assertThat(words(of(CNAME).moved(FIXED))).isEqualTo("A 192.0.2.1, TTL 60; AAAA 2001:db8::1, TTL 60");
    }

    @Test
    void whileUsersAreSharedOutARecordKeepsItsTypeAndAPairItsTtl() {
        assertThat(words(split(of(CNAME), 10, LB))).isEqualTo("CNAME lb.example.net, TTL 60, weight 10 as ours-front; CNAME x.herokudns.com, TTL 60, weight 90 as ours-before");
        assertThat(words(split(of(A), 50, FIXED))).isEqualTo("A 192.0.2.1, TTL 30, weight 50 as ours-front; A 198.51.100.1, TTL 30, weight 50 as ours-before");
        assertThat(words(split(of(ALIAS), 99, LB))).isEqualTo("A alias of d1.cloudfront.net, weight 1 as ours-before; A alias of lb.example.net, weight 99 as ours-front");
    }

    @Test
    void aFrontWithoutIpv6TakesNobodyByIt() {
        assertThat(words(split(of(A, AAAA), 50, new FrontAddress.Fixed(List.of("192.0.2.1"))))).doesNotContain("AAAA").contains("weight 50");
        assertThat(words(split(of(A, AAAA), 50, FIXED))).contains("AAAA 2001:db8::1, TTL 60, weight 50 as ours-front");
    }

    @Test
    void whatCannotBeSharedOutIsSaid() {
        assertThat(cannotSplit(of(CNAME), FIXED)).singleElement().asString().contains("www.example.social CNAME", "records of one type only");
        assertThat(cannotSplit(of(A), NAMED)).hasSize(1);
        assertThat(cannotSplit(of(ZoneRecord.simple("www.example.social.", "A", 60, List.of("198.51.100.1", "198.51.100.2"))), LB)).singleElement().asString().contains("has one value, and this has 2");
        assertThat(cannotSplit(of(CNAME), LB)).isEmpty();
        assertThat(cannotSplit(of(A, AAAA), new FrontAddress.Fixed(List.of("192.0.2.1")))).isEmpty();
    }
}
