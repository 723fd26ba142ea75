package dev.mastodonmigration.cost;

/** What a price is for, and how many of it a month has. */
public enum Unit {
    HOUR("hour", 730),
    MONTH("month", 1),
    GIB_MONTH("GiB and month", 1);

    private final String words;
    private final int perMonth;

    Unit(String words, int perMonth) {
        this.words = words;
        this.perMonth = perMonth;
    }

    /** As in "0.065 USD per hour". */
    public String words() {
        return words;
    }

    int perMonth() {
        return perMonth;
    }
}
