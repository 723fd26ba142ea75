package dev.mastodonmigration.target.aws;

import java.util.List;
import java.util.Map;

/**
 * Whether an action will be allowed: what AWS itself will ask of the caller's policies when the operator calls it.
 *
 * @param statement of the example policies, which would allow it
 * @param pattern   of that statement's resources
 * @param resource  that fits the pattern, as it will be called
 * @param context   values of the keys that conditions look at, as the call will have them
 */
record PermissionQuestion(PolicyStatement statement, String action, String pattern, String resource, Map<String, List<String>> context) {
    String service() {
        return action.substring(0, action.indexOf(':'));
    }
}
