package dev.mastodonmigration.edge;

import java.util.List;
import java.util.Optional;

/** Where the world reaches a front. */
public sealed interface FrontAddress {
    /** For messages. */
    String words();

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
