package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AwsNamesTest {
    @ParameterizedTest
    @ValueSource(strings = {"example-social", "a", "sg-1", "0.example.social", "a--b..c", "very-long-name-of-an-instance-that-goes-on-and-on-until-nobody-reads-it-any-more.example"})
    void everyNameIsOneThatRdsTakes(String migration) {
        var name = new AwsNames("mastodon", migration, "uid-1").name();
        assertThat(name).hasSizeLessThanOrEqualTo(63).matches("[a-z][a-z0-9-]*[a-z0-9]").doesNotContain("--").doesNotStartWith("sg-");
        assertThat(name).isEqualTo(new AwsNames("mastodon", migration, "uid-1").name()).isNotEqualTo(new AwsNames("mastodon", migration, "uid-2").name());
    }

    @ParameterizedTest
    @ValueSource(strings = {"example-social", "a", "redis", "0.example.social", "a--b..c", "very-long-name-of-an-instance-that-goes-on-and-on-until-nobody-reads-it-any-more.example"})
    void everyNameOfACacheIsOneThatElastiCacheTakesAndNoneOfPostgres(String migration) {
        var names = new AwsNames("mastodon", migration, "uid-1");
        assertThat(names.cacheName()).hasSizeLessThanOrEqualTo(40).matches("[a-z][a-z0-9-]*[a-z0-9]").doesNotContain("--").isNotEqualTo(names.name());
        assertThat(names.cacheName()).isNotEqualTo(new AwsNames("mastodon", migration, "uid-2").cacheName());
    }

    @Test
    void onlyOurOwnTagIsOurs() {
        var names = new AwsNames("mastodon", "example-social", "uid-1");
        assertThat(names.areOn(names.tags())).isTrue();
        assertThat(names.areOn(Map.of())).isFalse();
        assertThat(names.areOn(new AwsNames("mastodon", "example-social", "uid-2").tags())).isFalse();
    }
}
