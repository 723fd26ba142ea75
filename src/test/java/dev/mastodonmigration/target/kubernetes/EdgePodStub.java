package dev.mastodonmigration.target.kubernetes;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.proxy.EdgeReport;
import dev.mastodonmigration.edge.proxy.EdgeState;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The control port of a pod of the edge, as the operator meets it. */
final class EdgePodStub implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final HttpServer server;
    private final String address;
    final List<EdgeState> told = new ArrayList<>();
    volatile EdgeState state;
    volatile String token = "";
    volatile long upMillis = 3_600_000;
    volatile long stateMillis;
    volatile int underWay;
    volatile int status = 200;
    volatile Map<String, Long> arrivals = Map.of();
    volatile EdgeReport.Measured measured = EdgeReport.Measured.NOTHING;
    List<String> unreached = List.of();

    EdgePodStub(String address, EdgeState state) throws IOException {
        this.address = address;
        this.state = state;
        server = HttpServer.create(new InetSocketAddress(address, EdgeObjects.CONTROL_PORT), 0);
        server.createContext("/state", this::answer);
        server.start();
    }

    /** As the API server shows it. @param ready True or False */
    static Pod pod(WorkloadNames names, String name, String address, String ready) {
        return new PodBuilder().withNewMetadata().withName(name).withNamespace(names.namespace()).withLabels(names.labels(EdgeObjects.COMPONENT)).endMetadata()
                .withNewSpec().addNewContainer().withName("edge").endContainer().endSpec()
                .withNewStatus().withPhase("Running").withPodIP(address).addNewCondition().withType("Ready").withStatus(ready).endCondition().endStatus().build();
    }

    String address() {
        return address;
    }

    private synchronized void answer(HttpExchange exchange) throws IOException {
        token = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
        if (exchange.getRequestMethod().equals("PUT")) {
            state = JSON.readValue(exchange.getRequestBody(), EdgeState.class);
            told.add(state);
        }
        var body = JSON.writeValueAsString(new EdgeReport(state, upMillis, stateMillis, Map.of(Side.SOURCE, underWay, Side.TARGET, 0), Map.of(), 0, 0, arrivals, measured, unreached)).getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
