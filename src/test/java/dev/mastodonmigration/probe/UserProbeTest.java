package dev.mastodonmigration.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which answers are Mastodon's. */
class UserProbeTest {
    private static final String JSON = "application/json; charset=utf-8";
    private static final String HTML = "text/html; charset=utf-8";
    private static final String CLOSED = "{\"error\":\"This method requires an authenticated user\"}";
    private static final Answer PAGE = new Answer(200, HTML, "", "<script id=\"initial-state\">{}</script>");

    private static Answer json(int status, String body) {
        return new Answer(status, JSON, "", body);
    }

    private static Answer text(int status, String body) {
        return new Answer(status, "text/plain", "", body);
    }

    private static Answer redirect(String to) {
        return new Answer(302, HTML, to, "");
    }

    @Test
    void whatMastodonAnswersIsGood() {
        var good = Map.of(
                UserProbe.WEB_PAGE, List.of(PAGE, redirect("https://www.example.social/@alice"), redirect("/auth/sign_in")),
                UserProbe.INSTANCE, List.of(json(200, "{\"domain\":\"example.social\"}"), json(401, CLOSED)),
                UserProbe.PUBLIC_TIMELINE, List.of(json(200, "[]"), json(200, "[{\"id\":\"1\"}]"), json(401, CLOSED), json(422, CLOSED)),
                UserProbe.WEBFINGER, List.of(new Answer(200, "application/jrd+json; charset=utf-8", "", "{\"subject\":\"acct:example.social@example.social\"}")),
                UserProbe.STREAMING, List.of(text(200, "OK")),
                UserProbe.WEBSOCKET, List.of(text(401, ""), new Answer(UserProbe.SWITCHING, "", "", "")));
        assertThat(good).containsOnlyKeys(UserProbe.values());
        good.forEach((probe, answers) -> answers.forEach(answer -> assertThat(probe.fault(answer, StubMastodon.NAMES)).as(probe + " " + answer).isEmpty()));
    }

    @Test
    void whatSomebodyElseAnswersIsNot() {
        var elsewhere = new Answer(200, HTML, "", "<h1>Welcome to nginx!</h1>");
        var bad = Map.of(
                UserProbe.WEB_PAGE, List.of(elsewhere, json(200, "initial-state"), redirect("https://www.example.social/"), redirect("https://example-web.herokuapp.com/about"), redirect("")),
                UserProbe.INSTANCE, List.of(elsewhere, json(200, "{\"domain\":\"other.social\"}"), json(200, ""), json(200, "{"), text(401, "Authorization Required"), json(404, CLOSED)),
                UserProbe.PUBLIC_TIMELINE, List.of(elsewhere, json(200, "{}"), text(403, "no"), json(500, CLOSED)),
                UserProbe.WEBFINGER, List.of(elsewhere, json(200, "{\"subject\":\"acct:other.social@other.social\"}"), json(401, CLOSED), text(404, "")),
                UserProbe.STREAMING, List.of(elsewhere, text(404, "")),
                UserProbe.WEBSOCKET, List.of(elsewhere, json(401, "{\"error\":\"Missing access token\"}"), text(404, ""), text(400, "")));
        assertThat(bad).containsOnlyKeys(UserProbe.values());
        bad.forEach((probe, answers) -> answers.forEach(answer -> assertThat(probe.fault(answer, StubMastodon.NAMES)).as(probe + " " + answer).isPresent()));
        for (var probe : UserProbe.values()) {
            for (var status : List.of(500, 502, 503, 504)) {
                assertThat(probe.fault(text(status, "no"), StubMastodon.NAMES)).as(probe + " " + status).hasValue("is answered with " + status + " (no)");
            }
        }
    }

    @Test
    void whatIsWrongIsSaidWithWhatItMeans() {
        assertThat(UserProbe.WEB_PAGE.fault(redirect("https://www.example.social/"), StubMastodon.NAMES)).hasValueSatisfying(what -> assertThat(what).contains("302 to https://www.example.social/", "X-Forwarded-Proto: https"));
        assertThat(UserProbe.INSTANCE.fault(new Answer(403, HTML, "", "<h1>Blocked hosts</h1>"), StubMastodon.NAMES)).hasValueSatisfying(what -> assertThat(what).contains("403", "LOCAL_DOMAIN, WEB_DOMAIN"));
        assertThat(UserProbe.WEBSOCKET.message("is answered with 500", Endpoint.overTls("lb.example.net"), StubMastodon.NAMES)).isEqualTo("A websocket does not answer users as it should since the target took over: "
                + "wss://streaming.example.social/api/v1/streaming, asked at https://lb.example.net, is answered with 500. Timelines do not move by themselves: users have to reload. Look at the log of streaming for what"
                + " Postgres answers it, and whether what stands in front passes on \"Upgrade\" and \"Connection\".");
        assertThat(UserProbe.STREAMING.fault(text(502, "x".repeat(5000)), StubMastodon.NAMES)).hasValueSatisfying(what -> assertThat(what).hasSizeLessThan(200));
    }

    @Test
    void nobodySeesThatItWasAsked() {
        assertThat(Arrays.stream(UserProbe.values()).map(probe -> probe.path(StubMastodon.NAMES))).containsExactly("/", "/api/v2/instance", "/api/v1/timelines/public?local=true&limit=1",
                "/.well-known/webfinger?resource=acct%3Aexample.social%40example.social", "/api/v1/streaming/health", "/api/v1/streaming");
    }

    @Test
    void anAddressOfVersionSixIsOneOfAUri() {
        assertThat(Endpoint.overTls("2001:db8::7", "192.0.2.7")).hasToString("Endpoint[web=https://[2001:db8::7], streaming=https://192.0.2.7]");
    }
}
