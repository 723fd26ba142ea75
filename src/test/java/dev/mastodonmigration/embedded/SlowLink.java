package dev.mastodonmigration.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** A server of this machine as if it were far away: each answer comes later by a fixed time, and as many may be under way as one likes. */
public final class SlowLink implements AutoCloseable {
    private static final int CHUNK = 64 << 10;

    private record Chunk(byte[] bytes, long dueNanos) {}

    private final ServerSocket listening;
    private final int server;
    private final long delayNanos;
    private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
    private final AtomicLong roundTrips = new AtomicLong();

    private SlowLink(ServerSocket listening, int server, Duration delay) {
        this.listening = listening;
        this.server = server;
        this.delayNanos = delay.toNanos();
    }

    /** @param server a port of this machine */
    public static SlowLink to(int server, Duration delay) {
        try {
            var link = new SlowLink(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), server, delay);
            start(link::accept);
            return link;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public int port() {
        return listening.getLocalPort();
    }

    /** How often somebody began to ask after the last answer had come. */
    public long roundTrips() {
        return roundTrips.get();
    }

    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private static void start(Work work) {
        Thread.ofPlatform().daemon().start(() -> {
            try {
                work.run();
            } catch (IOException | InterruptedException ended) {
                return;
            }
        });
    }

    private void accept() throws IOException {
        while (true) {
            var client = keep(listening.accept());
            var behind = keep(new Socket(InetAddress.getLoopbackAddress(), server));
            var answered = new AtomicBoolean(true);
            var answers = new LinkedBlockingQueue<Chunk>();
            start(() -> {
                try (client; behind) {
                    pass(client.getInputStream(), behind.getOutputStream(), answered);
                }
            });
            start(() -> read(behind.getInputStream(), answers));
            start(() -> {
                try (client; behind) {
                    deliver(answers, client.getOutputStream(), answered);
                }
            });
        }
    }

    private Socket keep(Socket socket) throws IOException {
        socket.setTcpNoDelay(true);
        sockets.add(socket);
        return socket;
    }

    private void pass(InputStream from, OutputStream to, AtomicBoolean answered) throws IOException {
        var buffer = new byte[CHUNK];
        for (var read = from.read(buffer); read >= 0; read = from.read(buffer)) {
            if (answered.getAndSet(false)) {
                roundTrips.incrementAndGet();
            }
            to.write(buffer, 0, read);
        }
    }

    private void read(InputStream from, LinkedBlockingQueue<Chunk> answers) throws IOException, InterruptedException {
        var buffer = new byte[CHUNK];
        for (var read = from.read(buffer); read >= 0; read = from.read(buffer)) {
            answers.put(new Chunk(Arrays.copyOf(buffer, read), System.nanoTime() + delayNanos));
        }
        answers.put(new Chunk(new byte[0], 0));
    }

    private static void deliver(LinkedBlockingQueue<Chunk> answers, OutputStream to, AtomicBoolean answered) throws IOException, InterruptedException {
        for (var chunk = answers.take(); chunk.bytes().length > 0; chunk = answers.take()) {
            for (var left = chunk.dueNanos() - System.nanoTime(); left > 0; left = chunk.dueNanos() - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            answered.set(true);
            to.write(chunk.bytes());
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
