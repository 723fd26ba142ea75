package dev.mastodonmigration.source.heroku;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mastodonmigration.source.heroku.HerokuException.Kind;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The calls by which add-ons and apps are deleted, and what must be known before. By ids, so that nothing that got an old name is taken for it, and never with
 * {@code force}: Heroku then refuses to delete an add-on that somebody attached to another app meanwhile (heroku/cli, commands/addons/destroy.ts).
 *
 * <p>What is gone only Heroku's own error says, to the question for that very thing. Any other 404 is an answer that cannot be read: taken for an empty list, it would have us
 * delete what others use.
 */
final class HerokuRemovals {
    private static final String EXPANDED = "addon_service,plan";

    /**
     * An add-on.
     *
     * @param app   that owns it, and is billed for it
     * @param state in Heroku's word, which may be one that its schema does not list
     */
    record Owned(String id, String name, String app, String plan, Optional<BigDecimal> usd, String billing, String state) {
        String words() {
            return name + " (" + plan + ", " + usd.map(price -> price.toPlainString() + " USD a month").orElse(billing) + ")";
        }

        /** Heroku deletes it (heroku/cli, lib/addons/addons_wait.ts). */
        boolean isGoing() {
            return state.equals("deprovisioning");
        }

        boolean isGone() {
            return state.equals("deprovisioned");
        }
    }

    /**
     * One app's use of an add-on.
     *
     * @param name of which Heroku makes the config var: DATABASE is DATABASE_URL
     */
    record Attachment(String id, String name, String app) {}

    private final HerokuCalls platform;

    HerokuRemovals(HerokuHosts hosts, String token, Patience patience) {
        this.platform = new HerokuCalls(hosts.platform(), token, patience, System.nanoTime());
    }

    /** The add-on of that id, whoever owns it; empty where it is gone. @param app for messages */
    Optional<Owned> addOn(String app, String id) {
        return unlessGone(app, () -> platform.expandedAt(app, "/addons/" + id, EXPANDED)).map(found -> owned(app, found)).filter(found -> !found.isGone());
    }

    /** Those that the app owns, as far as they are not gone; others that it uses are not among them. @param id of the app, which was just seen to be there */
    List<Owned> owned(String id) {
        return demanded(id, () -> platform.expandedList(id, "/addons", EXPANDED)).stream().filter(found -> text(id, found.path("app").path("id")).equals(id)).map(found -> owned(id, found))
                .filter(found -> !found.isGone()).toList();
    }

    private static Owned owned(String app, JsonNode found) {
        var bill = HerokuClient.addOn(found);
        return new Owned(text(app, found.path("id")), bill.name(), text(app, found.path("app").path("name")), bill.plan().isEmpty() ? bill.service() : bill.plan(), bill.usd(), bill.billing(),
                text(app, found.path("state")));
    }

    /** All of them, also those of apps that are not the migration's. @param addOn that was just seen to be there */
    List<Attachment> attachments(String app, String addOn) {
        return demanded(app, () -> platform.listAt(app, "/addons/" + addOn + "/addon-attachments")).stream()
                .map(found -> new Attachment(text(app, found.path("id")), text(app, found.path("name")), text(app, found.path("app").path("name")))).toList();
    }

    /** The id of the app; empty where it is gone. */
    Optional<String> appId(String app) {
        return unlessGone(app, () -> platform.get(app, "")).map(found -> text(app, found.path("id")));
    }

    void detach(String app, String attachment) {
        unlessGone(app, () -> platform.deleteAt(app, "/addon-attachments/" + attachment));
    }

    void deleteAddOn(String app, String addOn) {
        unlessGone(app, () -> platform.delete(app, "/addons/" + addOn));
    }

    /** @param id of the app, never its name */
    void deleteApp(String id) {
        unlessGone(id, () -> platform.delete(id, ""));
    }

    private static void unlessGone(String app, Runnable act) {
        unlessGone(app, () -> {
            act.run();
            return "";
        });
    }

    private static <T> Optional<T> unlessGone(String app, Supplier<T> act) {
        try {
            return Optional.of(act.get());
        } catch (HerokuException e) {
            if (e.saysItIsGone()) {
                return Optional.empty();
            }
            throw isNotFound(e) ? HerokuCalls.unreadable(app) : e;
        }
    }

    /** Of something that is there. */
    private static <T> T demanded(String app, Supplier<T> act) {
        try {
            return act.get();
        } catch (HerokuException e) {
            throw isNotFound(e) ? HerokuCalls.unreadable(app) : e;
        }
    }

    private static boolean isNotFound(HerokuException e) {
        return e.kind() == Kind.NOT_FOUND || e.kind() == Kind.PART_NOT_FOUND;
    }

    /** What would be deleted must be named without doubt. */
    private static String text(String app, JsonNode value) {
        if (!value.isTextual() || value.asText().isEmpty()) {
            throw HerokuCalls.unreadable(app);
        }
        return value.asText();
    }
}
