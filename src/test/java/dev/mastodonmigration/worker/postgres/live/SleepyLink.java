package dev.mastodonmigration.worker.postgres.live;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A way to a server that ends like one to a worker which is stopped: what it sent up to a moment arrives, nothing after it, and the connection stays. */
final class SleepyLink implements AutoCloseable {
    private static final byte[] SYNC = {'S', 0, 0, 0, 4};

    private final ServerSocket listening = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    private final int server;
    private final String until;
    private final CountDownLatch asleep = new CountDownLatch(1);

    /** @param until words in the last message that arrives, which is whole */
    SleepyLink(int server, String until) throws IOException {
        this.server = server;
        this.until = until;
        Thread.ofPlatform().daemon().start(() -> {
            while (!listening.isClosed()) {
                try {
                    link(listening.accept());
                } catch (IOException closed) {
                    return;
                }
            }
        });
    }

    int port() {
        return listening.getLocalPort();
    }

    boolean awaitAsleep(long seconds) throws InterruptedException {
        return asleep.await(seconds, TimeUnit.SECONDS);
    }

    private void link(Socket worker) throws IOException {
        var there = new Socket(InetAddress.getLoopbackAddress(), server);
        Thread.ofPlatform().daemon().start(() -> pump(there, worker, false));
        Thread.ofPlatform().daemon().start(() -> pump(worker, there, true));
    }

    private void pump(Socket from, Socket to, boolean watched) {
        var buffer = new byte[1 << 16];
        var last = false;
        try {
            for (var read = from.getInputStream().read(buffer); read >= 0; read = from.getInputStream().read(buffer)) {
                to.getOutputStream().write(buffer, 0, read);
                last |= watched && new String(buffer, 0, read, StandardCharsets.ISO_8859_1).contains(until);
                if (last && Arrays.equals(SYNC, Arrays.copyOfRange(buffer, Math.max(0, read - SYNC.length), read))) {
                    asleep.countDown();
                    return;
                }
            }
            to.close();
        } catch (IOException closed) {
            asleep.countDown();
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
