package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.mastodonmigration.embedded.HerokuStub.Fault;
import dev.mastodonmigration.embedded.HerokuStub.Scope;
import dev.mastodonmigration.embedded.HerokuStubApp.ReleaseCommand;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The stub's answers have the shape of Heroku's: else everything that is tried on it is tried on nothing. */
class HerokuStubSchemaTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SCHEMAS = "/dev/mastodonmigration/embedded/heroku-platform-api.schema.json";
    private static final String APP = "example-web";
    @AutoClose
    private final HerokuStub heroku = HerokuStub.start();
    @AutoClose
    private final HttpClient http = HttpClient.newHttpClient();
    private HerokuStubApp app;

    @BeforeEach
    void fill() {
        heroku.delays(Duration.ZERO, Duration.ZERO);
        app = heroku.createApp(APP);
        app.formation("web", 2, "Standard-2X");
        app.formation("worker", 1, "Standard-1X");
        app.config("LOCAL_DOMAIN", "example.social");
        app.config("SMTP_PORT", "587");
        app.domain("www.example.social");
        app.addOn("heroku-postgresql", "standard-0", 50);
        app.addOn("scheduler");
        app.logDrain("https://u:p@logs.example.net/app");
        app.logDrainOf("papertrail-curved-1234");
        app.autoDeploy("example/mastodon");
        app.autoscale();
        app.attach(app.attached("heroku-postgresql", "standard-0", "postgres://u:p@db.example.net:5432/d", "DATABASE"), "DATABASE_CONNECTION_POOL", "connection-pooling:default");
        app.oneOff("run", "rails console");
    }

    private HttpResponse<String> call(String method, String path, String body) throws IOException, InterruptedException {
        return call(method, path, body, heroku.token(), "id");
    }

    private HttpResponse<String> call(String method, String path, String body, String token, String expanded) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(URI.create(heroku.url() + path)).header("Accept", "application/vnd.heroku+json; version=3").header("Authorization", "Bearer " + token)
                .header("Accept-Expansion", expanded).header("Content-Type", "application/json").method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body)).build(), BodyHandlers.ofString());
    }

    private static void demand(JsonNode answer, String definition) throws IOException {
        try (var schemas = HerokuStubSchemaTest.class.getResourceAsStream(SCHEMAS)) {
            var tree = (ObjectNode) JSON.readTree(schemas);
            tree.put("$ref", "#/$defs/" + definition);
            assertThat(JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(tree).validate(answer)).as(answer.toPrettyString()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"formation,formation", "dynos,dyno", "releases,release", "addon-attachments,addon-attachment", "addons,addon", "domains,domain", "log-drains,log-drain", "available-dyno-sizes,dyno-size", "formation/web/monitors,monitor"})
    void lists(String path, String definition) throws Exception {
        var answer = call("GET", "/apps/" + APP + "/" + path, "");
        assertThat(answer.statusCode()).isEqualTo(200);
        var items = JSON.readTree(answer.body());
        assertThat(items.isArray()).isTrue();
        assertThat(items).as("else nothing is shown").hasSizeGreaterThanOrEqualTo(2);
        for (var item : items) {
            demand(item, definition);
        }
    }

    /** Whoever has its address needs no token. */
    @Test
    void aLogSession() throws Exception {
        app.log().came(Instant.parse("2026-11-22T20:00:00.5Z"), "www.example.social", "/inbox");
        var answer = call("POST", "/apps/" + APP + "/log-sessions", "{\"source\":\"heroku\",\"lines\":1500,\"tail\":false}");
        assertThat(answer.statusCode()).isEqualTo(201);
        demand(JSON.readTree(answer.body()), "log-session");
        var log = http.send(HttpRequest.newBuilder(URI.create(JSON.readTree(answer.body()).path("logplex_url").asText())).build(), BodyHandlers.ofString());
        assertThat(log.body()).startsWith("2026-11-22T20:00:00.500+00:00 heroku[router]: at=info code=H80 ").contains(" host=www.example.social ").endsWith("\n");
    }

    /** The data service's. */
    @ParameterizedTest
    @CsvSource({"apps/example-web/transfers,transfer", "databases/%s/transfer-schedules,transfer-schedule"})
    void backups(String path, String definition) throws Exception {
        app.transfers().finished();
        app.transfers().pending();
        app.transfers().copy("IVORY");
        app.transfers().cancelled();
        app.transfers().schedule(5, "UTC");
        var answer = call("GET", "/client/v11/" + path.formatted(addOn()), "");
        assertThat(answer.statusCode()).isEqualTo(200);
        var items = JSON.readTree(answer.body());
        assertThat(items).as("else nothing is shown").isNotEmpty();
        for (var item : items) {
            demand(item, definition);
        }
    }

    @ParameterizedTest
    @CsvSource({"'',app", "/config-vars,config-vars", "/github,github"})
    void singleOnes(String path, String definition) throws Exception {
        for (var in : new String[] {"", "home"}) {
            if (!in.isEmpty()) {
                app.privateSpace(in);
            }
            demand(JSON.readTree(call("GET", "/apps/" + APP + path, "").body()), definition);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"id", "addon_service,plan"})
    void anAddOnByItsId(String expanded) throws Exception {
        var answer = call("GET", "/addons/" + addOn(), "", heroku.token(), expanded);
        assertThat(answer.statusCode()).isEqualTo(200);
        demand(JSON.readTree(answer.body()), "addon");
        assertThat(JSON.readTree(answer.body()).path("plan").has("price")).isEqualTo(expanded.contains("plan"));
    }

    @Test
    void whoUsesAnAddOn() throws Exception {
        heroku.createApp("example-streaming").attach(app.owned().names().getFirst(), "DATABASE");
        var users = JSON.readTree(call("GET", "/addons/" + addOn() + "/addon-attachments", "").body());
        assertThat(users).hasSize(3).anySatisfy(user -> assertThat(user.path("app").path("name").asText()).isEqualTo("example-streaming"));
        for (var user : users) {
            demand(user, "addon-attachment");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"failed", "expired"})
    void aReleaseOnceMore(String end) throws Exception {
        app.releaseCommand(new ReleaseCommand(Duration.ZERO, config -> false, end));
        var answer = call("POST", "/apps/" + APP + "/releases", "{\"slug\":\"" + releases().get(0).path("slug").path("id").asText() + "\",\"description\":\"Retry of v1\"}");
        assertThat(answer.statusCode()).isEqualTo(201);
        demand(JSON.readTree(answer.body()), "release");
        await().until(() -> releases().findValuesAsText("status").contains(end));
        for (var release : releases()) {
            demand(release, "release");
        }
    }

    private JsonNode releases() throws Exception {
        return JSON.readTree(call("GET", "/apps/" + APP + "/releases", "").body());
    }

    /** What is deleted is answered as it was; of a dyno nothing is. */
    @Test
    void deletions() throws Exception {
        demand(JSON.readTree(call("DELETE", "/apps/" + APP + "/dynos/web.1", "").body()), "nothing");
        demand(JSON.readTree(call("POST", "/apps/" + APP + "/dynos/run.1/actions/stop", "{}").body()), "nothing");
        var pool = JSON.readTree(call("GET", "/apps/" + APP + "/addon-attachments", "").body()).findParents("namespace").stream().filter(one -> one.path("namespace").isTextual()).findFirst().orElseThrow();
        for (var deleted : List.of(Map.entry("/addon-attachments/" + pool.path("id").asText(), "addon-attachment"), Map.entry("/apps/" + APP + "/addons/" + addOn(), "addon"), Map.entry("/apps/" + APP, "app"))) {
            var answer = call("DELETE", deleted.getKey(), "");
            assertThat(answer.statusCode()).as(deleted.getKey()).isEqualTo(200);
            demand(JSON.readTree(answer.body()), deleted.getValue());
        }
        assertThat(call("GET", "/apps/" + APP, "").statusCode()).isEqualTo(404);
    }

    private String addOn() throws Exception {
        return JSON.readTree(call("GET", "/apps/" + APP + "/addon-attachments", "").body()).get(0).path("addon").path("id").asText();
    }

    /** What a change answers is what was changed. */
    @Test
    void changes() throws Exception {
        demand(JSON.readTree(call("PATCH", "/apps/" + APP, "{\"maintenance\":true}").body()), "app");
        demand(JSON.readTree(call("PATCH", "/apps/" + APP + "/formation", "{\"updates\":[{\"type\":\"web\",\"quantity\":0}]}").body()).get(0), "formation");
        demand(JSON.readTree(call("PATCH", "/apps/" + APP + "/config-vars", "{\"SMTP_SERVER\":\"smtp.example.net\",\"LOCAL_DOMAIN\":null}").body()), "config-vars");
        var attached = call("POST", "/addon-attachments", "{\"app\":\"" + APP + "\",\"addon\":\"" + addOn() + "\",\"name\":\"SPARE\"}");
        assertThat(attached.statusCode()).isEqualTo(201);
        demand(JSON.readTree(attached.body()), "addon-attachment");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"GET|/apps/nobody||404", "PATCH|/apps/example-web|{\"name\":\"x\"}|422", "PATCH|/apps/example-web/formation|{\"updates\":[{\"type\":\"nothing\",\"quantity\":1}]}|404",
        "POST|/addon-attachments|{\"app\":\"example-web\",\"addon\":\"nothing\",\"name\":\"SPARE\"}|404", "PATCH|/apps/example-web/config-vars|{\"DATABASE_URL\":\"postgres://x\"}|422"})
    void refusals(String method, String path, String body, int status) throws Exception {
        var answer = call(method, path, body == null ? "" : body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        demand(JSON.readTree(answer.body()), "error");
    }

    @Test
    void refusalsOfTheTokenAndOfTheMoment() throws Exception {
        var path = "/apps/" + APP;
        var change = "{\"maintenance\":true}";
        refused(call("GET", path, "", "HRKU-another", "id"), 401, "unauthorized");
        refused(call("PATCH", path, change, heroku.token(Scope.READ_PROTECTED), "id"), 403, "forbidden");
        var taken = "{\"app\":\"" + APP + "\",\"addon\":\"" + addOn() + "\",\"name\":\"DATABASE\"}";
        refused(call("POST", "/addon-attachments", taken), 423, "confirmation_required");
        heroku.confirmationStatus(400);
        refused(call("POST", "/addon-attachments", taken), 400, "confirmation_required");
        heroku.busyAfterRelease(1);
        app.config("SMTP_PORT", "465");
        refused(call("PATCH", path, change), 409, "conflict");
        heroku.failNext(1, Fault.UNAVAILABLE);
        refused(call("GET", path, ""), 503, "service_unavailable");
        heroku.rateLimitRemaining(0);
        refused(call("GET", path, ""), 429, "rate_limit");
    }

    private static void refused(HttpResponse<String> answer, int status, String id) throws IOException {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        var body = JSON.readTree(answer.body());
        demand(body, "error");
        assertThat(body.path("id").asText()).isEqualTo(id);
    }
}
