package dev.mastodonmigration.edge;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import java.util.List;
import java.util.Optional;

/** Where the world reaches a front. */
public sealed interface FrontAddress {
    /** For messages. */
    String words();

    /** That of {@code spec.target.dns.route53.front}; empty where the spec names none. */
    static Optional<FrontAddress> of(MastodonMigrationSpec spec) {
        return Optional.ofNullable(spec.target().dns()).map(MastodonMigrationSpec.Dns::route53).map(MastodonMigrationSpec.Route53::front)
                .map(front -> front.dnsName() != null ? new Named(front.dnsName(), Optional.ofNullable(front.hostedZoneId())) : new Fixed(front.addresses()));
    }

    /**
     * By a name, whose addresses may change.
     *
     * @param aliasZone hosted zone of the name, where Route 53 can make an alias of it: an alias may stand where a CNAME may not
     */
    record Named(String name, Optional<String> aliasZone) implements FrontAddress {
        @Override
        public String words() {
            return name;
        }
    }

    /** @param addresses IPv4 and IPv6, as literals; at least one */
    record Fixed(List<String> addresses) implements FrontAddress {
        public Fixed {
            addresses = List.copyOf(addresses);
        }

        @Override
        public String words() {
            return String.join(", ", addresses);
        }
    }
}
