package dev.mastodonmigration.worker.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;

/** A proxy before a Redis, as of a service that hides its shards: answers PING by itself, tells changes when it likes, and leaves {@code master_replid} out of INFO. */
final class ForgetfulProxy implements AutoCloseable {
    private static final byte[] PING = "*1\r\n$4\r\nPING\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] PONG = "$4\r\nPONG\r\n".getBytes(StandardCharsets.US_ASCII);

    private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
    private final int server;
    private final Duration delay;

    /** @param delay of what it tells by itself */
    ForgetfulProxy(int server, Duration delay) throws IOException {
        this.server = server;
        this.delay = delay;
        Thread.ofPlatform().daemon().start(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    private void accept() {
        untilItEnds(() -> {
            while (true) {
                var client = keep(listening.accept());
                var behind = keep(new Socket(InetAddress.getLoopbackAddress(), server));
                Thread.ofPlatform().daemon().start(() -> untilItEnds(() -> commands(client, behind)));
                Thread.ofPlatform().daemon().start(() -> untilItEnds(() -> answers(behind.getInputStream(), client.getOutputStream())));
            }
        });
    }

    private void commands(Socket client, Socket behind) throws IOException {
        var buffer = new byte[1 << 16];
        var from = client.getInputStream();
        for (var read = from.read(buffer); read >= 0; read = from.read(buffer)) {
            if (read == PING.length && new String(buffer, 0, read, StandardCharsets.ISO_8859_1).equals(new String(PING, StandardCharsets.ISO_8859_1))) {
                answer(client.getOutputStream(), PONG, PONG.length);
            } else {
                behind.getOutputStream().write(buffer, 0, read);
            }
        }
        behind.close();
    }

    private void answers(InputStream from, OutputStream to) throws IOException {
        var buffer = new byte[1 << 16];
        for (var read = from.read(buffer); read >= 0; read = from.read(buffer)) {
            var text = new String(buffer, 0, read, StandardCharsets.ISO_8859_1);
            if (text.startsWith(">2\r\n$10\r\ninvalidate")) {
                LockSupport.parkNanos(delay.toNanos());
                text += new String(from.readNBytes(from.available()), StandardCharsets.ISO_8859_1);
            }
            var bytes = text.replace("master_replid:", "xxxxxx_xxxxxx:").getBytes(StandardCharsets.ISO_8859_1);
            answer(to, bytes, bytes.length);
        }
    }

    private static void answer(OutputStream to, byte[] bytes, int length) throws IOException {
        synchronized (to) {
            to.write(bytes, 0, length);
        }
    }

    private Socket keep(Socket socket) throws IOException {
        socket.setTcpNoDelay(true);
        sockets.add(socket);
        return socket;
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void untilItEnds(Work work) {
        try {
            work.run();
        } catch (IOException ended) {
            return;
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        for (var socket : sockets) {
            socket.close();
        }
    }
}
