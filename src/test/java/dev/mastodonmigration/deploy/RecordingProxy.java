package dev.mastodonmigration.deploy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.regex.Pattern;

/** Stands between the operator and an API server and notes every request line, watches and upgrades included, because it only passes bytes on. */
final class RecordingProxy implements AutoCloseable {
    private static final Pattern REQUEST = Pattern.compile("(?m)^(GET|POST|PUT|PATCH|DELETE) (/\\S*) HTTP/1\\.1\\r");

    private final ServerSocket server;
    private final int target;
    private final Set<String> requests = new ConcurrentSkipListSet<>();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    private RecordingProxy(int target) throws IOException {
        this.target = target;
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    static RecordingProxy to(int port) {
        try {
            return new RecordingProxy(port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String url() {
        return "http://127.0.0.1:" + server.getLocalPort();
    }

    /** Every distinct request so far, as in {@code GET /api/v1/namespaces/x/pods?limit=1}. */
    Set<String> requests() {
        return Set.copyOf(requests);
    }

    /** Begins a new recording. */
    void forget() {
        requests.clear();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                var client = server.accept();
                var upstream = new Socket(InetAddress.getLoopbackAddress(), target);
                open.add(client);
                open.add(upstream);
                Thread.ofVirtual().start(() -> pass(client, upstream, true));
                Thread.ofVirtual().start(() -> pass(upstream, client, false));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void pass(Socket from, Socket to, boolean note) {
        try (from; to; InputStream in = from.getInputStream(); OutputStream out = to.getOutputStream()) {
            var buffer = new byte[1 << 16];
            for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                if (note) {
                    REQUEST.matcher(new String(buffer, 0, length, StandardCharsets.ISO_8859_1)).results().forEach(line -> requests.add(line.group(1) + " " + line.group(2)));
                }
                out.write(buffer, 0, length);
                out.flush();
            }
        } catch (IOException ended) {
            return;
        } finally {
            open.remove(from);
            open.remove(to);
        }
    }

    @Override
    public void close() {
        try {
            server.close();
            for (var socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
