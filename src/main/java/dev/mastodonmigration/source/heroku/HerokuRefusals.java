package dev.mastodonmigration.source.heroku;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.mastodonmigration.source.heroku.HerokuException.Kind;
import java.util.Map;
import java.util.Optional;

/**
 * Turns Heroku's error answers {@code {id, message, url}} into words that tell an admin what to do. The id decides where it is known, because Heroku sends one
 * id with several statuses (heroku/cli's tests have {@code confirmation_required} as 400 and as 423); the status decides otherwise, as for a proxy's answer.
 */
final class HerokuRefusals {
    static final String NOT_FOUND = "not_found";
    private static final String SECRET = "the Secret that spec.source.heroku.apiTokenSecretRef names";
    private static final Map<String, Kind> BY_ID = Map.of("unauthorized", Kind.UNAUTHORIZED, "forbidden", Kind.FORBIDDEN, "two_factor", Kind.FORBIDDEN, NOT_FOUND, Kind.NOT_FOUND,
            "rate_limit", Kind.RATE_LIMITED, "confirmation_required", Kind.REJECTED, "multiple_matches", Kind.REJECTED, "invalid_params", Kind.REJECTED);
    private static final ObjectMapper JSON = new ObjectMapper();

    private HerokuRefusals() {}

    static HerokuException of(int status, String body, String app) {
        var error = parse(body);
        var said = status + said(error);
        var kind = Optional.ofNullable(BY_ID.get(error.path("id").asText())).orElseGet(() -> byStatus(status));
        var refined = kind == Kind.NOT_FOUND && isOfAPart(error) ? Kind.PART_NOT_FOUND : kind;
        return new HerokuException(refined, switch (refined) {
            case UNAUTHORIZED -> "Heroku refuses the API token used for app " + app + " (" + said
                    + "). Make a new one with `heroku authorizations:create` and put it into " + SECRET + "; the operator goes on by itself.";
            case FORBIDDEN -> error.path("id").asText().equals("two_factor")
                    ? "Heroku asks for a second factor before it lets this API token work with app " + app + " (" + said
                            + "). Make a token that needs none with `heroku authorizations:create` and put it into " + SECRET + "."
                    : "Heroku's API token may not do this with app " + app + " (" + said + "). Use a token of an account that can manage and operate the app, in " + SECRET + ".";
            case NOT_FOUND -> "Heroku has no app " + app + " that this API token can see (" + said
                    + "). Check the name in spec.source.heroku and the account of the token in " + SECRET + ".";
            // The app was found: blaming it would send the admin the wrong way.
            case PART_NOT_FOUND -> "Heroku found app " + app + " but not what was asked of it (" + said + "). Check its process types with `heroku ps -a " + app + "`, and its add-ons with `heroku addons -a " + app + "`.";
            case RATE_LIMITED -> "Heroku limits the calls of this account, asked about app " + app + " (" + said
                    + "). The operator waits and tries again; other tools that use the same account slow it down.";
            case BUSY -> "Heroku is busy with a release of app " + app + " or another change of it (" + said + "). The operator tries again.";
            case UNAVAILABLE -> "Heroku's API failed for app " + app + " (" + said + "). The operator tries again; see https://status.heroku.com if it lasts.";
            case REJECTED -> "Heroku rejected a request about app " + app + " (" + said + ").";
        }, error.path("id").asText());
    }

    private static Kind byStatus(int status) {
        return switch (status) {
            case 401 -> Kind.UNAUTHORIZED;
            case 403 -> Kind.FORBIDDEN;
            case 404 -> Kind.NOT_FOUND;
            case 409 -> Kind.BUSY;
            case 429 -> Kind.RATE_LIMITED;
            default -> status >= 500 ? Kind.UNAVAILABLE : Kind.REJECTED;
        };
    }

    /** Heroku names the resource that it did not find; where it does not, its message tells. */
    private static boolean isOfAPart(JsonNode error) {
        var resource = error.path("resource").asText();
        return resource.isEmpty() ? error.path("message").asText().contains("process") : !resource.equals("app");
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
