package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.crud.AttributeSet;
import io.fabric8.mockwebserver.http.Response;
import io.fabric8.mockwebserver.http.WebSocket;
import io.fabric8.mockwebserver.http.WebSocketListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One watcher's connection; what is sent before it is open waits for it. */
final class WatchStream extends WebSocketListener {
    private static final int NORMAL_CLOSURE = 1000;

    private final AttributeSet query;
    private final List<String> waiting = new ArrayList<>();
    private Optional<WebSocket> socket = Optional.empty();
    private boolean closed;

    WatchStream(AttributeSet query) {
        this.query = query;
    }

    AttributeSet query() {
        return query;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    synchronized void send(String action, JsonNode object) {
        var message = Serialization.jsonMapper().createObjectNode().put("type", action).<ObjectNode>set("object", object).toString();
        if (socket.isPresent()) {
            socket.get().send(message);
        } else {
            waiting.add(message);
        }
    }

    /** Tells the watcher that the version which it has seen last is forgotten, and ends. */
    synchronized void expire(long version, long forgotten) {
        var status = new StatusBuilder().withStatus("Failure").withCode(410).withReason("Expired").withMessage("too old resource version: " + version + " (" + forgotten + ")").build();
        send("ERROR", Serialization.jsonMapper().valueToTree(status));
        end();
    }

    synchronized void end() {
        closed = true;
        socket.ifPresent(open -> open.close(NORMAL_CLOSURE, "the watch is over"));
    }

    @Override
    public synchronized void onOpen(WebSocket webSocket, Response response) {
        socket = Optional.of(webSocket);
        waiting.forEach(webSocket::send);
        waiting.clear();
        if (closed) {
            end();
        }
    }

    @Override
    public synchronized void onClosing(WebSocket webSocket, int code, String reason) {
        closed = true;
        webSocket.close(code, reason);
    }

    @Override
    public synchronized void onClosed(WebSocket webSocket, int code, String reason) {
        closed = true;
    }

    @Override
    public synchronized void onFailure(WebSocket webSocket, Throwable cause, Response response) {
        closed = true;
    }
}
