package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Who the operator is to AWS.
 *
 * @param arn as STS has it: of a session, where a role was assumed
 */
record AwsCaller(String arn, String account) {
    private static final Pattern SESSION = Pattern.compile("arn:([^:]+):sts::(\\d+):assumed-role/([^/]+)/.+");
    private static final Pattern PRINCIPAL = Pattern.compile("arn:[^:]+:iam::\\d+:(user|role)/.+");

    static AwsCaller of(AwsApi api) {
        var identity = asking(() -> api.sts().getCallerIdentity());
        return new AwsCaller(identity.arn(), identity.account());
    }

    /** The account's own root user: no policy allows it anything, or forbids. */
    boolean isRoot() {
        return arn.endsWith(":root");
    }

    /** Whose policies count: a session's are its role's, whose path only IAM knows. Empty for a session of another kind, which has policies of its own. */
    Optional<String> principal(AwsApi api) {
        var session = SESSION.matcher(arn);
        if (!session.matches()) {
            return Optional.of(arn).filter(PRINCIPAL.asMatchPredicate());
        }
        return unless(AwsRefusals.DENIED, () -> api.iam().getRole(call -> call.roleName(session.group(3))).role().arn())
                .or(() -> Optional.of("arn:" + session.group(1) + ":iam::" + session.group(2) + ":role/" + session.group(3)));
    }
}
