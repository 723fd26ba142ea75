package dev.mastodonmigration.edge.proxy;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** The other pods of this edge: what the operator has told one of them, all follow. */
final class Peers {
    /** Pods of a newer version tell more. */
    private static final ObjectMapper JSON = new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    private static final Duration ANSWER = Duration.ofSeconds(1);
    private final Vertx vertx;
    private final List<String> names;
    private final int port;
    private final String token;
    private final HttpClient http;

    Peers(Vertx vertx, List<String> names, int port, String token) {
        this.vertx = vertx;
        this.names = List.copyOf(names);
        this.port = port;
        this.token = token;
        this.http = vertx.createHttpClient();
    }

    /** The latest state that any of them has; empty where none answers, as before the first is there. Never fails. */
    Future<Optional<EdgeState>> latest() {
        return vertx.executeBlocking(() -> names.stream().flatMap(name -> addresses(name).stream()).distinct().toList()).map(addresses -> addresses.stream().map(this::ask).toList()).compose(asked -> Future.join(asked)
                .transform(all -> Future.succeededFuture(asked.stream().map(Future::result).filter(Objects::nonNull).max(Comparator.comparingLong(EdgeState::generation)))));
    }

    private static List<String> addresses(String name) {
        try {
            return Arrays.stream(InetAddress.getAllByName(name)).map(InetAddress::getHostAddress).toList();
        } catch (UnknownHostException none) {
            return List.of();
        }
    }

    private Future<EdgeState> ask(String address) {
        return http.request(new RequestOptions().setMethod(HttpMethod.GET).setHost(address).setPort(port).setURI("/state").setConnectTimeout(ANSWER.toMillis()).setIdleTimeout(ANSWER.toMillis())
                .putHeader(HttpHeaders.AUTHORIZATION, "Bearer " + token)).compose(request -> request.send()).compose(answer -> answer.body()).map(body -> {
                    try {
                        return JSON.readValue(body.getBytes(), EdgeReport.class).state();
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                });
    }
}
