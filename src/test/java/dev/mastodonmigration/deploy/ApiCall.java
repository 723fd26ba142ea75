package dev.mastodonmigration.deploy;

import java.util.Optional;
import java.util.regex.Pattern;

/** A request to an API server in the words that a Role uses. */
record ApiCall(String namespace, String group, String resource, String verb) {
    private static final Pattern PATH = Pattern.compile("([A-Z]+) /(?:api/v1|apis/([^/]+)/[^/]+)(?:/namespaces/([^/]+))?/([^/?]+)(?:/([^/?]+))?(?:/([^/?]+))?(?:\\?(.*))?");

    /** Empty for what every authenticated account may read: the version, and which APIs there are. */
    static Optional<ApiCall> of(String request) {
        var path = PATH.matcher(request);
        if (!path.matches()) {
            return Optional.empty();
        }
        var named = path.group(5) != null;
        var query = path.group(7) == null ? "" : path.group(7);
        var verb = switch (path.group(1)) {
            case "GET" -> named ? "get" : query.contains("watch=true") ? "watch" : "list";
            case "POST" -> "create";
            case "PUT" -> "update";
            case "PATCH" -> "patch";
            default -> named ? "delete" : "deletecollection";
        };
        return Optional.of(new ApiCall(Optional.ofNullable(path.group(3)).orElse(""), Optional.ofNullable(path.group(2)).orElse(""),
                path.group(4) + (path.group(6) == null ? "" : "/" + path.group(6)), verb));
    }
}
