package dev.mastodonmigration.worker.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** The preflight's look at both databases together: whether what the one holds means the same in the other. */
final class PairCheck {
    /** Not on the target yet, and only a superuser (on RDS: a member of rds_superuser) may put it there. */
    private static final String FORBIDDEN = """
            SELECT NOT EXISTS (SELECT FROM pg_extension WHERE extname = ?) AND coalesce(bool_and(v.superuser AND NOT v.trusted), false)
              AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
              AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_superuser' AND pg_has_role(oid, 'MEMBER'))
            FROM pg_available_extension_versions v WHERE v.name = ?""";

    private final Connection source;
    private final Connection target;
    private final List<String> blockers;
    private final List<String> notes;

    PairCheck(Connection source, Connection target, List<String> blockers, List<String> notes) {
        this.source = source;
        this.target = target;
        this.blockers = blockers;
        this.notes = notes;
    }

    void run() throws SQLException {
        texts();
        for (var extension : Extensions.used(source)) {
            check(extension);
        }
    }

    private void texts() throws SQLException {
        var from = setting(source, "pg_encoding_to_char(encoding)");
        var to = setting(target, "pg_encoding_to_char(encoding)");
        if (!from.equals(to)) {
            blockers.add("The source is encoded in " + from + " and the target in " + to + ". Create the target database with ENCODING '" + from + "'.");
        }
        if (isPlainC(target) && !isPlainC(source)) {
            blockers.add("The target database has LC_CTYPE 'C', in which only English letters have upper and lower case: hashtags and names would no "
                    + "longer be found. "
                    + "Create it with LC_CTYPE '" + setting(source, "datctype") + "' or another UTF-8 locale.");
        } else if (!setting(source, "datcollate").equals(setting(target, "datcollate"))) {
            notes.add("texts sort by " + setting(source, "datcollate") + " on the source and by " + setting(target, "datcollate")
                    + " on the target; indexes are built anew, so nothing breaks");
        }
    }

    private void check(Extensions.Extension extension) throws SQLException {
        if (!Query.isTrue(target, "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = ?)", extension.name())) {
            var missing = "extension " + extension.name() + " of the source is not available on the target";
            if (extension.needed()) {
                blockers.add("The " + missing + ", and tables depend on it. Choose a target that offers it, or drop it on the source.");
            } else {
                notes.add(missing + "; nothing depends on it, so it is left out");
            }
        } else if (extension.needed() && Query.isTrue(target, FORBIDDEN, extension.name(), extension.name())) {
            blockers.add("Only a superuser may create extension " + extension.name() + " on the target, and tables of the source depend on it. Have one "
                    + "run there: CREATE SCHEMA IF NOT EXISTS "
                    + Query.quoted(extension.schema()) + "; CREATE EXTENSION " + Query.quoted(extension.name()) + " SCHEMA "
                    + Query.quoted(extension.schema()) + ".");
        }
    }

    /** Version 15 and newer may take the locale from elsewhere than libc; the row as JSON has no such key on older ones. */
    private static boolean isPlainC(Connection connection) throws SQLException {
        return Query.isTrue(connection, "SELECT datctype IN ('C', 'POSIX') AND coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'c' FROM pg_database d "
                + "WHERE datname = current_database()");
    }

    private static String setting(Connection connection, String column) throws SQLException {
        return Query.string(connection, "SELECT " + column + " FROM pg_database WHERE datname = current_database()");
    }
}
