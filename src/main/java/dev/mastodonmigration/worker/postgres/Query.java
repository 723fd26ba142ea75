package dev.mastodonmigration.worker.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** JDBC in one line each, so that the tasks read as what they ask. */
public final class Query {
    /** Reads one row. */
    @FunctionalInterface
    public interface Reader<T> {
        T read(ResultSet row) throws SQLException;
    }

    private Query() {}

    public static <T> List<T> list(Connection connection, String sql, Reader<T> reader, Object... arguments) throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            bind(statement, arguments);
            try (var rows = statement.executeQuery()) {
                var found = new ArrayList<T>();
                while (rows.next()) {
                    found.add(reader.read(rows));
                }
                return found;
            }
        }
    }

    /** The first row; an error like any other of the database when there is none, because another session may have taken it away. */
    public static <T> T one(Connection connection, String sql, Reader<T> reader, Object... arguments) throws SQLException {
        var found = list(connection, sql, reader, arguments);
        if (found.isEmpty()) {
            throw new SQLException("no row: " + sql);
        }
        return found.getFirst();
    }

    public static List<String> strings(Connection connection, String sql, Object... arguments) throws SQLException {
        return list(connection, sql, row -> row.getString(1), arguments);
    }

    public static String string(Connection connection, String sql, Object... arguments) throws SQLException {
        return one(connection, sql, row -> row.getString(1), arguments);
    }

    public static long number(Connection connection, String sql, Object... arguments) throws SQLException {
        return one(connection, sql, row -> row.getLong(1), arguments);
    }

    public static boolean isTrue(Connection connection, String sql, Object... arguments) throws SQLException {
        return one(connection, sql, row -> row.getBoolean(1), arguments);
    }

    /** Runs statements that take no arguments, one after the other. */
    public static void run(Connection connection, String... statements) throws SQLException {
        try (var statement = connection.createStatement()) {
            for (var sql : statements) {
                statement.execute(sql);
            }
        }
    }

    public static int update(Connection connection, String sql, Object... arguments) throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            bind(statement, arguments);
            return statement.executeUpdate();
        }
    }

    public static String quoted(String identifier) {
        return "\"" + identifier.replace("\"", "\"\"") + "\"";
    }

    public static List<String> array(ResultSet row, int column) throws SQLException {
        var array = row.getArray(column);
        return array == null ? List.of() : Arrays.asList((String[]) array.getArray());
    }

    private static void bind(PreparedStatement statement, Object... arguments) throws SQLException {
        for (var i = 0; i < arguments.length; i++) {
            if (arguments[i] instanceof List<?> list) {
                statement.setArray(i + 1, statement.getConnection().createArrayOf("text", list.toArray()));
            } else {
                statement.setObject(i + 1, arguments[i]);
            }
        }
    }
}
