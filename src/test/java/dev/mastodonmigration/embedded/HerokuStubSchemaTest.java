package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
        return http.send(HttpRequest.newBuilder(URI.create(heroku.url() + path)).header("Accept", "application/vnd.heroku+json; version=3").header("Authorization", "Bearer " + heroku.token())
                .header("Content-Type", "application/json").method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body)).build(), BodyHandlers.ofString());
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

    /** What a change answers is what was changed. */
    @Test
    void changes() throws Exception {
        demand(JSON.readTree(call("PATCH", "/apps/" + APP, "{\"maintenance\":true}").body()), "app");
        demand(JSON.readTree(call("PATCH", "/apps/" + APP + "/formation", "{\"updates\":[{\"type\":\"web\",\"quantity\":0}]}").body()).get(0), "formation");
        demand(JSON.readTree(call("PATCH", "/apps/" + APP + "/config-vars", "{\"SMTP_SERVER\":\"smtp.example.net\",\"LOCAL_DOMAIN\":null}").body()), "config-vars");
        var addOn = JSON.readTree(call("GET", "/apps/" + APP + "/addon-attachments", "").body()).get(0).path("addon").path("id").asText();
        var attached = call("POST", "/addon-attachments", "{\"app\":\"" + APP + "\",\"addon\":\"" + addOn + "\",\"name\":\"SPARE\"}");
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
}
