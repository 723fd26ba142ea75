package dev.mastodonmigration.source.heroku;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mastodonmigration.api.MastodonMigrationStatus.AssetKind;
import dev.mastodonmigration.embedded.HerokuStub.Fault;
import dev.mastodonmigration.embedded.HerokuStubApp;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.source.Retirement.Asset;
import dev.mastodonmigration.source.Source.Arrivals;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who still comes to a stopped app by the instance's own names, as the log of its router tells it. */
class HerokuRouterLogTest {
    private static final Instant WRITABLE = Instant.parse("2026-11-22T20:00:00Z");
    private static final List<String> HOSTS = List.of("www.example.social", "streaming.example.social");
    @AutoClose
    private final ExampleSource example = new ExampleSource();

    private Optional<Arrivals> arrivals() {
        return example.source().arrivals(List.of(asset(example.streaming), asset(example.web)), HOSTS, WRITABLE);
    }

    private static Asset asset(HerokuStubApp app) {
        return new Asset(AssetKind.App, app.id(), app.name(), app.name(), "", Optional.empty(), "");
    }

    private static Instant after(int minutes) {
        return WRITABLE.plusSeconds(60L * minutes);
    }

    @Test
    void theNewestOfBothAppsAndHowManyAreInTheLog() {
        assertThat(arrivals()).isEmpty();
        example.web.log().came(after(1), "www.example.social", "/inbox");
        example.web.log().came(after(7), "WWW.example.social:443", "/api/v1/timelines/home?limit=40");
        example.streaming.log().came(after(5), "streaming.example.social", "/api/v1/streaming");
        assertThat(arrivals()).contains(new Arrivals(3, after(7), "www.example.social", after(1)));
    }

    @Test
    void whoComesByHerokusOwnNameOrCameBeforeDoesNotCount() {
        example.web.log().came(after(9), "example-web-0123456789ab.herokuapp.com", "/.env");
        example.web.log().came(after(9), "www.example.social.evil.example.net", "/");
        example.web.log().came(after(9), "evil.example.net", "/?\u00a0host=www.example.social");
        example.web.log().came(after(0), "www.example.social", "/");
        example.web.log().came(after(-3), "www.example.social", "/");
        assertThat(arrivals()).isEmpty();
    }

    /** Somebody switched maintenance mode off: the router says that no web process runs. */
    @Test
    void whateverTheRouterSaysOfARequestItCame() {
        example.web.log().line(after(3), "heroku[router]", "at=error code=H14 desc=\"No web processes running\" method=POST path=\"/inbox\" host=www.example.social request_id=x fwd=\"203.0.113.7\" dyno= connect= service= status=503 bytes=");
        assertThat(arrivals()).contains(new Arrivals(1, after(3), "www.example.social", after(3)));
    }

    @Test
    void whatOthersLogIsNoRequest() {
        example.web.log().line(after(3), "app[web.1]", "host=www.example.social");
        example.web.log().line(after(3), "heroku[web.1]", "Stopping all processes with SIGTERM host=www.example.social");
        example.web.log().line(after(3), "heroku[router]", "at=info code=H80 path=\"/ host=www.example.social \" host=other.example.net");
        assertThat(arrivals()).isEmpty();
    }

    @Test
    void aFullLogShowsWhoCameLast() {
        example.web.log().came(after(1), "www.example.social", "/");
        for (int i = 0; i < 1600; i++) {
            example.web.log().came(after(2), i < 800 ? "www.example.social" : "scanned.herokuapp.com", "/" + "x".repeat(200));
        }
        assertThat(arrivals()).contains(new Arrivals(700, after(2), "www.example.social", after(2)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"<html>sign in to this network</html>", "{\"id\":\"x\"}"})
    void whatIsNoLogIsNotTakenForAnEmptyOne(String text) {
        example.web.log().raw(text);
        assertThat(catchThrowableOfType(OutsideException.class, this::arrivals).mayPass()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(names = {"CUT_OFF", "NOT_JSON", "ANOTHER_SHAPE", "LOST_ANSWER", "UNAVAILABLE", "FORBIDDEN"})
    void anAnswerThatIsMissingIsNotTakenForNobody(Fault fault) {
        example.web.log().came(after(1), "www.example.social", "/inbox");
        for (int first = 1; first <= 4; first++) {
            for (int number = first; number < first + 12; number++) {
                example.heroku.failCall(number, fault);
            }
            // Either it is said that a log could not be read, or what the other one says is there.
            catchThrowableOfType(OutsideException.class, () -> assertThat(arrivals()).contains(new Arrivals(1, after(1), "www.example.social", after(1))));
            example.heroku.clearFaults();
        }
    }

    /** Two exchanges with each app, in any order. */
    @ParameterizedTest
    @EnumSource(names = {"CUT_OFF", "LOST_ANSWER", "UNAVAILABLE"})
    void oneAnswerThatIsLostIsAskedForAgain(Fault fault) {
        example.web.log().came(after(1), "www.example.social", "/inbox");
        for (int number = 1; number <= 4; number++) {
            example.heroku.failCall(number, fault);
            assertThat(arrivals()).contains(new Arrivals(1, after(1), "www.example.social", after(1)));
            example.heroku.clearFaults();
        }
    }

    @ParameterizedTest
    @CsvSource({"403,forbidden,false", "404,not_found,false", "503,unavailable,true"})
    void whatIsRefusedIsSaid(int status, String id, boolean mayPass) {
        example.web.refuse("POST log-sessions", status, id, "Not for you.");
        assertThat(catchThrowableOfType(OutsideException.class, this::arrivals)).hasMessageContaining("Not for you").matches(refused -> refused.mayPass() == mayPass);
    }

    @Test
    void whatOneLogSaysIsNotLostWhereTheOtherIsRefused() {
        example.streaming.refuse("POST log-sessions", 403, "forbidden", "Not for you.");
        assertThat(catchThrowableOfType(OutsideException.class, this::arrivals)).as("that nobody came is not known").hasMessageContaining("Not for you");
        example.web.log().came(after(1), "www.example.social", "/inbox");
        assertThat(arrivals()).contains(new Arrivals(1, after(1), "www.example.social", after(1)));
    }

    /** Whoever has the address has the log. */
    @Test
    void theAddressStandsInNoMessage() {
        var gone = new HerokuCalls(example.heroku.url(), example.heroku.token(), Patience.BEFORE_ANYTHING, System.nanoTime());
        assertThat(catchThrowableOfType(HerokuException.class, () -> gone.text("example-web", URI.create(example.heroku.url() + "/sessions/s3cret?token=s3cret")))).hasMessageNotContaining("s3cret");
        for (int number = 2; number <= 13; number++) {
            example.heroku.failCall(number, Fault.CUT_OFF);
        }
        assertThat(catchThrowableOfType(OutsideException.class, this::arrivals)).hasMessageNotContaining("/sessions/");
    }

    @ParameterizedTest
    @CsvSource({"https://api.heroku.com,http://logs.example.net/x,false", "https://api.heroku.com,https://logs.example.net/x,true", "http://heroku.test,http://heroku.test/x,true", "http://heroku.test,ftp://heroku.test/x,false"})
    void nothingIsReadInTheClear(String api, String made, boolean may) {
        assertThat(new HerokuCalls(URI.create(api), "t", Patience.BEFORE_ANYTHING, System.nanoTime()).mayFollow(URI.create(made))).isEqualTo(may);
    }
}
