package dev.mastodonmigration.worker.redis.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** A proxy before a Redis, as of a service that hides its shards: answers PING by itself, tells changes when it likes, and leaves {@code master_replid} out of INFO. */
public final class ForgetfulProxy {
    private static final String PING = "*1\r\n$4\r\nPING\r\n";
    private static final byte[] PONG = "$4\r\nPONG\r\n".getBytes(StandardCharsets.US_ASCII);

    private ForgetfulProxy() {}

    /**
     * @param server a port of this machine
     * @param delay  of what it tells by itself
     */
    public static Relay before(int server, Duration delay) throws IOException {
        return Relay.between(server, ForgetfulProxy::commands, (client, behind) -> answers(behind.getInputStream(), client.getOutputStream(), delay));
    }

    private static void commands(Socket client, Socket behind) throws IOException {
        var buffer = new byte[1 << 16];
        var from = client.getInputStream();
        for (var read = from.read(buffer); read >= 0; read = from.read(buffer)) {
            if (PING.equals(new String(buffer, 0, read, StandardCharsets.ISO_8859_1))) {
                answer(client.getOutputStream(), PONG);
            } else {
                behind.getOutputStream().write(buffer, 0, read);
            }
        }
    }

    private static void answers(InputStream from, OutputStream to, Duration delay) throws IOException {
        var buffer = new byte[1 << 16];
        for (var read = from.read(buffer); read >= 0; read = from.read(buffer)) {
            var text = new String(buffer, 0, read, StandardCharsets.ISO_8859_1);
            if (text.startsWith(">2\r\n$10\r\ninvalidate")) {
                LockSupport.parkNanos(delay.toNanos());
                text += new String(from.readNBytes(from.available()), StandardCharsets.ISO_8859_1);
            }
            answer(to, text.replace("master_replid:", "xxxxxx_xxxxxx:").getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    private static void answer(OutputStream to, byte[] bytes) throws IOException {
        synchronized (to) {
            to.write(bytes);
        }
    }
}
