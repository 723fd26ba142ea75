package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import dev.mastodonmigration.embedded.HerokuHttp.Refused;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Addresses at which logs of the stub's apps are read: whoever has one needs no token, and who sends one gives it away. */
final class HerokuLogSessions {
    private static final String PATH = "/sessions/";
    private final Map<String, String> logs = new ConcurrentHashMap<>();
    private final AtomicInteger made = new AtomicInteger();

    /** What POST /apps/…/log-sessions does. */
    Map<String, Object> create(HttpExchange exchange, HerokuStubApp app, JsonNode asked) throws Refused {
        var id = UUID.randomUUID().toString();
        logs.put(id, app.log().read(asked));
        made.incrementAndGet();
        var now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        return Map.of("id", id, "logplex_url", "http://" + exchange.getRequestHeaders().getFirst("Host") + PATH + id + "?srv=1325419200", "created_at", now, "updated_at", now);
    }

    int made() {
        return made.get();
    }

    static boolean isOne(HttpExchange exchange) {
        return exchange.getRequestURI().getPath().startsWith(PATH);
    }

    void answer(HttpExchange exchange) throws IOException, Refused {
        if (exchange.getRequestHeaders().containsKey("Authorization")) {
            throw new Refused(400, "bad_request", "A token came where none is needed.");
        }
        var log = logs.get(exchange.getRequestURI().getPath().substring(PATH.length()));
        if (log == null) {
            throw new Refused(404, "not_found", "Not found");
        }
        HerokuHttp.text(exchange, log);
    }
}
