package dev.mastodonmigration.source.heroku;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Names and addresses that lead nowhere on the Internet: of a cluster, of a host's own network (RFC 1918, RFC 4193, RFC 6762), of the host itself. */
final class PrivateHosts {
    private static final List<String> ENDINGS = List.of(".svc", ".cluster.local", ".local", ".internal", ".localhost");
    private static final Pattern LOOPBACK = Pattern.compile("127(\\.\\d+){3}|\\[?::1]?|localhost");
    private static final Pattern PRIVATE = Pattern.compile("(10|127)(\\.\\d+){3}|192\\.168(\\.\\d+){2}|172\\.(1[6-9]|2\\d|3[01])(\\.\\d+){2}|169\\.254(\\.\\d+){2}|\\[?(::1|f[cd][0-9a-f]{2}:.*|fe80:.*)]?");

    private PrivateHosts() {}

    static boolean isLoopback(String host) {
        return LOOPBACK.matcher(host.toLowerCase(Locale.ROOT)).matches();
    }

    /** @param host as a URL has it */
    static boolean isPrivate(String host) {
        var name = host.toLowerCase(Locale.ROOT);
        return PRIVATE.matcher(name).matches() || ENDINGS.stream().anyMatch(name::endsWith) || name.indexOf('.') < 0 && name.indexOf(':') < 0;
    }
}
