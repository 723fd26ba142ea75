package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import dev.mastodonmigration.embedded.HerokuHttp.Refused;
import dev.mastodonmigration.embedded.HerokuStub.Scope;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** Which request of the stub does what, and what a token needs for it. */
final class HerokuRoutes {
    private HerokuRoutes() {}

    /** The platform's paths, and those of the metrics and GitHub services, which have hosts of their own at Heroku. */
    static void answer(HttpExchange exchange, Collection<HerokuStubApp> apps, Scope scope, int pageSize) throws IOException, Refused {
        var path = exchange.getRequestURI().getPath().split("/", -1);
        if (path.length < 3 || !path[1].equals("apps")) {
            throw new Refused(404, "not_found", "The requested API endpoint was not found. Are you using the right HTTP verb (i.e. `GET` vs. `POST`)?");
        }
        var app = apps.stream().filter(candidate -> candidate.name().equals(path[2]) || candidate.id().equals(path[2])).findFirst()
                .orElseThrow(() -> Refused.notFound("app", "Couldn't find that app."));
        var route = exchange.getRequestMethod() + (path.length > 3 ? " " + path[3] : "") + (path.length > 4 ? " one" : "") + (path.length > 5 ? " " + path[path.length - 1] : "");
        authorize(scope, route);
        app.admit(route);
        switch (route) {
            case "GET" -> HerokuHttp.answer(exchange, 200, app.json());
            case "PATCH" -> {
                app.patch(HerokuHttp.body(exchange));
                HerokuHttp.answer(exchange, 200, app.json());
            }
            case "GET config-vars" -> HerokuHttp.answer(exchange, 200, app.configVars());
            case "PATCH config-vars" -> {
                app.patchConfigVars(strings(HerokuHttp.body(exchange)));
                HerokuHttp.answer(exchange, 200, app.configVars());
            }
            case "GET formation" -> HerokuHttp.page(exchange, app.formationJson(), pageSize);
            case "PATCH formation" -> HerokuHttp.answer(exchange, 200, app.patchFormation(HerokuHttp.body(exchange)));
            case "GET dynos" -> HerokuHttp.page(exchange, app.dynosJson(), pageSize);
            case "DELETE dynos one" -> {
                app.restartDyno(path[4]);
                HerokuHttp.answer(exchange, 202, Map.of());
            }
            case "POST dynos one stop" -> {
                app.stopDyno(path[4]);
                HerokuHttp.answer(exchange, 202, Map.of());
            }
            case "GET domains" -> HerokuHttp.page(exchange, app.domainsJson(), pageSize);
            case "GET addons" -> HerokuHttp.page(exchange, app.addOnsJson(HerokuHttp.expanded(exchange)), pageSize);
            case "GET available-dyno-sizes" -> HerokuHttp.page(exchange, HerokuStubApp.dynoSizesJson(), pageSize);
            case "GET formation one monitors" -> HerokuHttp.answer(exchange, 200, app.monitorsJson(path[4]));
            case "GET github" -> HerokuHttp.answer(exchange, 200, app.githubJson());
            case "GET releases" -> HerokuHttp.page(exchange, app.releasesJson(), pageSize);
            default -> throw new Refused(404, "not_found", "The requested API endpoint was not found.");
        }
    }

    private static void authorize(Scope scope, String route) throws Refused {
        var needed = !route.startsWith("GET") ? Scope.WRITE_PROTECTED : route.equals("GET config-vars") ? Scope.READ_PROTECTED : Scope.READ;
        if (scope.compareTo(needed) < 0) {
            throw new Refused(403, "forbidden", "You do not have access to the app. Its token has not the scope for it.");
        }
    }

    private static Map<String, String> strings(JsonNode body) {
        var changes = new LinkedHashMap<String, String>();
        body.properties().forEach(entry -> changes.put(entry.getKey(), entry.getValue().isNull() ? null : entry.getValue().asText()));
        return changes;
    }
}
