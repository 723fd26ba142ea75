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

    /** The platform's paths, and those of the metrics, GitHub and data services, which have hosts of their own at Heroku. */
    static void answer(HttpExchange exchange, Collection<HerokuStubApp> apps, HerokuAttachments attachments, HerokuLogSessions sessions, Scope scope, int pageSize) throws IOException, Refused {
        var path = exchange.getRequestURI().getPath().split("/", -1);
        if (path.length == 4 && path[1].equals("addons") && path[3].equals("addon-attachments")) {
            attachmentsOfAddOn(exchange, path[2], apps, attachments, scope, pageSize);
            return;
        }
        if (path.length == 3 && path[1].equals("addons")) {
            addOn(exchange, path[2], apps, attachments, scope);
            return;
        }
        if (path.length > 1 && path[1].equals("addon-attachments")) {
            attachment(exchange, path, apps, attachments, scope);
            return;
        }
        if (path.length == 6 && path[1].equals("client") && path[2].equals("v11")) {
            data(exchange, path, apps, attachments, scope);
            return;
        }
        if (path.length < 3 || !path[1].equals("apps")) {
            throw new Refused(404, "not_found", "The requested API endpoint was not found. Are you using the right HTTP verb (i.e. `GET` vs. `POST`)?");
        }
        var app = app(apps, path[2]);
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
            case "GET addon-attachments" -> HerokuHttp.page(exchange, attachments.json(app.name()), pageSize);
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
            case "GET log-drains" -> HerokuHttp.page(exchange, app.logDrainsJson(), pageSize);
            case "POST log-sessions" -> HerokuHttp.answer(exchange, 201, sessions.create(exchange, app, HerokuHttp.body(exchange)));
            case "GET domains" -> HerokuHttp.page(exchange, app.domainsJson(), pageSize);
            case "DELETE addons one" -> HerokuHttp.answer(exchange, 200, attachments.destroy(app, path[4]));
            case "DELETE" -> {
                attachments.destroyed(app.name());
                apps.remove(app);
                HerokuHttp.answer(exchange, 200, app.json());
            }
            case "GET addons" -> HerokuHttp.page(exchange, app.addOnsJson(HerokuHttp.expanded(exchange)), pageSize);
            case "GET available-dyno-sizes" -> HerokuHttp.page(exchange, HerokuStubApp.dynoSizesJson(), pageSize);
            case "GET formation one monitors" -> HerokuHttp.answer(exchange, 200, app.monitorsJson(path[4]));
            case "GET github" -> HerokuHttp.answer(exchange, 200, app.githubJson());
            case "GET releases" -> HerokuHttp.page(exchange, app.releasesJson(), pageSize);
            case "POST releases" -> HerokuHttp.answer(exchange, 201, app.releaseAgain(HerokuHttp.body(exchange)));
            default -> throw new Refused(404, "not_found", "The requested API endpoint was not found.");
        }
    }

    /** All at once: this service knows no pages. */
    private static void data(HttpExchange exchange, String[] path, Collection<HerokuStubApp> apps, HerokuAttachments attachments, Scope scope) throws IOException, Refused {
        var route = exchange.getRequestMethod() + " " + path[5];
        var app = app(apps, path[3].equals("databases") ? attachments.billingApp(path[4]) : path[4]);
        authorize(scope, route);
        app.admit(route);
        switch (route) {
            case "GET transfers" -> HerokuHttp.answer(exchange, 200, app.transfers().json());
            case "GET transfer-schedules" -> HerokuHttp.answer(exchange, 200, app.transfers().schedulesJson());
            default -> throw new Refused(404, "not_found", "Not found.");
        }
    }

    /** As long as there is such an add-on, whoever owns it by now. */
    private static void addOn(HttpExchange exchange, String addOn, Collection<HerokuStubApp> apps, HerokuAttachments attachments, Scope scope) throws IOException, Refused {
        var route = exchange.getRequestMethod() + " addons one";
        authorize(scope, route);
        app(apps, attachments.billingApp(addOn)).admit(route);
        if (!exchange.getRequestMethod().equals("GET")) {
            throw new Refused(404, "not_found", "The requested API endpoint was not found.");
        }
        HerokuHttp.answer(exchange, 200, attachments.look(addOn, HerokuHttp.expanded(exchange)));
    }

    /** Whoever may see the app that is billed for it sees the apps that use it. */
    private static void attachmentsOfAddOn(HttpExchange exchange, String addOn, Collection<HerokuStubApp> apps, HerokuAttachments attachments, Scope scope, int pageSize) throws IOException, Refused {
        var route = exchange.getRequestMethod() + " addons one addon-attachments";
        authorize(scope, route);
        app(apps, attachments.billingApp(addOn)).admit(route);
        if (!exchange.getRequestMethod().equals("GET")) {
            throw new Refused(404, "not_found", "The requested API endpoint was not found.");
        }
        HerokuHttp.page(exchange, attachments.jsonOfAddOn(addOn), pageSize);
    }

    /** These name their app in the body, or have one. */
    private static void attachment(HttpExchange exchange, String[] path, Collection<HerokuStubApp> apps, HerokuAttachments attachments, Scope scope) throws IOException, Refused {
        var route = exchange.getRequestMethod() + " addon-attachments" + (path.length > 2 ? " one" : "");
        authorize(scope, route);
        switch (route) {
            case "POST addon-attachments" -> {
                var body = HerokuHttp.body(exchange);
                var app = app(apps, body.path("app").asText());
                app.admit(route);
                HerokuHttp.answer(exchange, 201, attachments.create(app, body));
            }
            case "DELETE addon-attachments one" -> {
                var attachment = attachments.find(path[2]).orElseThrow(() -> Refused.notFound("attachment", "Couldn't find that attachment."));
                var app = app(apps, attachment.app());
                app.admit(route);
                attachments.delete(app, attachment);
                HerokuHttp.answer(exchange, 200, attachments.json(attachment));
            }
            default -> throw new Refused(404, "not_found", "The requested API endpoint was not found.");
        }
    }

    private static HerokuStubApp app(Collection<HerokuStubApp> apps, String nameOrId) throws Refused {
        return apps.stream().filter(candidate -> candidate.name().equals(nameOrId) || candidate.id().equals(nameOrId)).findFirst()
                .orElseThrow(() -> Refused.notFound("app", "Couldn't find that app."));
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
