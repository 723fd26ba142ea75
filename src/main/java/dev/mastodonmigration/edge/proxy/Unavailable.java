package dev.mastodonmigration.edge.proxy;

/** A request that cannot be served now, and may be later. */
final class Unavailable extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param why for the log: users are told nothing of it */
    Unavailable(String why) {
        super(why, null, false, false);
    }
}
