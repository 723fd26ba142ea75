package dev.mastodonmigration.played;

/** Lets a call to a played system fail. */
@FunctionalInterface
public interface Trouble {
    Trouble NONE = call -> {};

    /** Throws what that call is to fail with; returns where it is to succeed. */
    void may(String call);
}
