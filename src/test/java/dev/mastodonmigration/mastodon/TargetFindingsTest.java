package dev.mastodonmigration.mastodon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.outside.Findings;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TargetFindingsTest {
    private static final Optional<String> CA = Optional.of("a certificate");
    private static final Optional<String> NO_CA = Optional.empty();

    @ParameterizedTest
    @ValueSource(strings = {"verify-ca", "verify-full"})
    void verifyingIsNothingToSayOfWithTheSystemsCasOrOnesOwn(String mode) {
        assertThat(TargetFindings.postgres("postgres://u:p@h/d?sslmode=" + mode, NO_CA)).isEqualTo(Findings.NONE);
        assertThat(TargetFindings.postgres("postgres://u:p@h/d?sslmode=" + mode, CA)).isEqualTo(Findings.NONE);
    }

    @Test
    void aCaMakesRequireVerify() {
        assertThat(TargetFindings.postgres("postgres://u:p@h/d?sslmode=require", CA)).isEqualTo(Findings.NONE);
        assertThat(TargetFindings.postgres("postgres://u:p@h/d?sslmode=require", NO_CA).notes()).singleElement().asString().contains("does not verify", "caSecretRef");
        assertThat(TargetFindings.postgres("postgres://u:p@h/d", CA)).isEqualTo(Findings.NONE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"disable", "allow", "prefer"})
    void aCaThatNobodyWouldLookAtIsRefused(String mode) {
        assertThat(TargetFindings.postgres("postgres://u:p@h/d?sslmode=" + mode, CA).blockers()).singleElement().asString().contains("sslmode=" + mode, "verify-full");
        assertThat(TargetFindings.postgres("postgres://u:p@h/d?sslmode=" + mode, NO_CA).notes()).singleElement().asString().contains("without TLS");
    }

    @Test
    void whatOnlyNodeKnowsIsRefused() {
        assertThat(TargetFindings.postgres("postgres://u:p@h/d?sslmode=no-verify", NO_CA).blockers()).singleElement().asString().contains("sslmode=no-verify", "require");
    }

    @Test
    void redisWithoutTlsTakesNoCa() {
        assertThat(TargetFindings.redis("redis://:p@h:6379", NO_CA)).isEqualTo(Findings.NONE);
        assertThat(TargetFindings.redis("rediss://:p@h:6379", CA)).isEqualTo(Findings.NONE);
        assertThat(TargetFindings.redis("redis://:p@h:6379", CA).blockers()).singleElement().asString().contains("Use rediss://");
    }

    @Test
    void urlsThatMastodonCouldNotUseAreRefusedAndNotQuoted() {
        assertThat(TargetFindings.postgres("postgres://u:geheim@h", NO_CA).blockers()).singleElement().asString().contains("database").doesNotContain("geheim");
        assertThat(TargetFindings.postgres("mysql://u:geheim@h/d", NO_CA).blockers()).singleElement().asString().contains("postgres://").doesNotContain("geheim");
        assertThat(TargetFindings.redis("http://u:geheim@h", NO_CA).blockers()).singleElement().asString().contains("rediss://").doesNotContain("geheim");
    }
}
