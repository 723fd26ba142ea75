package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mastodonmigration.embedded.HerokuHttp.Refused;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/** One app of the stub: its state as tests see and set it, and as the API shows and changes it. */
public final class HerokuStubApp {
    private record Process(int quantity, String size) {}

    /** @param price as the API shows it: of a plan, or billed */
    private record AddOn(String service, String plan, Map<String, Object> price) {}

    /** USD a month, of some sizes (devcenter.heroku.com/articles/dyno-sizes); the others have none, as those of which Heroku sells hours. */
    private static final Map<String, Integer> DYNO_PRICES = new TreeMap<>(Map.of("Basic", 7, "Standard-1X", 25, "Standard-2X", 50, "Performance-M", 250));

    private final String name;
    private final String id = UUID.randomUUID().toString();
    private final HerokuDynos dynos;
    private final AtomicInteger mutations = new AtomicInteger();
    private final AtomicInteger oneOffs = new AtomicInteger();
    private final List<Consumer<Map<String, Integer>>> formationListeners = new CopyOnWriteArrayList<>();
    private final List<Consumer<Boolean>> maintenanceListeners = new CopyOnWriteArrayList<>();
    private final Map<String, String> configVars = new TreeMap<>();
    private final Map<String, Process> processes = new TreeMap<>();
    private final List<String> releases = new CopyOnWriteArrayList<>();
    private final AtomicInteger writes = new AtomicInteger();
    private final IntSupplier busyAfterRelease;
    private final AtomicInteger busy = new AtomicInteger();
    private final Map<String, Refused> refusals = new ConcurrentHashMap<>();
    private final List<AddOn> addOns = new CopyOnWriteArrayList<>();
    private final List<String> domains = new CopyOnWriteArrayList<>();
    private volatile boolean maintenance;
    private volatile String generation = "cedar";
    private volatile Optional<String> space = Optional.empty();
    private volatile Optional<String> autoDeployed = Optional.empty();
    private volatile boolean autoscaled;

    HerokuStubApp(String name, Supplier<DynoRuntime> runtime, Supplier<HerokuDynos.Delays> delays, IntSupplier busyAfterRelease, Executor threads) {
        this.name = name;
        this.busyAfterRelease = busyAfterRelease;
        this.dynos = new HerokuDynos(name, runtime, delays, threads);
    }

    public String name() {
        return name;
    }

    public String id() {
        return id;
    }

    /** From now on each such request is refused so; for example "PATCH formation", "POST dynos one stop", "GET github". */
    public void refuse(String route, int status, String errorId, String message) {
        refusals.put(route, new Refused(status, errorId, message));
    }

    /** Takes every refusal back. */
    public void refuseNothing() {
        refusals.clear();
    }

    /** Fir has no maintenance mode. */
    public void generation(String newGeneration) {
        generation = newGeneration;
    }

    public void privateSpace(String name) {
        space = Optional.of(name);
    }

    /** Adds an add-on of that service, such as hirefire. */
    public void addOn(String service) {
        addOn(service, "free", 0);
    }

    /** Adds an add-on of that plan, as "standard-0", which is billed by the month. */
    public void addOn(String service, String plan, int usd) {
        addOn(service, plan, Map.of("cents", usd * 100, "unit", "month", "contract", false, "metered", false));
    }

    /** @param price what the API shows as the billed price; empty for one that has only its plan's */
    public void addOn(String service, String plan, Map<String, Object> price) {
        addOns.add(new AddOn(service, service + ":" + plan, price));
    }

    /** Heroku's own autoscaling of web. */
    public void autoscale() {
        autoscaled = true;
    }

    /** Pushes to that GitHub repository deploy the app. */
    public void autoDeploy(String repository) {
        autoDeployed = Optional.of(repository);
    }

    /** A custom domain of the app. */
    public void domain(String hostname) {
        domains.add(hostname);
    }

    public boolean maintenance() {
        return maintenance;
    }

    /** Sets the scene, without counting as a mutation through the API. */
    public void maintenance(boolean on) {
        var changed = maintenance != on;
        maintenance = on;
        if (changed) {
            maintenanceListeners.forEach(listener -> listener.accept(on));
        }
    }

    public synchronized Map<String, String> configVars() {
        return Collections.unmodifiableMap(new TreeMap<>(configVars));
    }

    /** Changes config vars (null deletes) as a user or a credential rotation does: one release, and every dyno restarts. */
    public synchronized void config(Map<String, String> changes) {
        var before = configVars();
        changes.forEach((key, value) -> {
            if (value == null) {
                configVars.remove(key);
            } else {
                configVars.put(key, value);
            }
        });
        if (!before.equals(configVars)) {
            releases.add("Set " + String.join(", ", changes.keySet()) + " config vars");
            busy.set(busyAfterRelease.getAsInt());
            dynos.restart();
        }
    }

    public void config(String key, String value) {
        var change = new HashMap<String, String>();
        change.put(key, value);
        config(change);
    }

    /** Quantity by process type. */
    public synchronized Map<String, Integer> formation() {
        var quantities = new TreeMap<String, Integer>();
        processes.forEach((type, process) -> quantities.put(type, process.quantity()));
        return quantities;
    }

    /** Declares a process type and scales it, without counting as a mutation through the API. */
    public void formation(String type, int quantity, String size) {
        synchronized (this) {
            processes.put(type, new Process(quantity, size));
            dynos.scale(type, quantity);
        }
        tell();
    }

    public List<String> dynos() {
        return dynos.list().stream().map(dyno -> dyno.name() + " " + dyno.state()).toList();
    }

    /** Dynos that run, those included that Heroku does not list any more. */
    public List<String> aliveDynos() {
        return dynos.alive().stream().map(HerokuDynos.Dyno::name).toList();
    }

    /** Shows a dyno in another state from now on. */
    public void dynoState(String dynoName, String state) {
        dynos.state(dynoName, state);
    }

    /** Ids of the dynos: a restarted one has another. */
    public List<String> dynoIds(String type) {
        return dynos.list().stream().filter(dyno -> dyno.type().equals(type)).map(HerokuDynos.Dyno::id).toList();
    }

    /** What the runtime behind the dynos threw. */
    public List<Throwable> dynoFailures() {
        return dynos.failures();
    }

    /** Starts a one-off dyno, as {@code heroku run} (type "run") or Scheduler (type "scheduler") do; returns its name. */
    public String oneOff(String type, String command) {
        var index = oneOffs.incrementAndGet();
        dynos.oneOff(type, index, command);
        return type + "." + index;
    }

    public void endOneOff(String dynoName) {
        dynos.end(dynoName);
    }

    /** Descriptions of all releases, oldest first; the version is the place in this list, from 1. */
    public List<String> releases() {
        return List.copyOf(releases);
    }

    /** Changes made through the API: 0 means that the migration left this app untouched. */
    public int mutations() {
        return mutations.get();
    }

    /** Writes accepted through the API, those included that wrote what was there already. */
    public int writes() {
        return writes.get();
    }

    /** Told the whole formation after each change of it. */
    public void onFormation(Consumer<Map<String, Integer>> listener) {
        formationListeners.add(listener);
    }

    public void onMaintenance(Consumer<Boolean> listener) {
        maintenanceListeners.add(listener);
    }

    private void tell() {
        var now = formation();
        formationListeners.forEach(listener -> listener.accept(now));
    }

    /** Refuses what this app refuses now. */
    void admit(String route) throws Refused {
        var refused = refusals.get(route);
        if (refused != null) {
            throw refused;
        }
        if (!route.startsWith("GET")) {
            if (busy.getAndUpdate(writesLeft -> Math.max(0, writesLeft - 1)) > 0) {
                throw new Refused(409, "conflict", "A release of this app is in progress.");
            }
            writes.incrementAndGet();
        }
    }

    void patch(JsonNode body) throws Refused {
        for (var field : body.properties()) {
            if (!field.getKey().equals("maintenance") || !field.getValue().isBoolean()) {
                throw new Refused(422, "invalid_params", "Unknown or invalid param " + field.getKey());
            }
        }
        if (body.has("maintenance")) {
            if (generation.equals("fir")) {
                throw new Refused(422, "invalid_params", "Maintenance mode is not available for apps of this generation.");
            }
            var wanted = body.get("maintenance").booleanValue();
            if (wanted != maintenance) {
                mutations.incrementAndGet();
            }
            maintenance(wanted);
        }
    }

    void patchConfigVars(Map<String, String> changes) {
        mutations.incrementAndGet();
        config(changes);
    }

    void restartDyno(String dyno) throws Refused {
        if (!dynos.restart(dyno)) {
            throw Refused.notFound("dyno", "Couldn't find that process.");
        }
        mutations.incrementAndGet();
    }

    void stopDyno(String dyno) throws Refused {
        if (!dynos.stop(dyno)) {
            throw Refused.notFound("dyno", "Couldn't find that dyno.");
        }
        mutations.incrementAndGet();
    }

    /** A batch is all or nothing. */
    List<Map<String, Object>> patchFormation(JsonNode body) throws Refused {
        if (!body.path("updates").isArray()) {
            throw new Refused(422, "invalid_params", "Missing or invalid param updates");
        }
        var changed = new ArrayList<String>();
        synchronized (this) {
            for (var update : body.get("updates")) {
                var type = update.path("type").asText();
                if (!processes.containsKey(type)) {
                    throw Refused.notFound("formation", "Couldn't find that process type (" + type + ").");
                }
                if (!update.path("quantity").isInt() || update.get("quantity").intValue() < 0) {
                    throw new Refused(422, "invalid_params", "Cannot update to an invalid quantity of " + type);
                }
            }
            for (var update : body.get("updates")) {
                var type = update.get("type").asText();
                var process = new Process(update.get("quantity").intValue(), update.path("dyno_size").path("name").asText(processes.get(type).size()));
                if (!process.equals(processes.put(type, process))) {
                    mutations.incrementAndGet();
                }
                dynos.scale(type, process.quantity());
                changed.add(type);
            }
        }
        tell();
        return formationJson().stream().filter(process -> changed.contains((String) process.get("type"))).toList();
    }

    Map<String, Object> json() {
        var json = new LinkedHashMap<String, Object>(reference());
        json.put("maintenance", maintenance);
        json.put("stack", Map.of("name", "heroku-24"));
        json.put("generation", Map.of("name", generation));
        json.put("space", space.map(found -> Map.of("name", found)).orElse(null));
        return json;
    }

    private Map<String, Object> reference() {
        return Map.of("id", id, "name", name);
    }

    synchronized List<Map<String, Object>> formationJson() {
        return processes.entrySet().stream().map(entry -> Map.<String, Object>of(
                "id", stableId(entry.getKey()), "type", entry.getKey(), "quantity", entry.getValue().quantity(), "dyno_size", Map.of("name", entry.getValue().size()),
                "command", "run-" + entry.getKey(), "app", reference())).toList();
    }

    List<Map<String, Object>> dynosJson() {
        return dynos.list().stream().map(dyno -> Map.<String, Object>of(
                "id", dyno.id(), "name", dyno.name(), "type", dyno.type(), "state", dyno.state(), "command", dyno.command(), "app", reference())).toList();
    }

    List<Map<String, Object>> releasesJson() {
        var json = new ArrayList<Map<String, Object>>();
        for (int i = 0; i < releases.size(); i++) {
            json.add(Map.of("id", stableId("v" + (i + 1)), "version", i + 1, "description", releases.get(i), "status", "succeeded",
                    "current", i == releases.size() - 1));
        }
        return json;
    }

    /** A plan tells its price only where it is asked for in full. */
    List<Map<String, Object>> addOnsJson(List<String> expanded) {
        return addOns.stream().map(addOn -> {
            var json = new LinkedHashMap<String, Object>(Map.of("id", stableId(addOn.plan()), "name", addOn.service() + "-round-1234", "state", "provisioned",
                    "addon_service", Map.of("name", addOn.service()), "app", reference()));
            json.put("billed_price", addOn.price().isEmpty() ? null : addOn.price());
            json.put("plan", expanded.contains("plan") ? Map.of("name", addOn.plan(), "price", Map.of("cents", 900, "unit", "month", "contract", false)) : Map.of("name", addOn.plan()));
            return (Map<String, Object>) json;
        }).toList();
    }

    /** The app's own name on Heroku too, which has no cname. */
    List<Map<String, Object>> domainsJson() {
        var all = new ArrayList<Map<String, Object>>();
        all.add(domainJson(name + "-0123456789ab.herokuapp.com", "heroku", null));
        domains.forEach(hostname -> all.add(domainJson(hostname, "custom", stableId(hostname).replace("-", "") + ".herokudns.com")));
        return all;
    }

    private Map<String, Object> domainJson(String hostname, String kind, String cname) {
        var json = new LinkedHashMap<String, Object>(Map.of("id", stableId(hostname), "hostname", hostname, "kind", kind, "status", "succeeded", "app", reference()));
        json.put("cname", cname);
        return json;
    }

    static List<Map<String, Object>> dynoSizesJson() {
        var sizes = new ArrayList<Map<String, Object>>();
        DYNO_PRICES.forEach((size, usd) -> sizes.add(Map.of("id", size, "name", size, "cost", Map.of("cents", usd * 100, "unit", "monthly"))));
        var withoutPrice = new LinkedHashMap<String, Object>(Map.of("id", "Private-M", "name", "Private-M"));
        withoutPrice.put("cost", null);
        sizes.add(withoutPrice);
        sizes.add(Map.of("id", "Eco", "name", "Eco", "cost", Map.of("cents", 0, "unit", "monthly")));
        return sizes;
    }

    /** Alerts are monitors too. */
    List<Map<String, Object>> monitorsJson(String type) {
        return List.of(Map.of("id", stableId("alert"), "process_type", type, "action_type", "alert", "is_active", true),
                Map.of("id", stableId("scale"), "process_type", type, "action_type", "scale", "is_active", autoscaled && type.equals("web")));
    }

    Map<String, Object> githubJson() throws Refused {
        var repository = autoDeployed.orElseThrow(() -> new Refused(404, "not_found", "Not found"));
        return Map.of("app_id", id, "repo", repository, "branch", "main", "auto_deploy", true);
    }

    private String stableId(String of) {
        return UUID.nameUUIDFromBytes((id + of).getBytes(StandardCharsets.UTF_8)).toString();
    }
}
