package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.mockwebserver.crud.AttributeSet;
import io.fabric8.mockwebserver.http.MockResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * What watchers were told, so that a watch begins exactly where a list ended. Fabric8's own server sends each new watcher all that there is, whatever version it
 * asks for, and loses a deletion between the request and the opened connection.
 */
final class WatchHistory {
    private static final int KEPT = 5000;

    /** A change: keys as Fabric8's server files objects, before and after. */
    private record Change(long version, Optional<AttributeSet> before, Optional<AttributeSet> after, ObjectNode object) {
        Optional<String> actionFor(AttributeSet query) {
            var was = before.filter(key -> key.matches(query)).isPresent();
            var is = after.filter(key -> key.matches(query)).isPresent();
            return was && is ? Optional.of("MODIFIED") : is ? Optional.of("ADDED") : was ? Optional.of("DELETED") : Optional.empty();
        }
    }

    private final Deque<Change> changes = new ArrayDeque<>();
    private final List<WatchStream> streams = new ArrayList<>();
    private long forgotten;

    synchronized void append(long version, Optional<AttributeSet> before, Optional<AttributeSet> after, ObjectNode object) {
        var change = new Change(version, before, after, object);
        changes.add(change);
        if (changes.size() > KEPT) {
            forgotten = changes.removeFirst().version();
        }
        streams.removeIf(WatchStream::isClosed);
        streams.forEach(stream -> change.actionFor(stream.query()).ifPresent(action -> stream.send(action, object)));
    }

    /** Answers a watch that has seen everything up to this version. */
    synchronized MockResponse watch(AttributeSet query, long version) {
        var stream = new WatchStream(query);
        if (version < forgotten) {
            stream.expire(version, forgotten);
        } else {
            changes.stream().filter(change -> change.version() > version).forEach(change -> change.actionFor(query).ifPresent(action -> stream.send(action, change.object())));
            streams.add(stream);
        }
        return new MockResponse().withWebSocketUpgrade(stream);
    }

    /** Answers a watch that has seen nothing: what there is now, then what changes. */
    synchronized MockResponse watch(AttributeSet query, List<ObjectNode> present) {
        var stream = new WatchStream(query);
        present.forEach(object -> stream.send("ADDED", object));
        streams.add(stream);
        return new MockResponse().withWebSocketUpgrade(stream);
    }

    /** Forgets everything up to this version: whoever has seen less has to list anew. */
    synchronized void forget(long version) {
        changes.clear();
        forgotten = version;
    }

    /** Ends every watch, as an API server does that restarts. */
    synchronized void endAll() {
        streams.forEach(WatchStream::end);
        streams.clear();
    }
}
