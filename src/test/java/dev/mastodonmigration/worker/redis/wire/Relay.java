package dev.mastodonmigration.worker.redis.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** An address with a server behind it: another one for new connections, once it moved, as when a name leads elsewhere. */
public final class Relay implements AutoCloseable {
    public interface Direction {
        void pass(InputStream from, OutputStream to) throws IOException;
    }

    /** What is done with one connection in one direction, by a thread of its own. */
    interface Passing {
        void pass(Socket client, Socket server) throws IOException;
    }

    private interface Work {
        void run() throws IOException;
    }

    private final ServerSocket listening;
    private final Passing commands;
    private final Passing answers;
    private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
    private volatile int server;

    private Relay(ServerSocket listening, int server, Passing commands, Passing answers) {
        this.listening = listening;
        this.server = server;
        this.commands = commands;
        this.answers = answers;
    }

    public static Relay to(int server) throws IOException {
        return to(server, InputStream::transferTo, InputStream::transferTo);
    }

    /** @param server a port of this machine */
    public static Relay to(int server, Direction commands, Direction answers) throws IOException {
        return between(server, (client, behind) -> commands.pass(client.getInputStream(), behind.getOutputStream()),
                (client, behind) -> answers.pass(behind.getInputStream(), client.getOutputStream()));
    }

    static Relay between(int server, Passing commands, Passing answers) throws IOException {
        var relay = new Relay(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), server, commands, answers);
        Thread.ofVirtual().start(relay::accept);
        return relay;
    }

    public int port() {
        return listening.getLocalPort();
    }

    /** Connections that stand go on as they are. */
    public void moveTo(int another) {
        server = another;
    }

    private void accept() {
        untilItEnds(() -> {
            while (true) {
                var client = keep(listening.accept());
                var behind = keep(new Socket(InetAddress.getLoopbackAddress(), server));
                start(client, behind, () -> commands.pass(client, behind));
                start(client, behind, () -> answers.pass(client, behind));
            }
        });
    }

    private Socket keep(Socket socket) throws IOException {
        socket.setTcpNoDelay(true);
        sockets.add(socket);
        return socket;
    }

    private static void start(Socket client, Socket behind, Work work) {
        Thread.ofPlatform().daemon().start(() -> untilItEnds(() -> {
            try (client; behind) {
                work.run();
            }
        }));
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
