package dev.mastodonmigration.source;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.mastodon.TrustedProxies;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Whom one app of the source takes for a proxy and not for a user, as it was and as we set it while users come through the edge. Saved before it is set; what somebody else set meanwhile is neither
 * overwritten nor taken back.
 *
 * @param was     TRUSTED_PROXY_IP before; empty where it was not set
 * @param set     every value that we were about to set it to; the last one counts
 * @param release version of the app's newest release just before that; 0 for none
 */
public record ProxyTrust(String app, Optional<String> was, List<String> set, int release) {
    public static final String VARIABLE = TrustedProxies.VARIABLE;

    public ProxyTrust {
        set = List.copyOf(set);
    }

    /** As status has it; empty where nothing was set, or what was is back. */
    public static List<ProxyTrust> of(MastodonMigrationStatus status) {
        return Optional.ofNullable(status.internal.trust).map(trust -> trust.apps.stream().map(app -> new ProxyTrust(app.name, Optional.ofNullable(app.was), app.set, app.release)).toList()).orElse(List.of());
    }

    /**
     * What is to be saved and set where an app would take these addresses for users; empty where it does not.
     *
     * @param known   what was saved before; it stays as it is, unless other addresses are asked for or somebody else has set the variable since
     * @param release version of its newest release, read before the config vars: whatever set them since has another
     */
    public static Optional<ProxyTrust> lacking(String app, Map<String, String> config, List<String> addresses, List<ProxyTrust> known, int release) {
        var now = now(config);
        return TrustedProxies.lacking(now, addresses).map(wanted -> known.stream().filter(saved -> saved.app().equals(app)).findFirst().map(saved -> saved.next(now, wanted, release))
                .orElseGet(() -> new ProxyTrust(app, now, List.of(wanted), release)));
    }

    private ProxyTrust next(Optional<String> now, String wanted, int newest) {
        var before = isOurs(now) ? was : now;
        return before.equals(was) && wanted.equals(wanted()) ? this
                : new ProxyTrust(app, before, Stream.concat(set.stream().filter(value -> !value.equals(wanted)), Stream.of(wanted)).toList(), newest);
    }

    /** Its value, among these config vars; blank is as good as none, for Mastodon too. */
    public static Optional<String> now(Map<String, String> config) {
        return Optional.ofNullable(config.get(VARIABLE)).filter(value -> !value.isBlank());
    }

    public String wanted() {
        return set.getLast();
    }

    /** Whether we have set it to that. */
    public boolean isOurs(Optional<String> now) {
        return now.filter(set::contains).isPresent();
    }

    /** The app's config vars as they will be when what we set is taken back. */
    public Map<String, String> before(Map<String, String> config) {
        if (!isOurs(now(config))) {
            return config;
        }
        var before = new TreeMap<>(config);
        before.remove(VARIABLE);
        was.ifPresent(value -> before.put(VARIABLE, value));
        return before;
    }

    /** As "was '10.0.0.0/8'". */
    public String before() {
        return was.map(value -> "was '" + value + "'").orElse("was not set");
    }
}
