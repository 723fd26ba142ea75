package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mastodonmigration.embedded.HerokuHttp.Refused;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The log of one app of the stub, of which Heroku keeps the newest 1,500 lines. */
public final class HerokuLog {
    private static final int KEPT = 1500;
    private final List<String> lines = new CopyOnWriteArrayList<>();

    /** Somebody came while the app was in maintenance mode (devcenter.heroku.com/articles/error-codes). */
    public void came(Instant at, String host, String path) {
        line(at, "heroku[router]", "at=info code=H80 desc=\"Maintenance mode\" method=GET path=\"" + path + "\" host=" + host
                + " request_id=8601b555-6a83-4c12-8269-97c8e32cdb22 fwd=\"203.0.113.7\" dyno= connect= service= status=503 bytes= protocol=https");
    }

    /** @param from as "app[web.1]" */
    public void line(Instant at, String from, String text) {
        lines.add(at.toString().replaceAll("Z$", "+00:00") + " " + from + ": " + text);
    }

    /** What is no line of a log. */
    public void raw(String text) {
        lines.add(text);
    }

    /** What a session with these parameters shows. */
    String read(JsonNode asked) throws Refused {
        for (var field : asked.properties()) {
            if (!List.of("dyno", "lines", "source", "tail").contains(field.getKey())) {
                throw new Refused(422, "invalid_params", "Unknown params: " + field.getKey());
            }
        }
        var kept = lines.subList(Math.max(0, lines.size() - KEPT), lines.size());
        var shown = new ArrayList<>(kept.stream().filter(line -> !asked.path("source").asText().equals("heroku") || !line.contains(" app[")).toList());
        var wanted = Math.min(asked.path("lines").asInt(100), shown.size());
        return String.join("\n", shown.subList(shown.size() - wanted, shown.size())) + (shown.isEmpty() ? "" : "\n");
    }
}
