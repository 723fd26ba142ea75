package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mastodonmigration.embedded.HerokuHttp.Refused;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** One app of the stub: its state as tests see and set it, and as the API shows and changes it. */
public final class HerokuStubApp {
    private record Process(int quantity, String size) {}

    /** @param price as the API shows it: of a plan, or billed */
    private record AddOn(String service, String plan, Map<String, Object> price) {}

    /** @param status pending while its release command runs; a failed one is not deployed, so that the dynos stay as they are */
    private record Release(String description, String status) {}

    /**
     * What a process type {@code release} runs before each release is deployed.
     *
     * @param succeeds  given the config vars that it would run with
     * @param otherwise what its release is then: failed, or expired
     */
    public record ReleaseCommand(Duration takes, Predicate<Map<String, String>> succeeds, String otherwise) {
        public ReleaseCommand(Duration takes, Predicate<Map<String, String>> succeeds) {
            this(takes, succeeds, "failed");
        }
    }

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
    private final HerokuAttachments attachments;
    private final Executor threads;
    private final List<Release> releases = new CopyOnWriteArrayList<>();
    private final AtomicInteger writes = new AtomicInteger();
    private final IntSupplier busyAfterRelease;
    private final AtomicInteger busy = new AtomicInteger();
    private final Map<String, Refused> refusals = new ConcurrentHashMap<>();
    private final List<AddOn> addOns = new CopyOnWriteArrayList<>();
    private final List<String> domains = new CopyOnWriteArrayList<>();
    private final List<String> domainsInPreparation = new CopyOnWriteArrayList<>();
    private final List<Map<String, Object>> logDrains = new CopyOnWriteArrayList<>();
    private final HerokuOwnedAddOns owned;
    private final HerokuTransfers transfers = new HerokuTransfers();
    private final HerokuLog log = new HerokuLog();
    private volatile boolean maintenance;
    private volatile String generation = "cedar";
    private volatile Optional<String> space = Optional.empty();
    private volatile Optional<String> autoDeployed = Optional.empty();
    private volatile boolean autoscaled;
    private volatile Optional<ReleaseCommand> releaseCommand = Optional.empty();
    private volatile Map<String, String> deployed = Map.of();

    HerokuStubApp(String name, HerokuAttachments attachments, Supplier<DynoRuntime> runtime, Supplier<HerokuDynos.Delays> delays, IntSupplier busyAfterRelease, Executor threads) {
        this.name = name;
        this.attachments = attachments;
        this.owned = new HerokuOwnedAddOns(name, attachments);
        this.threads = threads;
        this.busyAfterRelease = busyAfterRelease;
        this.dynos = new HerokuDynos(name, runtime, delays, threads, this::deployedRelease);
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
        addOn(service, plan, monthly(usd));
    }

    static Map<String, Object> monthly(int usd) {
        return Map.of("cents", usd * 100, "unit", "month", "contract", false, "metered", false);
    }

    /** @param price what the API shows as the billed price; empty for one that has only its plan's */
    public void addOn(String service, String plan, Map<String, Object> price) {
        addOns.add(new AddOn(service, service + ":" + plan, price));
    }

    /** Buys an add-on of that plan, billed to this app, and attaches it here under that name; answers the add-on's name. */
    public String attached(String service, String plan, String url, String name) {
        var addOn = attachments.create(this.name, service, plan, Map.of(), url).name();
        attach(addOn, name);
        return addOn;
    }

    /** Attaches an add-on, which may be another app's. */
    public void attach(String addOn, String name) {
        attachments.attach(this.name, addOn, name, Optional.empty());
    }

    public void attach(String addOn, String name, String namespace) {
        attachments.attach(this.name, addOn, name, Optional.of(namespace));
    }

    /** Takes that name over for another add-on, as {@code heroku pg:promote} does in the end. */
    public void promote(String addOn, String name) {
        attachments.promote(this.name, addOn, name);
    }

    /** As "DATABASE of heroku-postgresql-round-1001". */
    public List<String> attachments() {
        return attachments.of(name).stream().map(one -> one.name() + " of " + one.addOn().name() + one.namespace().map(in -> " in " + in).orElse("")).sorted().toList();
    }

    /** The app has a process type release, whose command runs before each release is deployed. */
    public void releaseCommand(ReleaseCommand command) {
        releaseCommand = Optional.of(command);
        processes.put("release", new Process(0, "Basic"));
    }

    /** Add-ons that it is billed for. */
    public HerokuOwnedAddOns owned() {
        return owned;
    }

    /** What Heroku copies of the databases that it is billed for. */
    public HerokuTransfers transfers() {
        return transfers;
    }

    public HerokuLog log() {
        return log;
    }

    /** Heroku's own autoscaling of web. */
    public void autoscale() {
        autoscaled = true;
    }

    /** Pushes to that GitHub repository deploy the app. */
    public void autoDeploy(String repository) {
        autoDeployed = Optional.of(repository);
    }

    /** Somebody has the log sent there. */
    public void logDrain(String url) {
        var drain = new LinkedHashMap<String, Object>(Map.of("id", stableId(url), "url", url, "token", "d." + stableId("token of " + url)));
        drain.put("addon", null);
        logDrains.add(drain);
    }

    /** An add-on has the log sent to itself. */
    public void logDrainOf(String addOn) {
        logDrains.add(Map.of("id", stableId("drain of " + addOn), "url", "syslog+tls://logs.example.com:6514", "token", "d." + stableId("token of " + addOn), "addon", Map.of("id", stableId(addOn), "name", addOn)));
    }

    List<Map<String, Object>> logDrainsJson() {
        return List.copyOf(logDrains);
    }

    /** A custom domain of the app. */
    public void domain(String hostname) {
        domains.add(hostname);
    }

    /** One that Heroku has not prepared yet, so that it has no cname. */
    public void domainInPreparation(String hostname) {
        domainsInPreparation.add(hostname);
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
        var all = new TreeMap<>(configVars);
        all.putAll(attachments.variables(name));
        return Collections.unmodifiableMap(all);
    }

    /** Whether somebody set that config var, which no attachment gave. */
    synchronized boolean sets(String variable) {
        return configVars.containsKey(variable);
    }

    /** What each change of config vars or attachments makes. Every dyno restarts, once the release command has succeeded where there is one. */
    synchronized void release(String description) {
        busy.set(busyAfterRelease.getAsInt());
        var config = configVars();
        if (releaseCommand.isEmpty()) {
            releases.add(new Release(description, "succeeded"));
            deployed = config;
            dynos.restart();
            return;
        }
        releases.add(new Release(description, "pending"));
        var place = releases.size() - 1;
        var command = releaseCommand.get();
        CompletableFuture.delayedExecutor(command.takes().toMillis(), TimeUnit.MILLISECONDS, threads)
                .execute(() -> ended(place, new Release(description, command.succeeds().test(config) ? "succeeded" : command.otherwise()), config));
    }

    /** What a later release has deployed already stays. */
    private synchronized void ended(int place, Release release, Map<String, String> config) {
        var isNewest = releases.stream().skip(place + 1L).noneMatch(later -> later.status().equals("succeeded"));
        releases.set(place, release);
        if (release.status().equals("succeeded") && isNewest) {
            deployed = config;
            dynos.restart();
        }
    }

    /** Somebody releases code: "Deploy 1234abcd", "Promote example-staging v12 1234abcd", "Rollback to v3". */
    public void releaseCode(String description) {
        release(description);
    }

    /** Version of the last release that succeeded; 0 before there is one. */
    private int deployedRelease() {
        for (int version = releases.size(); version > 0; version--) {
            if (releases.get(version - 1).status().equals("succeeded")) {
                return version;
            }
        }
        return 0;
    }

    /** Config vars of the last release that succeeded: those of a dyno that starts now. */
    public Map<String, String> deployedConfigVars() {
        return deployed;
    }

    void changedThroughTheApi() {
        mutations.incrementAndGet();
    }

    /** Changes config vars (null deletes) as a user or a credential rotation does: one release, and every dyno restarts. */
    public synchronized void config(Map<String, String> changes) {
        var before = new TreeMap<>(configVars);
        changes.forEach((key, value) -> {
            if (value == null) {
                configVars.remove(key);
            } else {
                configVars.put(key, value);
            }
        });
        if (!before.equals(configVars)) {
            release("Set " + String.join(", ", changes.keySet()) + " config vars");
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
        return releases.stream().map(Release::description).toList();
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
        if (!route.startsWith("GET") && !route.equals("POST log-sessions")) {
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

    /** All or nothing: what an attachment gave cannot be set, nor deleted. */
    void patchConfigVars(Map<String, String> changes) throws Refused {
        var given = changes.keySet().stream().filter(attachments.variables(name)::containsKey).sorted().toList();
        if (!given.isEmpty()) {
            throw new Refused(422, "invalid_params", "Cannot overwrite attachment values " + String.join(", ", given) + ".");
        }
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

    Map<String, Object> reference() {
        return Map.of("id", id, "name", name);
    }

    synchronized List<Map<String, Object>> formationJson() {
        return processes.entrySet().stream().map(entry -> Map.<String, Object>of(
                "id", stableId(entry.getKey()), "type", entry.getKey(), "quantity", entry.getValue().quantity(), "dyno_size", Map.of("name", entry.getValue().size()),
                "command", "run-" + entry.getKey(), "app", reference())).toList();
    }

    List<Map<String, Object>> dynosJson() {
        return dynos.list().stream().map(dyno -> Map.<String, Object>of(
                "id", dyno.id(), "name", dyno.name(), "type", dyno.type(), "state", dyno.state(), "command", dyno.command(), "app", reference(),
                "release", Map.of("id", stableId("v" + dyno.release()), "version", dyno.release()))).toList();
    }

    List<Map<String, Object>> releasesJson() {
        var json = new ArrayList<Map<String, Object>>();
        for (int i = 0; i < releases.size(); i++) {
            json.add(releaseJson(i, releases.get(i)));
        }
        return json;
    }

    private Map<String, Object> releaseJson(int place, Release release) {
        return Map.of("id", stableId("v" + (place + 1)), "version", place + 1, "description", release.description(), "status", release.status(), "slug", Map.of("id", stableId("slug")),
                "current", release.status().equals("succeeded") && releases.stream().skip(place + 1L).noneMatch(later -> later.status().equals("succeeded")));
    }

    /** What {@code heroku releases:retry} asks for: the same slug once more. */
    synchronized Map<String, Object> releaseAgain(JsonNode body) throws Refused {
        if (!body.path("slug").asText().equals(stableId("slug"))) {
            throw new Refused(422, "invalid_params", "Unknown slug.");
        }
        mutations.incrementAndGet();
        release(body.path("description").asText());
        return releaseJson(releases.size() - 1, releases.getLast());
    }

    List<Map<String, Object>> addOnsJson(List<String> expanded) {
        var attachable = attachments.billedTo(name).stream();
        var others = addOns.stream().map(addOn -> new HerokuAttachments.AddOn(stableId(addOn.plan()), addOn.service() + "-round-1234", addOn.service(), addOn.plan(), addOn.price(), name, ""));
        return Stream.concat(attachable, others).map(addOn -> attachments.json(addOn, expanded)).toList();
    }

    /** The app's own name on Heroku too, which has no cname. */
    List<Map<String, Object>> domainsJson() {
        var all = new ArrayList<Map<String, Object>>();
        all.add(domainJson(name + "-0123456789ab.herokuapp.com", "heroku", null));
        domains.forEach(hostname -> all.add(domainJson(hostname, "custom", stableId(hostname).replace("-", "") + ".herokudns.com")));
        domainsInPreparation.forEach(hostname -> all.add(domainJson(hostname, "custom", null)));
        return all;
    }

    private Map<String, Object> domainJson(String hostname, String kind, String cname) {
        var json = new LinkedHashMap<String, Object>(Map.of("id", stableId(hostname), "hostname", hostname, "kind", kind, "status", cname == null && kind.equals("custom") ? "pending" : "succeeded", "app", reference()));
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
