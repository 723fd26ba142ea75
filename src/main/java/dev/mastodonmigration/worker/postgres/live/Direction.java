package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.postgres.Database;
import dev.mastodonmigration.worker.postgres.Marker;
import dev.mastodonmigration.worker.postgres.Side;

/**
 * Which of the two databases an engine reads and which it writes. A task says so; below the tasks {@code source} and {@code target} are these two roles, and only messages name the
 * databases themselves.
 */
public enum Direction {
    /** The migration itself: reads the instance's old database, and writes a new one that is loaded. */
    FORWARD(Side.SOURCE, Side.TARGET),
    /** The way back: reads the new database, on which the instance runs, and writes the old one, which stays closed to everyone else. */
    BACK(Side.TARGET, Side.SOURCE);

    private final Side read;
    private final Side written;

    Direction(Side read, Side written) {
        this.read = read;
        this.written = written;
    }

    Side read() {
        return read;
    }

    Side written() {
        return written;
    }

    Database from(WorkerContext context, String task) {
        return Database.of(read, context, task);
    }

    Database to(WorkerContext context, String task) {
        return Database.of(written, context, task);
    }

    /** What the marker of the written database says for as long as this engine may write there. */
    Marker.State whileWritten() {
        return this == FORWARD ? Marker.State.LOADING : Marker.State.CLOSED;
    }

    Marker.State whenDrained() {
        return this == FORWARD ? Marker.State.LOADED : Marker.State.CLOSED;
    }

    /** What an admin is to do where the engine cannot go on, as the rest of a sentence. */
    String otherwise() {
        return this == FORWARD ? "copy anew" : "keep both databases as they are and ask for help before you change either";
    }

    /** The same when tables that are followed were changed, as a sentence. */
    String afterChangedTables() {
        return this == FORWARD ? "Finish the change there (a Rails migration?), and start the copy anew." : "Undo the change there, and start this anew: as long as it stands, there is no way back.";
    }

    /** The same when a database refuses what is needed, as the rest of a sentence. */
    String afterRefusal() {
        return this == FORWARD ? "or set strategy.postgres to Dump" : "and start this anew: until then there is no way back";
    }
}
