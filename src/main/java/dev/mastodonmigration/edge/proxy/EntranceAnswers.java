package dev.mastodonmigration.edge.proxy;

import dev.mastodonmigration.edge.Entrance;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/** What the operator asks by way of what stands in front of the edge. No side sees any of it, whatever the state, and it is nobody's request. */
final class EntranceAnswers {
    private static final Logger LOG = Logger.getLogger(EntranceAnswers.class);
    private static final long LONGEST_SILENCE_MILLIS = 120_000;
    private static final int NOT_FOUND = 404;
    private static final int UPGRADE_REQUIRED = 426;
    private final Vertx vertx;
    private final byte[] key;

    /** @param token the edge's own */
    EntranceAnswers(Vertx vertx, String token) {
        this.vertx = vertx;
        this.key = Entrance.key(token).getBytes(StandardCharsets.UTF_8);
    }

    /** @return whether it was one of these paths: nothing else is to be done then */
    boolean answers(HttpServerRequest request) {
        switch (String.valueOf(request.path())) {
            case Entrance.BODY -> answer(request, HttpMethod.POST, this::count);
            case Entrance.EVENTS -> answer(request, HttpMethod.GET, this::stream);
            case Entrance.WEBSOCKET -> answer(request, HttpMethod.GET, EntranceAnswers::echo);
            default -> {
                return false;
            }
        }
        return true;
    }

    private void answer(HttpServerRequest request, HttpMethod method, Consumer<HttpServerRequest> answer) {
        var given = Optional.ofNullable(request.getHeader(Entrance.KEY)).orElse("").getBytes(StandardCharsets.UTF_8);
        if (request.method() == method && MessageDigest.isEqual(given, key)) {
            answer.accept(request);
        } else {
            // And nothing more of a body is taken.
            request.response().setStatusCode(NOT_FOUND).putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE).end();
        }
    }

    private void count(HttpServerRequest request) {
        var bytes = new AtomicLong();
        request.handler(part -> bytes.addAndGet(part.length())).endHandler(end -> request.response().end(Entrance.RECEIVED + bytes.get() + "\n"));
    }

    private void stream(HttpServerRequest request) {
        var response = request.response().setChunked(true).putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream").putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        response.write(Entrance.FIRST_EVENT + "\n\n");
        var last = vertx.setTimer(silence(request), due -> response.end(Entrance.LAST_EVENT + "\n\n"));
        response.closeHandler(gone -> vertx.cancelTimer(last));
    }

    private static long silence(HttpServerRequest request) {
        try {
            return Math.clamp(Long.parseLong(String.valueOf(request.getParam(Entrance.SILENCE))), 1, LONGEST_SILENCE_MILLIS);
        } catch (NumberFormatException none) {
            return 1;
        }
    }

    private static void echo(HttpServerRequest request) {
        if (!Tunnel.isAskedFor(request)) {
            request.response().setStatusCode(UPGRADE_REQUIRED).putHeader(HttpHeaders.UPGRADE, "websocket").end();
            return;
        }
        request.toWebSocket().onSuccess(socket -> socket.textMessageHandler(socket::writeTextMessage)).onFailure(refused -> LOG.debugf("a websocket of the operator's is not opened: %s", refused));
    }
}
