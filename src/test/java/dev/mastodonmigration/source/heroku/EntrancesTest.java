package dev.mastodonmigration.source.heroku;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.OutsideException;
import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where Heroku takes requests for the instance's domains, and what an admin is told where it takes none. */
class EntrancesTest {
    private static final String WEB = "www.example.social";
    private static final String STREAMING = "streaming.example.social";
    @AutoClose
    private final ExampleSource example = new ExampleSource();

    /** Users come by www.example.social, and clients by streaming.example.social. */
    @BeforeEach
    void twoDomains() {
        example.migration.setSpec(Example.migration().getSpec());
    }

    private URI entrance(String domain) {
        return example.source().entrances(List.of(domain)).get(domain);
    }

    private OutsideException refused(String domain) {
        return catchThrowableOfType(OutsideException.class, () -> entrance(domain));
    }

    @Test
    void eachDomainHasTheNameThatHerokuGaveIt() {
        example.web.domain(WEB);
        example.streaming.domain(STREAMING);
        var found = example.source().entrances(SpecDefaults.hosts(example.migration.getSpec()));
        assertThat(found).containsOnlyKeys(WEB, STREAMING);
        assertThat(found.values()).doesNotHaveDuplicates().allSatisfy(uri -> assertThat(uri.toString()).startsWith("https://").endsWith(".herokudns.com"));
    }

    @Test
    void aDomainThatIsMissingIsNamedWithTheAppThatItBelongsTo() {
        assertThat(refused(WEB)).isInstanceOf(MissingInputException.class).hasMessageContaining("Heroku apps example-web, example-streaming have no custom domain www.example.social")
                .hasMessageContaining("`heroku domains:add www.example.social -a example-web`");
        example.web.domain(WEB);
        assertThat(refused(STREAMING)).isInstanceOf(MissingInputException.class).hasMessageContaining("`heroku domains:add streaming.example.social -a example-streaming`");
    }

    /** Heroku's certificate for it takes some minutes; telling the admin to add what is there would send him the wrong way. */
    @Test
    void oneThatHerokuStillPreparesIsWaitedFor() {
        example.web.domainInPreparation(WEB);
        assertThat(refused(WEB)).isNotInstanceOf(MissingInputException.class).matches(OutsideException::mayPass).hasMessageContaining("Heroku is still preparing the custom domain www.example.social of example-web")
                .hasMessageContaining("goes on by itself").hasMessageContaining("heroku domains -a example-web").hasMessageNotContaining("domains:add");
    }

    @ParameterizedTest
    @ValueSource(strings = {"*.example.social", "*.EXAMPLE.social"})
    void aWildcardStandsForOneLabel(String wildcard) {
        example.web.domain(wildcard);
        assertThat(entrance(WEB)).isEqualTo(entrance(STREAMING));
        for (var other : List.of("example.social", "a.b.example.social", "www.example.org", "social")) {
            assertThat(refused(other)).as(other).isInstanceOf(MissingInputException.class).hasMessageContaining("no custom domain " + other);
        }
    }

    /** As Heroku's router has it (devcenter.heroku.com/articles/custom-domains). */
    @Test
    void theVeryDomainGoesBeforeAWildcardOfTheOtherApp() {
        example.streaming.domain(STREAMING);
        var own = entrance(STREAMING);
        example.web.domain("*.example.social");
        assertThat(entrance(STREAMING)).isEqualTo(own).isNotEqualTo(entrance(WEB));
    }

    @Test
    void theVeryDomainIsWaitedForThoughAWildcardIsThere() {
        example.web.domain("*.example.social");
        example.streaming.domainInPreparation(STREAMING);
        assertThat(refused(STREAMING)).matches(OutsideException::mayPass).hasMessageContaining("example-streaming");
    }

    /** It has no cname either, and never will. */
    @Test
    void herokusOwnNameOfAnAppIsNoCustomDomain() {
        assertThat(refused("example-web-0123456789ab.herokuapp.com")).isInstanceOf(MissingInputException.class).hasMessageContaining("Heroku's own name").hasMessageNotContaining("domains:add");
    }
}
