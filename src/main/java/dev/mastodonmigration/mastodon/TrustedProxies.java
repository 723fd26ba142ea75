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
final class TrustedProxies {
    private static final String VARIABLE = "TRUSTED_PROXY_IP";
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

    /** @param egress by which the cluster reaches the internet; empty where the spec does not say */
    static Findings of(AppConfig app, List<String> egress) {
        var value = app.value(VARIABLE);
        if (value.isEmpty()) {
            return blocker(app.app() + ": " + VARIABLE + " is not set. " + ALL_FOR_ONE + " " + (egress.isEmpty()
                    ? "Set it to the private networks and the addresses by which your cluster reaches the internet, which restarts the app, for example to '" + joined(TO_BEGIN_WITH, List.of("203.0.113.7/32")) + "' if that is 203.0.113.7."
                    : setTo(joined(TO_BEGIN_WITH, egress))));
        }
        var trusted = Stream.of(value.get().split(BETWEEN)).filter(entry -> !entry.isEmpty()).flatMap(entry -> WORDS.getOrDefault(entry, List.of(entry)).stream()).toList();
        if (egress.isEmpty()) {
            return trusted.stream().allMatch(entry -> covers(PRIVATE, entry)) ? new Findings(List.of(), List.of(app.app() + ": " + VARIABLE + " names private networks alone. Heroku sees the edge come by the address by which your cluster reaches the"
                    + " internet; where that is a public one, add it, or Mastodon takes all users for one and its rate limits refuse most of them. Set spec.edge.egressCidrs, and it is looked at.")) : Findings.NONE;
        }
        var missing = Stream.concat(NEEDED.stream(), egress.stream()).distinct().filter(range -> !covers(trusted, range)).toList();
        return missing.isEmpty() ? Findings.NONE : blocker(app.app() + ": " + VARIABLE + " does not cover " + String.join(", ", missing) + " (of the private networks and spec.edge.egressCidrs). " + ALL_FOR_ONE + " " + setTo(value.get() + " " + String.join(" ", missing)));
    }

    private static Findings blocker(String words) {
        return new Findings(List.of(words), List.of());
    }

    private static String setTo(String value) {
        return "Set it to '" + value + "', which restarts the app.";
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
