package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressRangeTest {
    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0/16", "0.0.0.0/0", "192.168.1.7/32", "2001:db8::/32", "::/0", "::1/128"})
    void whatEc2KeepsAsItIsWrittenIsRight(String range) {
        assertThat(AddressRange.fault(range)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"10.0.1.5/16, Write 10.0.0.0/16.", "2001:db8::1/32, Write 2001:db8:0:0:0:0:0:0/32.", "10.0.0.0/33, has a prefix longer than an address", "999.0.0.0/8, is no range of addresses",
        "1.2.3/24, is no range of addresses", "abc/8, is no range of addresses", "1::2::3/64, is no range of addresses"})
    void whatItWouldChangeOrRefuseIsTold(String range, String words) {
        assertThat(AddressRange.fault(range)).hasValueSatisfying(fault -> assertThat(fault).startsWith(range).contains(words));
    }
}
