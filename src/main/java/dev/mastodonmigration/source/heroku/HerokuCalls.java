package dev.mastodonmigration.source.heroku;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.source.heroku.HerokuException.Kind;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** One HTTP exchange with one of Heroku's hosts at a time: headers, time limits, a short back-off, and lists page by page. */
final class HerokuCalls {
    private static final int TRIES = 3;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(250);
    private static final int MAX_PAGES = 1000;
    /** Refusals that leave nothing done: what they answer may be sent again, whatever it does. */
    private static final Set<Kind> NOTHING_DONE = EnumSet.of(Kind.BUSY, Kind.RATE_LIMITED);
    private static final Set<Kind> WHATEVER_MAY_PASS = EnumSet.of(Kind.BUSY, Kind.RATE_LIMITED, Kind.UNAVAILABLE);
    private static final ObjectMapper JSON = new ObjectMapper();
    /**
     * Never follows a redirect: the token goes to the configured host alone. And never HTTP/2, whose one connection the JDK keeps using after it fell silent:
     * an HTTP/1.1 connection whose exchange was given up is closed, and the next try makes another.
     */
    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Patience.INSIDE_THE_FREEZE.exchange())
            .followRedirects(HttpClient.Redirect.NEVER).build();

    private record Answer(int status, String body, Optional<String> nextRange) {}

    private final URI host;
    private final String token;
    private final Patience patience;
    private final long begunNanos;

    /** @param begunNanos when the operation began whose patience counts, as of {@link System#nanoTime} */
    HerokuCalls(URI host, String token, Patience patience, long begunNanos) {
        this.host = host;
        this.patience = patience;
        this.begunNanos = begunNanos;
        this.token = token.strip();
        if (!this.token.matches("[\\x21-\\x7e]+")) {
            // HttpRequest would refuse it too, but with the value in its message.
            throw new HerokuException(Kind.UNAUTHORIZED, "the Heroku API token is empty or holds characters that no token has. "
                    + "Put the token alone into the Secret that spec.source.heroku.apiTokenSecretRef names.");
        }
    }

    JsonNode get(String app, String path) {
        return json(app, call(app, request(app, path).GET().build()));
    }

    /** What is under no app. @param path from the host's root */
    JsonNode getAt(String app, String path) {
        return json(app, call(app, at(path).GET().build()));
    }

    /** The same, and what those of its fields refer to told in full. @param path from the host's root */
    JsonNode expandedAt(String app, String path, String fields) {
        return json(app, call(app, at(path).header("Accept-Expansion", fields).GET().build()));
    }

    /** A list, following {@code Next-Range} to its end. */
    List<JsonNode> list(String app, String path) {
        return list(app, path, () -> request(app, path));
    }

    /** The same, in which what these fields refer to is told in full. @param fields as "addon_service,plan" */
    List<JsonNode> expandedList(String app, String path, String fields) {
        return list(app, path, () -> request(app, path).header("Accept-Expansion", fields));
    }

    private List<JsonNode> list(String app, String path, Supplier<HttpRequest.Builder> request) {
        var items = new ArrayList<JsonNode>();
        var answer = call(app, request.get().GET().build());
        array(app, json(app, answer)).forEach(items::add);
        for (int page = 1; answer.status() == 206 && answer.nextRange().isPresent(); page++) {
            if (page > MAX_PAGES) {
                throw unavailable(app, "its list " + path + " does not end");
            }
            answer = call(app, request.get().header("Range", answer.nextRange().get()).GET().build());
            array(app, json(app, answer)).forEach(items::add);
        }
        return items;
    }

    /** An answer of another shape must never read as "no dynos" or "no web process". */
    private static JsonNode array(String app, JsonNode found) {
        if (!found.isArray()) {
            throw unreadable(app);
        }
        return found;
    }

    static HerokuException unreadable(String app) {
        return unavailable(app, "the answer is not what Heroku's API answers, so something in between may have answered instead");
    }

    /** The first page of a list in the order that the range asks for. */
    JsonNode range(String app, String path, String range) {
        return array(app, json(app, call(app, request(app, path).header("Range", range).GET().build())));
    }

    /** A change that may be sent twice: everything we PATCH says what shall be, not what to add. */
    void patch(String app, String path, JsonNode body) {
        call(app, request(app, path).header("Content-Type", "application/json")
                .method("PATCH", HttpRequest.BodyPublishers.ofString(body.toString())).build());
    }

    /** Sent twice it does no harm: what is asked to stop is asked again. */
    void post(String app, String path) {
        call(app, request(app, path).header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString("{}")).build());
    }

    /** What is asked for by a POST that changes nothing. */
    JsonNode ask(String app, String path, JsonNode body) {
        return json(app, call(app, request(app, path).header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body.toString())).build()));
    }

    /** Whether what Heroku has just made may be read from there: never in the clear, unless Heroku itself is spoken to so. */
    boolean mayFollow(URI made) {
        return "https".equals(made.getScheme()) || "http".equals(made.getScheme()) && "http".equals(host.getScheme());
    }

    /** What is at that address, which Heroku has just made for us, and which needs no token. Nobody else may see it. */
    String text(String app, URI made) {
        return call(app, HttpRequest.newBuilder(made).timeout(patience.exchange()).header("User-Agent", "mastodon-migration-operator").GET().build()).body();
    }

    /** Sent twice it does no harm either: a dyno restarts once more, and what was deleted is gone. */
    void delete(String app, String path) {
        call(app, request(app, path).DELETE().build());
    }

    /** A change that must not be made twice: sent again only when it was refused for the moment. @param path from the host's root */
    void postOnce(String app, String path, JsonNode body) {
        call(app, at(path).header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body.toString())).build(), NOTHING_DONE);
    }

    /** As {@link #delete}, of what is under no app. @param path from the host's root */
    void deleteAt(String app, String path) {
        call(app, at(path).DELETE().build());
    }

    /** A list of what is under no app. @param path from the host's root */
    List<JsonNode> listAt(String app, String path) {
        return list(app, path, () -> at(path));
    }

    static String path(String app) {
        return path("", app);
    }

    /** @param root where a service beside the platform has its apps */
    static String path(String root, String app) {
        return root + "/apps/" + URLEncoder.encode(app, StandardCharsets.UTF_8);
    }

    private HttpRequest.Builder request(String app, String path) {
        return at(path(app) + path);
    }

    private HttpRequest.Builder at(String path) {
        return HttpRequest.newBuilder(URI.create(host + path))
                .timeout(patience.exchange())
                .header("Authorization", "Bearer " + token)
                .header("Accept", "application/vnd.heroku+json; version=3")
                .header("User-Agent", "mastodon-migration-operator");
    }

    private Answer call(String app, HttpRequest request) {
        return call(app, request, WHATEVER_MAY_PASS);
    }

    private Answer call(String app, HttpRequest request, Set<Kind> sentAgainAfter) {
        var pause = FIRST_PAUSE;
        for (int attempt = 1; ; attempt++) {
            try {
                return once(app, request);
            } catch (HerokuException e) {
                if (!sentAgainAfter.contains(e.kind()) || attempt == TRIES || patience.left(begunNanos).compareTo(pause) <= 0 || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                sleep(app, pause);
                pause = pause.multipliedBy(3);
            }
        }
    }

    private Answer once(String app, HttpRequest request) {
        var left = patience.left(begunNanos);
        if (left.isNegative() || left.isZero()) {
            throw unavailable(app, "its answers together took longer than " + patience.operation().toSeconds() + " seconds");
        }
        var limit = left.compareTo(patience.exchange()) < 0 ? left : patience.exchange();
        var pending = HTTP.sendAsync(request, HttpResponse.BodyHandlers.ofString());
        try {
            // The request's own timeout ends with the headers; this one covers the body too.
            var response = pending.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            if (response.statusCode() / 100 != 2) {
                throw HerokuRefusals.of(response.statusCode(), response.body(), app);
            }
            return new Answer(response.statusCode(), response.body(), response.headers().firstValue("Next-Range"));
        } catch (ExecutionException e) {
            throw unavailable(app, e.getCause() instanceof HttpTimeoutException
                    ? silent(limit) : "no connection to " + request.uri().getHost() + " (" + e.getCause().getClass().getSimpleName() + ")");
        } catch (TimeoutException e) {
            pending.cancel(true);
            throw unavailable(app, silent(limit));
        } catch (InterruptedException e) {
            pending.cancel(true);
            throw interrupted(app);
        }
    }

    private void sleep(String app, Duration pause) {
        try {
            TimeUnit.MILLISECONDS.sleep(pause.toMillis() + ThreadLocalRandom.current().nextLong(100));
        } catch (InterruptedException e) {
            throw interrupted(app);
        }
    }

    private static JsonNode json(String app, Answer answer) {
        try {
            return JSON.readTree(answer.body());
        } catch (JsonProcessingException e) {
            throw unreadable(app);
        }
    }

    private static String silent(Duration limit) {
        return "no answer within " + (limit.toMillis() + 999) / 1000 + " seconds";
    }

    static HerokuException interrupted(String app) {
        Thread.currentThread().interrupt();
        return unavailable(app, "the operator is stopping");
    }

    private static HerokuException unavailable(String app, String why) {
        return new HerokuException(Kind.UNAVAILABLE, "Heroku's API could not be asked about app " + app + ": " + why
                + ". The operator tries again; see https://status.heroku.com if it lasts.");
    }
}
