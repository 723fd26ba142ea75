package dev.mastodonmigration.source.heroku;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.mastodonmigration.source.Source.Arrivals;
import dev.mastodonmigration.source.heroku.HerokuException.Kind;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One app's log as far as Heroku keeps it, and in it a line of the router for each request that came (devcenter.heroku.com/articles/error-codes): while the app is stopped they all say H80, or that no web process runs. A log session
 * gives an address at which that log is read (Platform API, log-session; heroku/cli, lib/run/log-displayer.ts), and which is as good as a password.
 */
final class HerokuRouterLog {
    /** More are not kept (devcenter.heroku.com/articles/logging). */
    private static final int ALL = 1500;
    private static final Pattern ANY_LINE = Pattern.compile("\\S+ [\\w-]+\\[[^\\]]*\\]: .*");
    private static final Pattern LINE = Pattern.compile("(\\S+) heroku\\[router\\]: (.*)");
    private static final Pattern FIELD = Pattern.compile("(\\w+)=(\"[^\"]*\"|\\S*)");

    private record Request(Instant at, String host) {}

    private final HerokuCalls platform;

    HerokuRouterLog(HerokuCalls platform) {
        this.platform = platform;
    }

    /**
     * Requests that came after that time for one of these hosts.
     *
     * @param app  by name or id
     * @param name for messages
     * @throws HerokuException also when what was read is no log
     */
    Optional<Arrivals> arrivals(String app, String name, List<String> hosts, Instant after) {
        var wanted = hosts.stream().map(host -> host.toLowerCase(Locale.ROOT)).toList();
        return read(app, name).lines().map(HerokuRouterLog::request).flatMap(Optional::stream).filter(request -> request.at().isAfter(after) && wanted.contains(request.host()))
                .map(request -> new Arrivals(1, request.at(), request.host(), request.at())).reduce(Arrivals::and);
    }

    private String read(String app, String name) {
        var session = platform.ask(app, "/log-sessions", JsonNodeFactory.instance.objectNode().put("source", "heroku").put("lines", ALL).put("tail", false));
        var log = text(name, session.path("logplex_url").asText());
        if (!log.isBlank() && log.lines().noneMatch(line -> ANY_LINE.matcher(line).matches())) {
            throw HerokuCalls.unreadable(name);
        }
        return log;
    }

    private String text(String name, String made) {
        var address = DatabaseAddress.uri(made).filter(uri -> platform.mayFollow(uri)).orElseThrow(() -> HerokuCalls.unreadable(name));
        try {
            return platform.text(name, address);
        } catch (HerokuException refused) {
            // Its words are about an app and a token, of which nothing was asked there.
            throw refused.kind() == Kind.UNAVAILABLE ? refused : new HerokuException(Kind.UNAVAILABLE, "Heroku's log of app " + name + " could not be read, although it gave an address for it.");
        }
    }

    private static Optional<Request> request(String line) {
        var match = LINE.matcher(line);
        if (!match.matches()) {
            return Optional.empty();
        }
        try {
            var at = OffsetDateTime.parse(match.group(1)).toInstant();
            return FIELD.matcher(match.group(2)).results().filter(field -> field.group(1).equals("host")).findFirst().map(field -> new Request(at, host(field.group(2))));
        } catch (DateTimeException notAsTheRouterWritesIt) {
            return Optional.empty();
        }
    }

    private static String host(String value) {
        return value.replace("\"", "").replaceAll(":\\d+$", "").toLowerCase(Locale.ROOT);
    }
}
