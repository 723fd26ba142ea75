package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;

/**
 * Services and their names, as kube-proxy and CoreDNS play them: a loopback address for each Service, from which connections go to one of its ready pods, and a hosts file. A connection that is there stays
 * with its pod, whatever becomes of the selector.
 */
final class ClusterNetwork implements AutoCloseable {
    private static final int CONNECT_MILLIS = 1000;
    private static final String READY = "Ready";
    private final Path hosts;
    private final Supplier<String> addresses;
    private final Map<String, Service> services = new ConcurrentHashMap<>();
    private final Map<String, String> addressOf = new ConcurrentHashMap<>();
    private final Map<String, ServerSocket> listening = new HashMap<>();
    private volatile List<Pod> pods = List.of();
    private String written = "";

    /** @param addresses gives one that nobody has */
    ClusterNetwork(Path hosts, Supplier<String> addresses) {
        this.hosts = hosts;
        this.addresses = addresses;
        write();
    }

    /** What a JVM of a pod resolves names with. */
    Path hosts() {
        return hosts;
    }

    /** Where that Service is reached; empty before it is there. */
    Optional<String> address(String service) {
        return Optional.ofNullable(addressOf.get(service));
    }

    void sync(List<Service> found, List<Pod> allPods) {
        pods = List.copyOf(allPods);
        services.clear();
        for (var service : found) {
            var name = service.getMetadata().getName();
            services.put(name, service);
            if (!isHeadless(service)) {
                var address = addressOf.computeIfAbsent(name, fresh -> addresses.get());
                service.getSpec().getPorts().forEach(port -> listening.computeIfAbsent(name + ":" + port.getPort(), fresh -> listen(name, address, port.getPort())));
            }
        }
        write();
    }

    private static boolean isHeadless(Service service) {
        return "None".equals(service.getSpec().getClusterIP());
    }

    private void write() {
        var text = new StringBuilder("127.0.0.1 localhost\n");
        new TreeMap<>(services).forEach((name, service) -> {
            var known = isHeadless(service) ? ready(service).stream().map(pod -> pod.getStatus().getPodIP()).sorted().toList() : List.of(addressOf.get(name));
            known.forEach(address -> text.append(address).append(' ').append(name).append('.').append(service.getMetadata().getNamespace()).append(".svc\n"));
        });
        if (!text.toString().equals(written)) {
            written = text.toString();
            try {
                var fresh = Files.writeString(hosts.resolveSibling(hosts.getFileName() + ".fresh"), written);
                Files.move(fresh, hosts, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private List<Pod> ready(Service service) {
        var selector = service.getSpec().getSelector();
        return pods.stream().filter(pod -> pod.getMetadata().getLabels() != null && pod.getMetadata().getLabels().entrySet().containsAll(selector.entrySet()))
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null && pod.getStatus() != null && pod.getStatus().getPodIP() != null
                        && pod.getStatus().getConditions().stream().anyMatch(condition -> condition.getType().equals(READY) && condition.getStatus().equals("True"))).toList();
    }

    private ServerSocket listen(String service, String address, int port) {
        try {
            var server = new ServerSocket();
            server.setReuseAddress(true);
            server.bind(new InetSocketAddress(InetAddress.getByName(address), port));
            Thread.ofVirtual().start(() -> accept(server, service, port));
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept(ServerSocket server, String service, int port) {
        while (!server.isClosed()) {
            try {
                var client = server.accept();
                Thread.ofVirtual().start(() -> connect(client, service, port));
            } catch (IOException closed) {
                return;
            }
        }
    }

    /** To a Service without a ready pod every connection is refused. */
    private void connect(Socket client, String name, int port) {
        try (client; var pod = new Socket()) {
            var service = Optional.ofNullable(services.get(name));
            var behind = service.map(this::ready).orElse(List.of());
            if (behind.isEmpty()) {
                client.setSoLinger(true, 0);
                return;
            }
            var chosen = behind.get(ThreadLocalRandom.current().nextInt(behind.size()));
            var target = service.get().getSpec().getPorts().stream().filter(one -> one.getPort() == port).findFirst().map(one -> port(one, chosen)).orElseThrow();
            pod.connect(new InetSocketAddress(chosen.getStatus().getPodIP(), target), CONNECT_MILLIS);
            client.setTcpNoDelay(true);
            pod.setTcpNoDelay(true);
            var back = Thread.ofVirtual().start(() -> pass(pod, client));
            pass(client, pod);
            back.join();
        } catch (IOException gone) {
            // The other end sees it.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static int port(ServicePort port, Pod pod) {
        var wanted = port.getTargetPort();
        return wanted.getIntVal() != null ? wanted.getIntVal()
                : pod.getSpec().getContainers().getFirst().getPorts().stream().filter(one -> wanted.getStrVal().equals(one.getName())).findFirst().orElseThrow().getContainerPort();
    }

    /** One direction, to its end; then the other one ends too. */
    private static void pass(Socket from, Socket to) {
        try (InputStream in = from.getInputStream(); OutputStream out = to.getOutputStream()) {
            in.transferTo(out);
        } catch (IOException gone) {
            // As above.
        }
    }

    @Override
    public void close() {
        for (var server : new ArrayList<>(listening.values())) {
            try {
                server.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
