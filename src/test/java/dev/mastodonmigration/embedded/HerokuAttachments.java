package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mastodonmigration.embedded.HerokuHttp.Refused;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/**
 * The add-ons of the stub's account, and what attaches them to its apps: an attachment gives its app the config var {@code NAME_URL}, which nobody can set as long as it is there. What is refused, and
 * which releases are made, is as research/mastodon-heroku-aws.md §2.3 and research/heroku.md §3 say.
 */
final class HerokuAttachments {
    /**
     * @param price as the API shows it, billed; empty for one that has only its plan's
     * @param url   may change while it is attached: Heroku rotates credentials
     */
    record AddOn(String id, String name, String service, String plan, Map<String, Object> price, String billingApp, String url) {}

    /** @param namespace as "connection-pooling:default", which has a URL of its own */
    record Attachment(String id, AddOn addOn, String app, String name, Optional<String> namespace) {
        String variable() {
            return name + "_URL";
        }

        String value() {
            return namespace.filter(chosen -> chosen.startsWith("connection-pooling")).map(pooled -> addOn.url().replaceFirst("(:\\d+)?/([^/]*)$", ":5433/$2")).orElse(addOn.url());
        }

        Attachment of(AddOn changed) {
            return new Attachment(id, changed, app, name, namespace);
        }

        private String reference() {
            return name + " (@ref:" + addOn.name() + ")";
        }
    }

    private static final Pattern NAME = Pattern.compile("[A-Z][A-Z0-9_]*");
    private static final int LOOKS_UNTIL_GONE = 2;
    private final Map<String, HerokuStubApp> apps;
    private final List<AddOn> addOns = new CopyOnWriteArrayList<>();
    private final List<Attachment> attachments = new CopyOnWriteArrayList<>();
    /** Looks that are left of those that are being deleted, by id. */
    private final Map<String, AtomicInteger> deprovisioning = new ConcurrentHashMap<>();
    /** By id, where it is another than provisioned. */
    private final Map<String, String> states = new ConcurrentHashMap<>();
    private final AtomicInteger numbers = new AtomicInteger(1000);
    /** heroku/cli's tests have both. */
    private volatile int confirmationStatus = 423;

    HerokuAttachments(Map<String, HerokuStubApp> apps) {
        this.apps = apps;
    }

    void confirmationStatus(int status) {
        confirmationStatus = status;
    }

    AddOn create(String billingApp, String service, String plan, Map<String, Object> price, String url) {
        var addOn = new AddOn(UUID.randomUUID().toString(), service + "-round-" + numbers.incrementAndGet(), service, service + ":" + plan, price, billingApp, url);
        addOns.add(addOn);
        return addOn;
    }

    /** Sets the scene, without a release. */
    void attach(String app, String addOn, String name, Optional<String> namespace) {
        attachments.add(new Attachment(UUID.randomUUID().toString(), named(addOn).orElseThrow(), app, name, namespace));
    }

    /** Likewise. */
    void detach(String app, String addOn) {
        attachments.removeIf(one -> one.app().equals(app) && one.addOn().name().equals(addOn));
    }

    /** Add-ons go with the app that is billed for them. */
    void destroyed(String app) {
        attachments.removeIf(one -> one.app().equals(app) || one.addOn().billingApp().equals(app));
        addOns.removeIf(addOn -> addOn.billingApp().equals(app));
    }

    void promote(String app, String addOn, String name) {
        attachments.removeIf(one -> one.app().equals(app) && one.name().equals(name));
        attach(app, addOn, name, Optional.empty());
    }

    /** As Heroku's own maintenance does: one release of each app that it is attached to. */
    void rotate(String addOn, String url) {
        var before = named(addOn).orElseThrow();
        var after = new AddOn(before.id(), before.name(), before.service(), before.plan(), before.price(), before.billingApp(), url);
        addOns.replaceAll(one -> one.id().equals(before.id()) ? after : one);
        attachments.replaceAll(one -> one.addOn().id().equals(before.id()) ? one.of(after) : one);
        attachments.stream().filter(one -> one.addOn().id().equals(before.id())).map(Attachment::app).distinct().forEach(app -> apps.get(app).release("Update " + before.name() + " by heroku-postgresql"));
    }

    void state(String addOn, String state) {
        states.put(named(addOn).orElseThrow().id(), state);
    }

    List<Attachment> of(String app) {
        return attachments.stream().filter(one -> one.app().equals(app)).toList();
    }

    /** Config vars that an app has by its attachments. */
    Map<String, String> variables(String app) {
        var variables = new TreeMap<String, String>();
        of(app).forEach(one -> variables.put(one.variable(), one.value()));
        return variables;
    }

    List<AddOn> billedTo(String app) {
        return addOns.stream().filter(addOn -> addOn.billingApp().equals(app)).toList();
    }

    Optional<Attachment> find(String id) {
        return attachments.stream().filter(one -> one.id().equals(id)).findFirst();
    }

    /** What POST /addon-attachments does. A name that is taken is taken over only where that is confirmed, by two releases. */
    Map<String, Object> create(HerokuStubApp app, JsonNode body) throws Refused {
        var addOn = named(body.path("addon").asText()).orElseThrow(() -> Refused.notFound("add_on", "Couldn't find that add-on."));
        var name = body.path("name").asText();
        if (!NAME.matcher(name).matches()) {
            throw new Refused(422, "invalid_params", "Name must start with a letter and can only contain uppercase letters, numbers, and underscores.");
        }
        var made = new Attachment(UUID.randomUUID().toString(), addOn, app.name(), name, Optional.of(body.path("namespace").asText()).filter(given -> !given.isEmpty()));
        var before = of(app.name()).stream().filter(one -> one.name().equals(name)).findFirst();
        if (before.isPresent() && !body.path("confirm").asText().equals(app.name())) {
            throw new Refused(confirmationStatus, "confirmation_required", "Adding " + name + " will overwrite the existing attachment " + name + " of app " + app.name() + ".");
        }
        if (before.isEmpty() && app.sets(made.variable())) {
            throw new Refused(422, "invalid_params", "Cannot overwrite config vars " + made.variable());
        }
        if (before.isPresent()) {
            delete(app, before.get());
        }
        attachments.add(made);
        app.changedThroughTheApi();
        app.release("Attach " + made.reference());
        return json(made);
    }

    void delete(HerokuStubApp app, Attachment attachment) throws Refused {
        var ofBillingApp = of(attachment.addOn().billingApp()).stream().filter(one -> one.addOn().id().equals(attachment.addOn().id())).count();
        if (attachment.app().equals(attachment.addOn().billingApp()) && ofBillingApp == 1) {
            throw new Refused(422, "invalid_params", "Cannot destroy last attachment to billing app for resource " + attachment.addOn().name());
        }
        attachments.removeIf(one -> one.id().equals(attachment.id()));
        app.changedThroughTheApi();
        app.release("Detach " + attachment.reference());
    }

    /** What GET /addons/… does. One that is being deleted may be gone by then. */
    Map<String, Object> look(String id, List<String> expanded) throws Refused {
        var looks = deprovisioning.get(id);
        if (looks != null && looks.getAndDecrement() <= 0) {
            addOns.removeIf(addOn -> addOn.id().equals(id));
        }
        return json(named(id).orElseThrow(() -> Refused.notFound("add_on", "Couldn't find that add-on.")), expanded);
    }

    /** What DELETE does to it without force, which nobody here sends: one that another app uses stays (heroku/cli, commands/addons/destroy.ts). */
    Map<String, Object> destroy(HerokuStubApp app, String id) throws Refused {
        var addOn = billedTo(app, id);
        var other = ofAddOn(id).stream().filter(one -> !one.app().equals(app.name())).findFirst();
        if (other.isPresent()) {
            throw new Refused(422, "invalid_params", "Cannot delete " + addOn.name() + " while it is attached to " + other.get().app() + ".");
        }
        attachments.removeIf(one -> one.addOn().id().equals(id));
        deprovisioning.put(id, new AtomicInteger(LOOKS_UNTIL_GONE));
        app.changedThroughTheApi();
        app.release("Detach " + addOn.name());
        return json(addOn, List.of());
    }

    private AddOn billedTo(HerokuStubApp app, String id) throws Refused {
        return billedTo(app.name()).stream().filter(addOn -> addOn.id().equals(id)).findFirst().orElseThrow(() -> Refused.notFound("add_on", "Couldn't find that add-on."));
    }

    private List<Attachment> ofAddOn(String id) {
        return attachments.stream().filter(one -> one.addOn().id().equals(id)).toList();
    }

    /** The app that is billed for that add-on. */
    String billingApp(String addOn) throws Refused {
        return named(addOn).orElseThrow(() -> Refused.notFound("add_on", "Couldn't find that add-on.")).billingApp();
    }

    private Optional<AddOn> named(String nameOrId) {
        return addOns.stream().filter(addOn -> addOn.name().equals(nameOrId) || addOn.id().equals(nameOrId)).findFirst();
    }

    List<Map<String, Object>> json(String app) {
        return of(app).stream().map(this::json).toList();
    }

    /** Of all apps. */
    List<Map<String, Object>> jsonOfAddOn(String id) {
        return ofAddOn(id).stream().map(this::json).toList();
    }

    /** A plan tells its price only where it is asked for in full. */
    Map<String, Object> json(AddOn addOn, List<String> expanded) {
        var state = deprovisioning.containsKey(addOn.id()) ? "deprovisioning" : states.getOrDefault(addOn.id(), "provisioned");
        var json = new LinkedHashMap<String, Object>(Map.of("id", addOn.id(), "name", addOn.name(), "state", state, "addon_service", Map.of("name", addOn.service()),
                "app", apps.get(addOn.billingApp()).reference()));
        json.put("billed_price", addOn.price().isEmpty() ? null : addOn.price());
        json.put("plan", expanded.contains("plan") ? Map.of("name", addOn.plan(), "price", Map.of("cents", 900, "unit", "month", "contract", false)) : Map.of("name", addOn.plan()));
        return json;
    }

    Map<String, Object> json(Attachment attachment) {
        var json = new LinkedHashMap<String, Object>(Map.of("id", attachment.id(), "name", attachment.name(), "app", apps.get(attachment.app()).reference(),
                "addon", Map.of("id", attachment.addOn().id(), "name", attachment.addOn().name(), "app", apps.get(attachment.addOn().billingApp()).reference())));
        json.put("namespace", attachment.namespace().orElse(null));
        return json;
    }
}
