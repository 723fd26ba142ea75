package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RdsCaTest {
    @Test
    void everyOneShippedIsARootOfRdsThatIsValidForYears() throws Exception {
        assertThat(RdsCa.all()).hasSizeGreaterThan(80);
        for (var pem : RdsCa.all()) {
            var certificate = RdsCa.certificate(pem);
            assertThat(certificate.getSubjectX500Principal().getName()).contains("O=Amazon Web Services\\, Inc.", "OU=Amazon RDS", " Root CA ");
            assertThat(certificate.getIssuerX500Principal()).isEqualTo(certificate.getSubjectX500Principal());
            certificate.verify(certificate.getPublicKey());
            assertThat(certificate.getBasicConstraints()).as("it may sign others").isNotNegative();
            certificate.checkValidity(Date.from(Instant.now().plus(Duration.ofDays(730))));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"us-east-1", "us-west-2", "eu-central-1", "eu-west-1", "eu-central-2", "ap-southeast-2", "sa-east-1", "ap-south-2"})
    void eachRegionIsGivenItsOwnAlone(String region) {
        var pem = RdsCa.of(region).orElseThrow();
        assertThat(pem.split("-----BEGIN")).as("RSA 2048, RSA 4096 and ECC").hasSize(4);
        assertThat(pem).hasSizeLessThan(8000);
    }

    @Test
    void aRegionWhoseAuthoritiesAreNotKnownHasNone() {
        assertThat(RdsCa.of("cn-north-1")).isEmpty();
        assertThat(RdsCa.of("ca-west-1")).as("newer than the list").isEmpty();
        assertThat(RdsCa.of("eu-central")).as("no beginning of a name").isEmpty();
    }
}
