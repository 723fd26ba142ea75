package dev.mastodonmigration.embedded;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What Mastodon answers to those who read, out of the databases that its processes have: host names and TLS as config/initializers/1_hosts.rb and config.force_ssl want them, pages as the controllers make
 * them, streaming as streaming/index.js.
 */
record SiteAnswer(int status, String contentType, Map<String, String> headers, String body) {
    private static final String JSON = "application/json; charset=utf-8";
    private static final String HTML = "text/html; charset=utf-8";
    private static final String LOCAL_DOMAIN = "example.social";
    private static final Set<String> HOSTS = Set.of(LOCAL_DOMAIN, World.WEB_DOMAIN, World.STREAMING_DOMAIN);

    /** Absent headers are null, as the server has them. */
    record Question(String path, String query, String host, String forwardedProto, String upgrade, String protocol) {}

    static SiteAnswer plain(int status, String words) {
        return new SiteAnswer(status, "text/plain; charset=utf-8", Map.of(), words);
    }

    private static SiteAnswer json(int status, String body) {
        return new SiteAnswer(status, JSON, Map.of(), body);
    }

    static SiteAnswer ofStreaming(Question question, StreamingProcess streaming) {
        if (question.path().equals(SiteHttp.STREAMING)) {
            return plain(200, "OK");
        }
        int status;
        String message;
        try {
            var known = question.protocol() != null && streaming.knows(question.protocol());
            status = known ? 501 : 401;
            message = question.protocol() == null ? "Missing access token" : known ? "nobody has one here" : "Invalid access token";
        } catch (SQLException away) {
            status = 500;
            message = "An unexpected error occurred";
        }
        return question.upgrade() == null ? json(status, "{\"error\":\"" + message + "\"}") : new SiteAnswer(status, "text/plain", Map.of("Connection", "close", "X-Error-Message", message), "");
    }

    static SiteAnswer ofWeb(Question question, WebProcess web) throws SQLException, InterruptedException {
        if (question.path().equals("/health")) {
            return plain(200, "OK");
        }
        var host = Optional.ofNullable(question.host()).orElse("").replaceAll(":\\d+$", "");
        if (!HOSTS.contains(host)) {
            return new SiteAnswer(403, HTML, Map.of(), "<h1>Blocked hosts: " + host + "</h1>");
        }
        if (!"https".equals(question.forwardedProto())) {
            return new SiteAnswer(301, HTML, Map.of("Location", "https://" + host + question.path()), "");
        }
        return switch (question.path()) {
            case "/" -> page(read(web, "SELECT count(*) FROM settings"));
            case "/api/v2/instance" -> json(200, "{\"domain\":\"" + LOCAL_DOMAIN + "\",\"title\":\"Example\",\"usage\":{\"users\":{\"active_month\":" + read(web, "SELECT count(*) FROM users") + "}}}");
            case "/api/v1/timelines/public" -> json(200, "[{\"id\":\"" + read(web, "SELECT max(id) FROM statuses") + "\"}]");
            case "/.well-known/webfinger" -> webfinger(String.valueOf(question.query()), read(web, "SELECT count(*) FROM accounts"));
            default -> new SiteAnswer(404, HTML, Map.of(), "The page you are looking for isn't here.");
        };
    }

    private static SiteAnswer page(String settings) {
        return new SiteAnswer(200, HTML, Map.of(), "<!DOCTYPE html><html><head><script id=\"initial-state\" type=\"application/json\">{\"meta\":{\"settings\":" + settings + "}}</script></head><body><div id='mastodon'></div></body></html>");
    }

    /** The instance's own account is the only one that anybody asks for here. */
    private static SiteAnswer webfinger(String query, String accounts) {
        var own = "acct:" + LOCAL_DOMAIN + "@" + LOCAL_DOMAIN;
        return URLDecoder.decode(query, StandardCharsets.UTF_8).equals("resource=" + own) && !accounts.equals("0")
                ? new SiteAnswer(200, "application/jrd+json; charset=utf-8", Map.of(), "{\"subject\":\"" + own + "\",\"links\":[{\"rel\":\"self\",\"type\":\"application/activity+json\",\"href\":\"https://" + World.WEB_DOMAIN + "/actor\"}]}")
                : new SiteAnswer(404, "text/plain", Map.of(), "");
    }

    private static String read(WebProcess web, String query) throws SQLException, InterruptedException {
        var answer = new String[1];
        web.serve((postgres, redis, sidekiqRedis) -> {
            try (var statement = postgres.createStatement(); var rows = statement.executeQuery(query)) {
                rows.next();
                answer[0] = rows.getString(1);
            } finally {
                postgres.rollback();
            }
        });
        return answer[0];
    }
}
