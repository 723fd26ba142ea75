package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.postgres.Query;
import dev.mastodonmigration.worker.postgres.TargetClaim;
import dev.mastodonmigration.worker.postgres.Transaction;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/** Makes one worker the leader: an advisory lock, and a heartbeat, because a worker that sleeps keeps its lock. The same lock keeps a dump's load out. */
final class Leadership {
    private Leadership() {}

    static void prepare(Connection target) throws SQLException, Refusal {
        Transaction.in(target, () -> {
            TargetClaim.lock(target);
            Query.run(target, "CREATE TABLE IF NOT EXISTS mastodon_migration.live_leader (single boolean PRIMARY KEY DEFAULT true CHECK (single), "
                    + "backend int NOT NULL, until timestamptz NOT NULL)");
        });
    }

    /** Takes the lead with this session, for as long as it lives and is renewed; ends the session of a leader that no longer does. */
    static boolean take(Connection target, Duration valid) throws SQLException {
        if (Query.isTrue(target, "SELECT pg_try_advisory_lock(hashtext('mastodon_migration'), 2)")) {
            Query.update(target, "INSERT INTO mastodon_migration.live_leader (backend, until) VALUES (pg_backend_pid(), clock_timestamp() + ? * interval '1 ms')"
                    + " ON CONFLICT (single) DO UPDATE SET backend = excluded.backend, until = excluded.until", valid.toMillis());
            return true;
        }
        Query.list(target, "SELECT pg_terminate_backend(l.backend) FROM mastodon_migration.live_leader l JOIN pg_stat_activity a ON a.pid = l.backend"
                + " WHERE l.until < clock_timestamp() AND a.datname = current_database() AND a.application_name LIKE 'mastodon-migration%'",
                row -> row.getBoolean(1));
        return false;
    }

    /** On another session, while the leader may be busy for long. */
    static void renew(Connection target, int backend, Duration valid) throws SQLException {
        Query.update(target, "UPDATE mastodon_migration.live_leader SET until = clock_timestamp() + ? * interval '1 ms' WHERE backend = ?", valid.toMillis(),
                backend);
    }
}
