package dev.mastodonmigration.embedded;

import java.util.Optional;
import java.util.regex.Pattern;

/** What a request's path names: {@code /apis/batch/v1/namespaces/mastodon/jobs/copy/status}. */
record ApiPath(String group, Optional<String> namespace, String plural, Optional<String> name, Optional<String> subresource) {
    private static final Pattern PATTERN = Pattern.compile("/(?:api/v1|apis/(?<group>[^/]+)/[^/]+)(?:/namespaces/(?<namespace>[^/]+))?/(?<plural>[^/?]+)(?:/(?<name>[^/?]+))?(?:/(?<sub>[^/?]+))?(?:\\?.*)?");

    /** Empty for paths that name no resource, such as discovery. */
    static Optional<ApiPath> of(String path) {
        var match = PATTERN.matcher(path);
        return match.matches() ? Optional.of(new ApiPath(Optional.ofNullable(match.group("group")).orElse(""), Optional.ofNullable(match.group("namespace")), match.group("plural"),
                Optional.ofNullable(match.group("name")), Optional.ofNullable(match.group("sub")))) : Optional.empty();
    }

    boolean isStatus() {
        return subresource.filter("status"::equals).isPresent();
    }

    /** As error messages name the kind of resource: {@code jobs.batch}. */
    String resource() {
        return group.isEmpty() ? plural : plural + "." + group;
    }
}
