package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** How Heroku's Platform API puts things on the wire: errors as {id, message, url}, long lists as 206 with Next-Range. */
final class HerokuHttp {
    /** An answer other than success. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;
        final int status;
        final String id;
        /** What was not found, as Heroku names it; empty where it does not. */
        final String resource;

        Refused(int status, String id, String message) {
            this(status, id, message, "");
        }

        private Refused(int status, String id, String message, String resource) {
            super(message);
            this.status = status;
            this.id = id;
            this.resource = resource;
        }

        static Refused notFound(String resource, String message) {
            return new Refused(404, "not_found", message, resource);
        }
    }

    private static final Pattern RANGE = Pattern.compile("(\\w+) (\\]?)([^.\\s]*)\\.\\.[^;]*(?:;(.*))?");
    private static final String LOST = "Lost-answer";
    private static final ObjectMapper JSON = new ObjectMapper();

    private HerokuHttp() {}

    static JsonNode body(HttpExchange exchange) throws IOException, Refused {
        try {
            var body = JSON.readTree(exchange.getRequestBody());
            if (body.isObject()) {
                return body;
            }
        } catch (JsonProcessingException e) {
            throw new Refused(400, "bad_request", "Unable to parse the JSON request: " + e.getOriginalMessage());
        }
        throw new Refused(400, "bad_request", "Invalid request body, an object is expected.");
    }

    /** The fields that are asked for in full. */
    static List<String> expanded(HttpExchange exchange) {
        return List.of(Optional.ofNullable(exchange.getRequestHeaders().getFirst("Accept-Expansion")).orElse("").split(","));
    }

    /** Whatever is answered to this from now on does not arrive. */
    static void loseTheAnswer(HttpExchange exchange) {
        exchange.getResponseHeaders().set(LOST, "yes");
    }

    static void answer(HttpExchange exchange, int status, Object body) throws IOException {
        if (exchange.getResponseHeaders().containsKey(LOST)) {
            return;
        }
        var bytes = JSON.writeValueAsString(body).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    static void text(HttpExchange exchange, String text) throws IOException {
        if (exchange.getResponseHeaders().containsKey(LOST)) {
            return;
        }
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/logplex-1");
        exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
        if (bytes.length > 0) {
            exchange.getResponseBody().write(bytes);
        }
    }

    /** What a captive portal or a broken proxy answers. */
    static void html(HttpExchange exchange) throws IOException {
        var bytes = "<html>sign in to this network</html>".getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    static void answer(HttpExchange exchange, Refused refused) throws IOException {
        var error = new LinkedHashMap<String, Object>(Map.of("id", refused.id, "message", refused.getMessage(), "url", "https://devcenter.heroku.com/articles/platform-api-reference#errors"));
        if (!refused.resource.isEmpty()) {
            error.put("resource", refused.resource);
        }
        answer(exchange, refused.status, error);
    }

    /** Answers one page of a list as the Range header asks, by default in the order of id. */
    static void page(HttpExchange exchange, List<Map<String, Object>> items, int defaultMax) throws IOException, Refused {
        var asked = exchange.getRequestHeaders().getFirst("Range");
        var range = RANGE.matcher(asked == null ? "id .." : asked.strip());
        if (!range.matches()) {
            throw new Refused(416, "range_not_satisfiable", "Invalid Range header: " + asked);
        }
        var property = range.group(1);
        var options = range.group(4) == null ? "" : range.group(4);
        var max = options.contains("max=") ? Integer.parseInt(options.replaceAll(".*max=(\\d+).*", "$1")) : defaultMax;
        Comparator<Map<String, Object>> order = Comparator.comparing(item -> sortable(item.get(property)));
        var sorted = new ArrayList<>(items);
        sorted.sort(order);
        if (options.contains("order=desc")) {
            Collections.reverse(sorted);
        }
        if (!range.group(3).isEmpty()) {
            var from = sorted.stream().map(item -> String.valueOf(item.get(property))).toList().indexOf(range.group(3));
            sorted.subList(0, from + (range.group(2).isEmpty() ? 0 : 1)).clear();
        }
        if (sorted.size() <= max) {
            answer(exchange, 200, sorted);
            return;
        }
        var page = sorted.subList(0, max);
        exchange.getResponseHeaders().set("Next-Range", property + " ]" + page.getLast().get(property) + "..; max=" + max
                + (options.contains("order=desc") ? ", order=desc" : ""));
        answer(exchange, 206, page);
    }

    private static String sortable(Object value) {
        return value instanceof Integer number ? "%09d".formatted(number) : String.valueOf(value);
    }
}
