package dev.mastodonmigration.source.heroku;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mastodonmigration.source.heroku.HerokuException.Kind;
import java.math.BigDecimal;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * {@link HerokuApi} over Heroku's Platform API v3 (devcenter.heroku.com/articles/platform-api-reference) and the two services beside it. One client serves one
 * operation: its patience begins with it.
 */
public final class HerokuClient implements HerokuApi {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    /** Add-ons have the one word, dyno sizes the other. */
    private static final Set<String> MONTH = Set.of("month", "monthly");
    private static final int CENTS = 2;
    private static final String NEWEST = "version ..; max=" + MOST_RELEASES + ", order=desc";

    private final HerokuCalls platform;
    private final HerokuCalls metrics;
    private final HerokuCalls github;

    /**
     * For one operation inside the freeze.
     *
     * @param token an API token of an account that can operate the apps
     * @throws HerokuException of kind UNAUTHORIZED when this cannot be a token at all
     */
    public HerokuClient(HerokuHosts hosts, String token) {
        this(hosts, token, Patience.INSIDE_THE_FREEZE);
    }

    HerokuClient(HerokuHosts hosts, String token, Patience patience) {
        var begun = System.nanoTime();
        this.platform = new HerokuCalls(hosts.platform(), token, patience, begun);
        this.metrics = new HerokuCalls(hosts.metrics(), token, patience, begun);
        this.github = new HerokuCalls(hosts.github(), token, patience, begun);
    }

    @Override
    public App app(String app) {
        var found = platform.get(app, "");
        if (!found.path("maintenance").isBoolean() || found.path("id").asText().isEmpty()) {
            throw HerokuCalls.unreadable(app);
        }
        return new App(found.path("id").asText(), found.path("name").asText(app), found.path("maintenance").booleanValue(),
                found.path("generation").path("name").asText("cedar"), Optional.of(found.path("space").path("name").asText()).filter(name -> !name.isEmpty()));
    }

    @Override
    public void setMaintenance(String app, boolean on) {
        if (app(app).maintenance() != on) {
            platform.patch(app, "", maintenance(on));
        }
    }

    @Override
    public void tryMaintenance(App app) {
        platform.patch(app.name(), "", maintenance(app.maintenance()));
    }

    private static ObjectNode maintenance(boolean on) {
        return JSON.objectNode().put("maintenance", on);
    }

    @Override
    public void tryScaling(String app, ProcessType type) {
        platform.patch(app, "/formation", quantities(Map.of(type.type(), type.quantity())));
    }

    @Override
    public Map<String, String> configVars(String app) {
        var found = platform.get(app, "/config-vars");
        if (!found.isObject()) {
            throw HerokuCalls.unreadable(app);
        }
        var vars = new TreeMap<String, String>();
        found.properties().stream().filter(entry -> !entry.getValue().isNull()).forEach(entry -> vars.put(entry.getKey(), entry.getValue().asText()));
        return vars;
    }

    @Override
    public void setConfigVars(String app, Map<String, Optional<String>> changes) {
        var body = JSON.objectNode();
        new TreeMap<>(changes).forEach((name, value) -> body.put(name, value.orElse(null)));
        platform.patch(app, "/config-vars", body);
    }

    @Override
    public List<Attachment> attachments(String app) {
        return platform.list(app, "/addon-attachments").stream().map(found -> attachment(app, found)).toList();
    }

    private static Attachment attachment(String app, JsonNode found) {
        if (!found.path("id").isTextual() || !found.path("name").isTextual() || !found.path("addon").path("id").isTextual()) {
            throw HerokuCalls.unreadable(app);
        }
        return new Attachment(found.path("id").asText(), found.path("name").asText(), found.path("addon").path("id").asText(), found.path("addon").path("name").asText(), namespace(found));
    }

    @Override
    public String addOnState(String app, String addOnId) {
        var state = platform.getAt(app, "/addons/" + addOnId).path("state").asText();
        if (state.isEmpty()) {
            throw HerokuCalls.unreadable(app);
        }
        return state;
    }

    @Override
    public List<User> users(String app, String addOnId) {
        return platform.listAt(app, "/addons/" + addOnId + "/addon-attachments").stream().map(found -> user(app, found)).toList();
    }

    private static User user(String app, JsonNode found) {
        var user = found.path("app").path("name");
        if (!user.isTextual() || !found.path("name").isTextual()) {
            throw HerokuCalls.unreadable(app);
        }
        return new User(user.asText(), found.path("name").asText(), namespace(found), user.equals(found.path("addon").path("app").path("name")));
    }

    private static Optional<String> namespace(JsonNode attachment) {
        return Optional.of(attachment.path("namespace")).filter(JsonNode::isTextual).map(JsonNode::asText);
    }

    @Override
    public void attach(String app, String addOnId, String name, Optional<String> namespace) {
        var body = JSON.objectNode().put("app", app).put("addon", addOnId).put("name", name);
        namespace.ifPresent(chosen -> body.put("namespace", chosen));
        platform.postOnce(app, "/addon-attachments", body);
    }

    @Override
    public void detach(String app, Attachment attachment) {
        unlessGone(app, () -> platform.deleteAt(app, "/addon-attachments/" + attachment.id()));
    }

    @Override
    public List<ProcessType> formation(String app) {
        return platform.list(app, "/formation").stream().map(found -> processType(app, found)).toList();
    }

    private static ProcessType processType(String app, JsonNode found) {
        if (!found.path("type").isTextual() || !found.path("quantity").isInt()) {
            throw HerokuCalls.unreadable(app);
        }
        // "size" is deprecated: an answer without it is Heroku's too.
        return new ProcessType(found.path("type").asText(), found.path("quantity").asInt(), found.path("dyno_size").path("name").asText(found.path("size").asText()));
    }

    @Override
    public void scale(String app, List<ProcessType> now, Map<String, Integer> quantityByType) {
        var quantities = now.stream().collect(Collectors.toMap(ProcessType::type, ProcessType::quantity));
        write(app, quantityByType.entrySet().stream().filter(wanted -> !wanted.getValue().equals(quantities.getOrDefault(wanted.getKey(), 0)))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }

    @Override
    public void scaleToZero(String app) {
        write(app, formation(app).stream().filter(type -> type.quantity() > 0).collect(Collectors.toMap(ProcessType::type, type -> 0)));
    }

    private void write(String app, Map<String, Integer> changes) {
        if (!changes.isEmpty()) {
            platform.patch(app, "/formation", quantities(changes));
        }
    }

    private static ObjectNode quantities(Map<String, Integer> quantityByType) {
        var body = JSON.objectNode();
        var updates = body.putArray("updates");
        new TreeMap<>(quantityByType).forEach((type, quantity) -> updates.addObject().put("type", type).put("quantity", quantity));
        return body;
    }

    @Override
    public List<Dyno> dynos(String app) {
        return platform.list(app, "/dynos").stream().map(found -> dyno(app, found)).toList();
    }

    private static Dyno dyno(String app, JsonNode found) {
        if (!found.path("name").isTextual() || !found.path("type").isTextual()) {
            throw HerokuCalls.unreadable(app);
        }
        return new Dyno(found.path("name").asText(), found.path("type").asText(), found.path("state").asText(), found.path("command").asText(), found.path("release").path("version").asInt());
    }

    @Override
    public void restart(String app, String dyno) {
        unlessGone(app, () -> platform.delete(app, "/dynos/" + dyno));
    }

    @Override
    public void stop(String app, String dyno) {
        unlessGone(app, () -> platform.post(app, "/dynos/" + dyno + "/actions/stop"));
    }

    private void unlessGone(String app, Runnable act) {
        try {
            act.run();
        } catch (HerokuException e) {
            if (e.kind() != Kind.PART_NOT_FOUND && e.kind() != Kind.NOT_FOUND) {
                throw e;
            }
            // Not every answer says which of the two is missing: the app tells.
            app(app);
        }
    }

    @Override
    public List<Release> releases(String app) {
        return platform.range(app, "/releases", NEWEST).valueStream().map(found -> release(app, found)).toList();
    }

    private static Release release(String app, JsonNode found) {
        if (!found.path("version").isInt()) {
            throw HerokuCalls.unreadable(app);
        }
        return new Release(found.path("version").intValue(), found.path("description").asText(), found.path("status").asText(),
                Optional.of(found.path("slug").path("id").asText()).filter(id -> !id.isEmpty()), found.path("current").asBoolean());
    }

    @Override
    public void releaseAgain(String app, Release failed) {
        var body = JSON.objectNode().put("slug", failed.slug().orElseThrow(() -> new HerokuException(Kind.REJECTED, "Release v" + failed.version() + " of Heroku app " + app + " runs no code.")));
        platform.postOnce(app, HerokuCalls.path(app) + "/releases", body.put("description", failed.isRetry() ? failed.description() : Release.RETRY + failed.version() + ": " + failed.description()));
    }

    @Override
    public List<AddOn> addOns(String app) {
        return platform.expandedList(app, "/addons", "addon_service,plan").stream().map(HerokuClient::addOn).toList();
    }

    /** The billed price is that of the day when it was bought; the plan's own stands in where there is none (heroku/cli, lib/addons/util). */
    static AddOn addOn(JsonNode found) {
        var price = found.path("billed_price").isObject() ? found.path("billed_price") : found.path("plan").path("price");
        var billing = price.path("contract").asBoolean() ? "billed by contract" : price.path("metered").asBoolean() ? "billed by use" : monthly(price).isPresent() ? "" : "Heroku tells no price";
        return new AddOn(found.path("name").asText(), found.path("addon_service").path("name").asText(), found.path("plan").path("name").asText(),
                billing.isEmpty() ? monthly(price) : Optional.empty(), billing);
    }

    @Override
    public SortedMap<String, BigDecimal> dynoPrices(String app) {
        var prices = new TreeMap<String, BigDecimal>(String.CASE_INSENSITIVE_ORDER);
        platform.list(app, "/available-dyno-sizes").forEach(size -> monthly(size.path("cost")).filter(usd -> usd.signum() > 0).ifPresent(usd -> prices.put(size.path("name").asText(), usd)));
        return prices;
    }

    /** In USD; empty where it is not a price for a month. */
    private static Optional<BigDecimal> monthly(JsonNode price) {
        return price.path("cents").isInt() && MONTH.contains(price.path("unit").asText()) ? Optional.of(BigDecimal.valueOf(price.path("cents").intValue(), CENTS)) : Optional.empty();
    }

    @Override
    public List<Domain> domains(String app) {
        return platform.list(app, "/domains").stream().map(found -> new Domain(found.path("hostname").asText(), Optional.ofNullable(found.path("cname").asText(null)))).toList();
    }

    @Override
    public List<String> logDrains(String app) {
        return platform.list(app, "/log-drains").stream().map(HerokuClient::receiver).distinct().sorted().toList();
    }

    private static String receiver(JsonNode drain) {
        var addOn = drain.path("addon").path("name").asText();
        return addOn.isEmpty() ? DatabaseAddress.uri(drain.path("url").asText()).map(URI::getHost).orElse("an address that cannot be read") : addOn;
    }

    @Override
    public boolean isAutoscaled(App app) {
        return metrics.list(app.id(), "/formation/web/monitors").stream()
                .anyMatch(monitor -> monitor.path("action_type").asText().equals("scale") && monitor.path("is_active").asBoolean());
    }

    @Override
    public Optional<String> autoDeploys(App app) {
        try {
            var found = github.get(app.id(), "/github");
            return found.path("auto_deploy").asBoolean() ? Optional.of(found.path("repo").asText()) : Optional.empty();
        } catch (HerokuException e) {
            if (e.kind() == Kind.NOT_FOUND || e.kind() == Kind.PART_NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
