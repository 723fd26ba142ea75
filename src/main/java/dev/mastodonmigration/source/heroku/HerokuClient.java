package dev.mastodonmigration.source.heroku;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** {@link HerokuApi} over Heroku's Platform API v3 (devcenter.heroku.com/articles/platform-api-reference). */
public final class HerokuClient implements HerokuApi {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final String LATEST = "version ..; max=1, order=desc";

    /** For one try, its body included. */
    static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final HerokuCalls calls;

    /**
     * @param apiUrl https; http only for what is not Heroku's own host
     * @param token  an API token of an account that can operate the apps
     * @throws HerokuException of kind REJECTED when the token would travel to Heroku in the clear, of kind UNAUTHORIZED when this cannot be a token at all
     */
    public HerokuClient(URI apiUrl, String token) {
        this(apiUrl, token, TIMEOUT);
    }

    HerokuClient(URI apiUrl, String token, Duration timeout) {
        this.calls = new HerokuCalls(apiUrl, token, timeout);
    }

    @Override
    public App app(String app) {
        var found = calls.get(app, "");
        if (!found.path("maintenance").isBoolean()) {
            throw HerokuCalls.unreadable(app);
        }
        return new App(found.path("name").asText(app), found.path("maintenance").booleanValue());
    }

    @Override
    public void setMaintenance(String app, boolean on) {
        if (app(app).maintenance() != on) {
            calls.patch(app, "", JSON.objectNode().put("maintenance", on));
        }
    }

    @Override
    public Map<String, String> configVars(String app) {
        var found = calls.get(app, "/config-vars");
        if (!found.isObject()) {
            throw HerokuCalls.unreadable(app);
        }
        var vars = new TreeMap<String, String>();
        found.properties().stream().filter(entry -> !entry.getValue().isNull()).forEach(entry -> vars.put(entry.getKey(), entry.getValue().asText()));
        return vars;
    }

    @Override
    public List<ProcessType> formation(String app) {
        return calls.list(app, "/formation").stream().map(found -> processType(app, found)).toList();
    }

    private static ProcessType processType(String app, JsonNode found) {
        if (!found.path("type").isTextual() || !found.path("quantity").isInt()) {
            throw HerokuCalls.unreadable(app);
        }
        return new ProcessType(found.path("type").asText(), found.path("quantity").asInt(), found.path("size").asText());
    }

    @Override
    public void scale(String app, Map<String, Integer> quantityByType) {
        var now = formation(app).stream().collect(Collectors.toMap(ProcessType::type, ProcessType::quantity));
        var body = JSON.objectNode();
        var updates = body.putArray("updates");
        quantityByType.forEach((type, quantity) -> {
            if (!quantity.equals(now.getOrDefault(type, 0))) {
                updates.addObject().put("type", type).put("quantity", quantity);
            }
        });
        if (!updates.isEmpty()) {
            calls.patch(app, "/formation", body);
        }
    }

    @Override
    public List<Dyno> dynos(String app) {
        return calls.list(app, "/dynos").stream().map(found -> dyno(app, found)).toList();
    }

    private static Dyno dyno(String app, JsonNode found) {
        if (!found.path("name").isTextual() || !found.path("type").isTextual()) {
            throw HerokuCalls.unreadable(app);
        }
        return new Dyno(found.path("name").asText(), found.path("type").asText(), found.path("state").asText(), found.path("command").asText());
    }

    @Override
    public void restart(String app, String dyno) {
        try {
            calls.delete(app, "/dynos/" + dyno);
        } catch (HerokuException e) {
            if (e.kind() != HerokuException.Kind.NOT_FOUND) {
                throw e;
            }
            // Of the two that may be missing, the app tells.
            app(app);
        }
    }

    @Override
    public Optional<Integer> latestReleaseVersion(String app) {
        var releases = calls.range(app, "/releases", LATEST);
        if (releases.isEmpty()) {
            return Optional.empty();
        }
        if (!releases.get(0).path("version").isInt()) {
            throw HerokuCalls.unreadable(app);
        }
        return Optional.of(releases.get(0).path("version").intValue());
    }
}
