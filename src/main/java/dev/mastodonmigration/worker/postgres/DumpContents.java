package dev.mastodonmigration.worker.postgres;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Edits the table of contents of a dump, as {@code pg_restore -l} lists it, to what may and can be restored elsewhere by an owner that is no superuser. */
public final class DumpContents {
    private static final Pattern ENTRY = Pattern.compile("(\\d+); \\d+ \\d+ (.*)");

    private static final Pattern COMMENT_ON_CONSTRAINT = Pattern.compile("COMMENT \\S+ CONSTRAINT ");

    /**
     * Entries that need rights nobody has on a hosted database, belong to the provider, or are done by us: extensions before loading,
     * materialized views after it, because pg_restore would refresh them with an empty search path.
     */
    private static final List<String> LEFT_OUT = List.of("EVENT TRIGGER ", "COMMENT - EVENT TRIGGER ", "EXTENSION ", "COMMENT - EXTENSION ", "ACL ",
            "DEFAULT ACL ",
            "DATABASE ", "COMMENT - DATABASE ", "PUBLICATION ", "COMMENT - PUBLICATION ", "SUBSCRIPTION ", "COMMENT - SUBSCRIPTION ", "SECURITY LABEL ",
            "MATERIALIZED VIEW DATA ", "STATISTICS DATA ");

    private static final List<String> NOT_IN_A_BACKUP = List.of("EVENT TRIGGER ", "COMMENT - EVENT TRIGGER ", "MATERIALIZED VIEW DATA ");

    private DumpContents() {}

    /**
     * Keeps the entries to restore.
     *
     * @param listing         lines of {@code pg_restore -l}
     * @param existingSchemas schemas that the target has already
     */
    public static List<String> edited(List<String> listing, Set<String> existingSchemas) {
        return listing.stream().filter(line -> keeps(line, existingSchemas)).toList();
    }

    /**
     * Keeps what an admin restores from a backup: all but our triggers, what only a superuser may create, and the content of materialized views, which is made anew.
     *
     * @param listing lines of {@code pg_restore -l}
     */
    static List<String> withoutOurs(List<String> listing) {
        return listing.stream().filter(line -> {
            var matcher = ENTRY.matcher(line);
            return matcher.matches() && NOT_IN_A_BACKUP.stream().noneMatch(matcher.group(2)::startsWith) && !isOurs(matcher.group(2));
        }).toList();
    }

    private static boolean isOurs(String entry) {
        return entry.startsWith("TRIGGER ") && entry.contains(" mastodon_migration_");
    }

    /** Entries that add foreign keys, and comments on constraints, some of which are on such. */
    static boolean isOfForeignKeys(String entry) {
        var matcher = ENTRY.matcher(entry);
        return matcher.matches() && (matcher.group(2).startsWith("FK CONSTRAINT ") || COMMENT_ON_CONSTRAINT.matcher(matcher.group(2)).lookingAt());
    }

    private static boolean keeps(String line, Set<String> existingSchemas) {
        var matcher = ENTRY.matcher(line);
        if (!matcher.matches()) {
            return false;
        }
        var entry = matcher.group(2);
        return LEFT_OUT.stream().noneMatch(entry::startsWith)
                && existingSchemas.stream().noneMatch(schema -> entry.startsWith("SCHEMA - " + schema + " ") || entry.startsWith("COMMENT - SCHEMA "
                + schema + " "))
                && !isOurs(entry);
    }
}
