package dev.mastodonmigration.target.aws.ec2;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.mastodonmigration.embedded.MachineContainer;
import dev.mastodonmigration.embedded.MachineProcess;
import dev.mastodonmigration.embedded.MachineRuntime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** What {@code podman.py} of one machine asks when containers are more than a record: they are played by a runtime. */
final class ContainerEngine implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final MachineRuntime runtime;
    private final Function<String, MachineContainer> containers;
    private final Map<String, MachineProcess> running = new ConcurrentHashMap<>();

    private ContainerEngine(HttpServer server, MachineRuntime runtime, Function<String, MachineContainer> containers) {
        this.server = server;
        this.runtime = runtime;
        this.containers = containers;
    }

    /** @param containers as {@code podman.py} recorded them, by name */
    static ContainerEngine start(MachineRuntime runtime, Function<String, MachineContainer> containers) {
        try {
            var started = new ContainerEngine(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0), runtime, containers);
            started.server.createContext("/", started::handle);
            started.server.setExecutor(started.threads);
            started.server.start();
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Host and port. */
    String address() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    boolean runs(String container) {
        return running.containsKey(container);
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            var container = exchange.getRequestURI().getPath().substring(1);
            try {
                answer(exchange, 200, answer(exchange.getRequestMethod(), container));
            } catch (RuntimeException e) {
                answer(exchange, 500, e.toString());
            }
        }
    }

    private String answer(String method, String container) {
        return switch (method) {
            case "PUT" -> {
                end(container);
                running.put(container, runtime.start(containers.apply(container)));
                yield "0";
            }
            case "POST" -> String.valueOf(runtime.smokeTest(containers.apply(container)));
            case "DELETE" -> {
                end(container);
                yield "ended";
            }
            default -> Optional.ofNullable(running.get(container)).filter(MachineProcess::isHealthy).map(process -> "healthy").orElse("starting");
        };
    }

    private void end(String container) {
        Optional.ofNullable(running.remove(container)).ifPresent(MachineProcess::close);
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    /** As when the machine ends: all that runs on it does. */
    @Override
    public void close() {
        server.stop(0);
        running.keySet().forEach(this::end);
        threads.close();
    }
}
