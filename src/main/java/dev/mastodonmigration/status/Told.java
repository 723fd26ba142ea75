package dev.mastodonmigration.status;

/** An Event to be sent, and a line to be logged, once the status that it speaks of is written. */
public record Told(Type type, String reason, String message) {
    public enum Type { NORMAL, WARNING }

    static Told normal(String reason, String message) {
        return new Told(Type.NORMAL, reason, message);
    }

    static Told warning(String reason, String message) {
        return new Told(Type.WARNING, reason, message);
    }
}
