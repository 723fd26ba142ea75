package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads whole tables of a live source, for a while at most and one process wide, and never by an index, which may be what is wrong. */
final class BoundedLook {
    private static final String QUERY_CANCELED = "57014";

    private final Connection source;
    private final long end;
    private final long largest;
    private final List<String> unseen = new ArrayList<>();

    /** @param largest bytes above which a table is not read at all */
    BoundedLook(Connection source, Duration budget, long largest) {
        this.source = source;
        end = System.nanoTime() + budget.toNanos();
        this.largest = largest;
    }

    /** Does this in a transaction, unless it would take, or took, too long: then the name is {@link #unseen}. */
    void at(String name, long bytes, Transaction.Body body) throws SQLException, Refusal {
        var milliseconds = (end - System.nanoTime()) / 1_000_000;
        if (bytes > largest || milliseconds <= 0) {
            unseen.add(name);
            return;
        }
        try {
            Transaction.in(source, () -> {
                Query.run(source, "SET LOCAL statement_timeout = " + milliseconds, "SET LOCAL enable_indexscan = off", "SET LOCAL enable_indexonlyscan = off", "SET LOCAL enable_bitmapscan = off",
                        "SET LOCAL max_parallel_workers_per_gather = 0");
                body.run();
            });
        } catch (SQLException e) {
            if (!QUERY_CANCELED.equals(e.getSQLState())) {
                throw e;
            }
            unseen.add(name);
        }
    }

    /** What was not looked at, or not to its end; empty when all was. */
    Optional<String> unseen() {
        return unseen.isEmpty() ? Optional.empty() : Optional.of("was not looked at for large tables: " + SourceCheck.first(unseen) + "; the rehearsal finds out");
    }
}
