package dev.mastodonmigration.election;

import java.time.Duration;
import java.util.Optional;

/** Where the Lease lies. Each write names the version that it replaces, and answers empty where somebody was faster. */
interface Leases {
    /**
     * A Lease as it was read.
     *
     * @param version  changes with every write
     * @param holder   who acts; empty when it was let go
     * @param duration how long the holder acts without renewing it
     */
    record Seen(String version, Optional<String> holder, Duration duration) {}

    /** The Lease; empty when there is none yet. */
    Optional<Seen> read();

    /** Makes the Lease, held by this operator. */
    Optional<Seen> create(String holder, Duration duration);

    /** Takes or renews it, if it still is what was seen. */
    Optional<Seen> hold(Seen seen, String holder, Duration duration);

    /** Lets it go, if it still is what was seen. */
    void letGo(Seen seen);
}
