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
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** One app of the stub: its state as tests see and set it, and as the API shows and changes it. */
public final class HerokuStubApp {
    private record Process(int quantity, String size) {}

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
    private volatile boolean maintenance;

    HerokuStubApp(String name, Supplier<DynoRuntime> runtime, Supplier<HerokuDynos.Delays> delays, Executor threads) {
        this.name = name;
        this.dynos = new HerokuDynos(name, runtime, delays, threads);
    }

    public String name() {
        return name;
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

    /** Changes accepted through the API: 0 means that the migration left this app untouched. */
    public int mutations() {
        return mutations.get();
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

    void patch(JsonNode body) throws Refused {
        for (var field : body.properties()) {
            if (!field.getKey().equals("maintenance") || !field.getValue().isBoolean()) {
                throw new Refused(422, "invalid_params", "Unknown or invalid param " + field.getKey());
            }
        }
        if (body.has("maintenance")) {
            mutations.incrementAndGet();
            maintenance(body.get("maintenance").booleanValue());
        }
    }

    void patchConfigVars(Map<String, String> changes) {
        mutations.incrementAndGet();
        config(changes);
    }

    void restartDyno(String dyno) throws Refused {
        if (!dynos.restart(dyno)) {
            throw new Refused(404, "not_found", "Couldn't find that process.");
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
                    throw new Refused(404, "not_found", "Couldn't find that process type (" + type + ").");
                }
                if (!update.path("quantity").isInt() || update.get("quantity").intValue() < 0) {
                    throw new Refused(422, "invalid_params", "Cannot update to an invalid quantity of " + type);
                }
            }
            mutations.incrementAndGet();
            for (var update : body.get("updates")) {
                var type = update.get("type").asText();
                var process = new Process(update.get("quantity").intValue(), update.path("size").asText(processes.get(type).size()));
                processes.put(type, process);
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
        return json;
    }

    private Map<String, Object> reference() {
        return Map.of("id", id, "name", name);
    }

    synchronized List<Map<String, Object>> formationJson() {
        return processes.entrySet().stream().map(entry -> Map.<String, Object>of(
                "id", stableId(entry.getKey()), "type", entry.getKey(), "quantity", entry.getValue().quantity(), "size", entry.getValue().size(),
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

    private String stableId(String of) {
        return UUID.nameUUIDFromBytes((id + of).getBytes(StandardCharsets.UTF_8)).toString();
    }
}
