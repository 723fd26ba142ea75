package dev.mastodonmigration.mastodon;

import dev.mastodonmigration.outside.Findings;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * With an edge in front every request comes from its few addresses, by which Mastodon limits rates (config/initializers/rack_attack.rb) unless it is told to trust them: TRUSTED_PROXY_IP, which replaces the private
 * networks that it trusts by itself (config/environments/production.rb).
 */
public final class TrustedProxies {
    public static final String VARIABLE = "TRUSTED_PROXY_IP";
    private static final String BETWEEN = "\\s*,\\s*|\\s+";
    /** In which pods, what stands in front of them and Heroku's routers are. */
    private static final List<String> NEEDED = List.of("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16");
    private static final List<String> TO_BEGIN_WITH = List.of("127.0.0.1/32", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8");
    /** No way to Heroku over the internet has any of these. */
    private static final List<String> PRIVATE = List.of("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10");
    /** Words that streaming knows (npm proxy-addr). */
    private static final Map<String, List<String>> WORDS = Map.of("loopback", List.of("127.0.0.0/8", "::1/128"), "linklocal", List.of("169.254.0.0/16", "fe80::/10"),
            "uniquelocal", List.of("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"));
    private static final String ALL_FOR_ONE = "With spec.edge Mastodon would take all users for one, the edge, and its rate limits would refuse most of them.";

    private TrustedProxies() {}

    /** Who sets the variable where it does not do. */
    enum SetBy { ADMIN, OPERATOR }

    /** @param egress by which the cluster reaches the internet; empty where the spec does not say */
    static Findings of(AppConfig app, List<String> egress, SetBy by) {
        var value = app.value(VARIABLE);
        if (!egress.isEmpty()) {
            return lacking(value, egress).map(wanted -> lacking(app, missing(value, egress), wanted, by)).orElse(Findings.NONE);
        }
        if (value.isEmpty()) {
            return blocker(app.app() + ": " + VARIABLE + " is not set. " + ALL_FOR_ONE + " Set it to the private networks and the addresses by which your cluster reaches the internet, which restarts the app, for example to '"
                    + joined(TO_BEGIN_WITH, List.of("203.0.113.7/32")) + "' if that is 203.0.113.7.");
        }
        return trusted(value.get()).stream().allMatch(entry -> covers(PRIVATE, entry)) ? new Findings(List.of(), List.of(app.app() + ": " + VARIABLE + " names private networks alone. Heroku sees the edge come by the address by which your cluster reaches the"
                + " internet; where that is a public one, add it, or Mastodon takes all users for one and its rate limits refuse most of them. Set spec.edge.egressCidrs, and the operator sets it.")) : Findings.NONE;
    }

    private static Findings lacking(AppConfig app, List<String> missing, String wanted, SetBy by) {
        var what = app.app() + ": " + VARIABLE + (app.has(VARIABLE) ? " does not cover " + String.join(", ", missing) + " (of the private networks and spec.edge.egressCidrs). " : " is not set. ") + ALL_FOR_ONE;
        return by == SetBy.ADMIN ? blocker(what + " Set it to '" + wanted + "', which restarts the app.") : new Findings(List.of(), List.of(what + " In ShiftTraffic, before anybody is led there, the operator sets it to '" + wanted
                + "', which restarts the app once, and sets it back when users are led back, or at the end of the migration. To choose the moment of the restart, set it to that yourself before."));
    }

    /** What the variable has to be so that users are told apart who come through the edge; empty where it does as it is. @param egress by which the cluster reaches the internet */
    public static Optional<String> lacking(Optional<String> value, List<String> egress) {
        var missing = missing(value, egress);
        return missing.isEmpty() ? Optional.empty() : Optional.of(value.map(known -> known + " " + String.join(" ", missing)).orElseGet(() -> joined(TO_BEGIN_WITH, egress)));
    }

    private static List<String> missing(Optional<String> value, List<String> egress) {
        var trusted = value.map(TrustedProxies::trusted).orElse(List.of());
        return Stream.concat(NEEDED.stream(), egress.stream()).distinct().filter(range -> !covers(trusted, range)).toList();
    }

    private static List<String> trusted(String value) {
        return Stream.of(value.split(BETWEEN)).filter(entry -> !entry.isEmpty()).flatMap(entry -> WORDS.getOrDefault(entry, List.of(entry)).stream()).toList();
    }

    private static Findings blocker(String words) {
        return new Findings(List.of(words), List.of());
    }

    private static String joined(List<String> some, List<String> others) {
        return Stream.concat(some.stream(), others.stream()).distinct().collect(Collectors.joining(" "));
    }

    /** What is no range of addresses covers nothing, and is covered by nothing. */
    private static boolean covers(List<String> some, String range) {
        var wanted = AddressBlock.of(range);
        return wanted.isPresent() && some.stream().map(AddressBlock::of).flatMap(Optional::stream).anyMatch(one -> one.covers(wanted.get()));
    }
}
