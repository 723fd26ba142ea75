package dev.mastodonmigration.worker.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What every session of ours sets, whatever role, database and server say: settings that an app has for itself would change the text of values and
 * definitions, how literals are read, which plan is chosen, or end what takes long.
 */
final class SessionSettings {
    /** On which the text of floats, dates, bytes, money, names and definitions depends, and the meaning of what we send. */
    private static final List<String> TEXT = List.of("extra_float_digits = 3", "DateStyle = 'ISO, YMD'", "TimeZone = 'UTC'", "bytea_output = 'hex'", "IntervalStyle = 'postgres'", "lc_monetary = 'C'",
            "lc_numeric = 'C'", "xmlbinary = 'base64'", "quote_all_identifiers = off", "standard_conforming_strings = on", "array_nulls = on", "transform_null_equals = off", "row_security = off",
            "search_path = public, heroku_ext");
    private static final List<String> TRANSACTIONS = List.of("default_transaction_isolation = 'read committed'", "default_transaction_read_only = off", "default_transaction_deferrable = off",
            "default_tablespace = ''", "temp_tablespaces = ''");
    /** What is concluded from a commit of ours must survive a crash: a gate that is up, a position behind which the source's log is pruned. */
    private static final List<String> DURABILITY = List.of("synchronous_commit = on");
    private static final List<String> PLANS = List.of("enable_seqscan = on", "enable_indexscan = on", "enable_indexonlyscan = on", "enable_bitmapscan = on", "enable_tidscan = on", "enable_hashjoin = on",
            "enable_mergejoin = on", "enable_nestloop = on", "enable_hashagg = on", "enable_sort = on", "enable_material = on", "plan_cache_mode = auto", "jit = off");
    /**
     * Timeouts would end a checksum of a large table, or the session that holds our lock. A session that waits for a machine which is gone must end soon instead,
     * with all that it has locked, and not after the hours that are a server's default: it looks after a silent minute, and gives up half a minute later. One
     * that has sent what nobody acknowledges ends by itself, after the quarter of an hour that is Linux's.
     */
    private static final List<String> TIME = List.of("statement_timeout = 0", "lock_timeout = 0", "idle_in_transaction_session_timeout = 0", "tcp_keepalives_idle = 60",
            "tcp_keepalives_interval = 10", "tcp_keepalives_count = 3");

    private SessionSettings() {}

    /** The same for the programs of libpq, as far as they do not set it themselves: a value for {@code PGOPTIONS}. */
    static String forPrograms() {
        return Stream.of(TRANSACTIONS, PLANS, List.of("quote_all_identifiers = off", "transform_null_equals = off", "array_nulls = on", "statement_timeout = 0", "lock_timeout = 0",
                "idle_in_transaction_session_timeout = 0")).flatMap(List::stream).filter(setting -> !setting.endsWith("''"))
                .map(setting -> "-c " + setting.replace(" = ", "=").replace("'", "").replace(" ", "\\ ")).collect(Collectors.joining(" "));
    }

    static Connection set(Connection session) throws SQLException {
        var version = session.getMetaData().getDatabaseMajorVersion();
        var all = new ArrayList<String>();
        List.of(TEXT, TRANSACTIONS, DURABILITY, PLANS, TIME).forEach(all::addAll);
        if (version >= 14) {
            all.add("idle_session_timeout = 0");
        }
        if (version >= 17) {
            all.add("transaction_timeout = 0");
        }
        Query.run(session, "SET " + String.join("; SET ", all));
        return session;
    }
}
