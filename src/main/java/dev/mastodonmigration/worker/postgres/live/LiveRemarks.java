package dev.mastodonmigration.worker.postgres.live;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** What is to be said of a source before it is copied live. */
public final class LiveRemarks {
    private LiveRemarks() {}

    /** Notes, each with what it means; the session is outside of a transaction. */
    public static List<String> on(Connection source) throws SQLException {
        var notes = new ArrayList<>(KeylessTables.announce(source).lines());
        if (!SourceIdentity.isTold(source)) {
            notes.add("the source does not tell which server it is (Aurora does not, on which Heroku's Essential plans run): a live copy recognises it by a row of its own there, and does what it always does");
        }
        return notes;
    }
}
