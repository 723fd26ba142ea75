package dev.mastodonmigration.source.heroku;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.mastodonmigration.source.heroku.HerokuException.Kind;

/** Turns Heroku's error answers {@code {id, message, url}} into words that tell an admin what to do. */
final class HerokuRefusals {
    private static final String SECRET = "the Secret that spec.source.heroku.apiTokenSecretRef names";
    private static final ObjectMapper JSON = new ObjectMapper();

    private HerokuRefusals() {}

    static HerokuException of(int status, String body, String app) {
        var error = parse(body);
        var said = said(error);
        return switch (status) {
            case 401 -> new HerokuException(Kind.UNAUTHORIZED, "Heroku refuses the API token used for app " + app + " (401" + said
                    + "). Make a new one with `heroku authorizations:create` and put it into " + SECRET + "; the operator goes on by itself.");
            case 403 -> new HerokuException(Kind.FORBIDDEN, "Heroku's API token may not do this with app " + app + " (403" + said
                    + "). Use a token of an account that can manage and operate the app, in " + SECRET + ".");
            case 404 -> notFound(error, said, app);
            case 429 -> new HerokuException(Kind.RATE_LIMITED, "Heroku limits the calls of this account, asked about app " + app
                    + " (429" + said + "). The operator waits and tries again; other tools that use the same account slow it down.");
            default -> status >= 500
                    ? new HerokuException(Kind.UNAVAILABLE, "Heroku's API failed for app " + app + " (" + status + said
                            + "). The operator tries again; see https://status.heroku.com if it lasts.")
                    : new HerokuException(Kind.REJECTED, "Heroku rejected a request about app " + app + " (" + status + said + ").");
        };
    }

    private static HerokuException notFound(JsonNode error, String said, String app) {
        // The app was found, the process type in it was not: blaming the app would send the admin the wrong way.
        return error.path("message").asText().contains("process type")
                ? new HerokuException(Kind.REJECTED, "Heroku found app " + app + " but not what was asked of it (404" + said
                        + "). Check its process types with `heroku ps -a " + app + "`.")
                : new HerokuException(Kind.NOT_FOUND, "Heroku has no app " + app + " that this API token can see (404" + said
                        + "). Check the name in spec.source.heroku and the account of the token in " + SECRET + ".");
    }

    private static String said(JsonNode error) {
        var id = error.path("id").asText();
        var message = error.path("message").asText().lines().map(String::strip).reduce((a, b) -> a + " " + b).orElse("");
        return id.isEmpty() && message.isEmpty() ? "" : ", " + id + ": " + message.replaceAll("\\.+$", "");
    }

    private static JsonNode parse(String body) {
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException aProxyAnswered) {
            return MissingNode.getInstance();
        }
    }
}
