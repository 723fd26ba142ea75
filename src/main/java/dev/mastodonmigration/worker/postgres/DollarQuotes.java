package dev.mastodonmigration.worker.postgres;

/** Quotes a body of code that has names of tables and columns in it: these may hold anything, also what would end the body early and have its rest run as a statement. */
public final class DollarQuotes {
    private DollarQuotes() {}

    /** Between quotes that the body does not hold, nor begins at its end. */
    public static String around(String body) {
        var quote = "$body";
        while (body.contains(quote)) {
            quote += "_";
        }
        return quote + "$" + body + quote + "$";
    }
}
