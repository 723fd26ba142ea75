package dev.mastodonmigration.edge.proxy;

import dev.mastodonmigration.edge.proxy.Traffic.Pass;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.NetSocket;
import java.util.Set;

/** A websocket: after the two handshakes, bytes in both directions, as fast as the slower end takes them. */
record Tunnel(HttpServerRequest request, HttpClientRequest upstream, Pass pass) {
    private static final int SWITCHING = 101;
    private static final Set<String> OURS = Set.of("host", "connection");

    static boolean isAskedFor(HttpServerRequest request) {
        return request.method() == HttpMethod.GET && "websocket".equalsIgnoreCase(request.getHeader(HttpHeaders.UPGRADE));
    }

    void open() {
        upstream.setMethod(HttpMethod.GET).setURI(request.uri());
        request.headers().forEach((name, value) -> {
            if (!OURS.contains(name.toLowerCase(java.util.Locale.ROOT))) {
                upstream.headers().add(name, value);
            }
        });
        // Some browsers send "keep-alive, Upgrade", which not every server understands.
        upstream.putHeader(HttpHeaders.CONNECTION, HttpHeaders.UPGRADE);
        upstream.connect().onSuccess(this::answered).onFailure(why -> {
            EdgeProxy.failed(request, pass, why);
            EdgeProxy.unavailable(request, why);
        });
    }

    private void answered(HttpClientResponse answer) {
        var misrouted = EdgeProxy.misrouted(answer.statusCode());
        if (misrouted.isPresent()) {
            pass.failed();
            EdgeProxy.unavailable(request, misrouted.get());
            return;
        }
        EdgeProxy.answered(request, pass, answer.statusCode());
        var response = request.response();
        if (answer.statusCode() != SWITCHING) {
            response.setStatusCode(answer.statusCode()).setStatusMessage(answer.statusMessage());
            response.headers().addAll(answer.headers()).remove(HttpHeaders.TRANSFER_ENCODING);
            response.setChunked(!answer.headers().contains(HttpHeaders.CONTENT_LENGTH));
            answer.pipeTo(response);
            return;
        }
        response.setStatusCode(SWITCHING);
        response.headers().addAll(answer.headers());
        var back = answer.netSocket();
        request.toNetSocket().onSuccess(front -> join(front, back)).onFailure(why -> back.close());
    }

    private void join(NetSocket front, NetSocket back) {
        front.closeHandler(gone -> {
            pass.ended();
            back.close();
        });
        back.closeHandler(gone -> front.close());
        pass.lasts(front::close);
        front.pipeTo(back);
        back.pipeTo(front);
    }
}
