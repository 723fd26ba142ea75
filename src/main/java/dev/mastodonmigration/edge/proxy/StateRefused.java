package dev.mastodonmigration.edge.proxy;

/** A change of state that would be one step too far, or too late. */
final class StateRefused extends Exception {
    private static final long serialVersionUID = 1;

    StateRefused(String why) {
        super(why);
    }
}
