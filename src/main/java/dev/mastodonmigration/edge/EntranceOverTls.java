package dev.mastodonmigration.edge;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocketFactory;

/**
 * Each question over a connection of its own, one after another, and with HTTP 1.1 by hand: a client would connect to where the domain leads, and tells nothing of a body that is refused while it is sent.
 *
 * @param largest body, in bytes
 * @param port    of TLS
 */
public record EntranceOverTls(SSLSocketFactory tls, Patience patience, long largest, int port) implements EntranceProbe {
    /** Mastodon's limit of videos, and of its own nginx (app/models/media_attachment.rb; dist/nginx.conf). */
    public static final long LARGEST = 99L << 20;
    /** That of images, and more than any post has. */
    private static final List<Long> SMALLER = List.of(16L << 20, 1L << 20);
    private static final int MEGABYTE = 20;
    private static final byte[] CHUNK = new byte[64 << 10];
    private static final String OK = " 200";
    private static final int KEY_BYTES = 16;
    /** What the edge answers has a few, also where its pieces are told by their length in between. */
    private static final int FIRST_LINES = 20;
    private static final String ECHO = "is anybody there";

    /**
     * @param body    for one to arrive, and its answer
     * @param answer  for everything else that is to come at once
     * @param silence of an event stream, longer than {@code answer}, because its end brings what was held back: Heroku's router lets an answer be silent for 55 s. Streaming itself says something each 15 s
     *                (streaming/index.js), so that the 60 s which nginx and AWS' load balancers have by default are no fault
     */
    public record Patience(Duration body, Duration answer, Duration silence) {
        static final Patience LONG = new Patience(Duration.ofMinutes(3), Duration.ofSeconds(10), Duration.ofSeconds(55));
    }

    /** @param received the edge's own line; empty where somebody else answers */
    private record Answer(String status, String received) {
        boolean hasSeen(long bytes) {
            return received.equals(Entrance.RECEIVED + bytes);
        }

        String words() {
            return "\"" + status + "\"" + (received.isEmpty() ? "" : " and \"" + received + "\"");
        }
    }

    @Override
    public List<Fault> faults(Entrance entrance, Set<Question> questions) {
        return entrance.addresses().keySet().stream().sorted().flatMap(domain -> unreached(entrance, domain).stream()).findFirst().map(List::of)
                .orElseGet(() -> questions.stream().sorted().flatMap(question -> answer(question, entrance).stream()).toList());
    }

    private Optional<Fault> answer(Question question, Entrance entrance) {
        return switch (question) {
            case BODIES -> bodies(entrance);
            case EVENT_STREAMS -> events(entrance);
            case WEBSOCKETS -> websockets(entrance);
        };
    }

    /** First, and with a body of one byte: what leads elsewhere must not have 99 MB sent there. */
    private Optional<Fault> unreached(Entrance entrance, String domain) {
        try {
            var answer = post(entrance, domain, 1, patience.answer());
            return answer.hasSeen(1) ? Optional.empty() : fault("way", entrance, "does not lead requests for " + domain + " to the edge: the operator's own question there is answered with " + answer.words()
                    + ". Users whom DNS leads there would meet the same.");
        } catch (SSLHandshakeException untrusted) {
            return fault("way", entrance, "has no valid certificate for " + domain + " (" + untrusted.getMessage() + "). It needs one before DNS leads there: one that is obtained by DNS-01, or your own.");
        } catch (IOException unanswered) {
            return Optional.of(new Fault("way", Severity.Warning, atTheBeginning(entrance.name()) + " does not answer the operator for " + domain + " (" + unanswered + "), so whether it lets through what Mastodon needs is not known. Ask it from outside"
                    + " the cluster before you lead users there: it may be only the operator that cannot reach it, because some load balancers do not let what is behind them come in by their address."));
        }
    }

    private static Optional<Fault> fault(String about, Entrance entrance, String what) {
        return Optional.of(new Fault(about, Severity.Action, atTheBeginning(entrance.name()) + " " + what));
    }

    /** Of a sentence. */
    private static String atTheBeginning(String name) {
        return Character.toUpperCase(name.charAt(0)) + name.substring(1);
    }

    private Optional<Fault> bodies(Entrance entrance) {
        return refusal(entrance, largest).flatMap(why -> fault(Question.BODIES.about(), entrance, "does not let bodies of 99 MB through, which Mastodon's videos may have: " + why + ". "
                + SMALLER.stream().filter(size -> refusal(entrance, size).isEmpty()).findFirst().map(size -> "Of " + (size >> MEGABYTE) + " MB it does.").orElse("Of 1 MB neither.")
                + " Raise its limit, which ingress-nginx, for one, calls proxy-body-size."));
    }

    /** Why a body of so many bytes does not arrive; empty where it does. */
    private Optional<String> refusal(Entrance entrance, long bytes) {
        try {
            var answer = post(entrance, entrance.web(), bytes, patience.body());
            return answer.hasSeen(bytes) ? Optional.empty() : Optional.of("it is answered with " + answer.words());
        } catch (IOException cut) {
            return Optional.of("it breaks off (" + cut + ")");
        }
    }

    /** Whoever refuses a body answers, and closes, while it is being sent: the answer is read meanwhile. */
    private Answer post(Entrance entrance, String domain, long bytes, Duration silence) throws IOException {
        try (var connection = open(entrance, domain, silence)) {
            connection.tls().startHandshake();
            var answer = new FutureTask<>(() -> read(connection));
            Thread.ofVirtual().name("entrance-answer").start(answer);
            try {
                var out = connection.tls().getOutputStream();
                out.write(head("POST " + Entrance.BODY, domain, entrance, "Content-Type: application/octet-stream", "Content-Length: " + bytes, "Connection: close"));
                for (long left = bytes; left > 0 && !answer.isDone(); left -= CHUNK.length) {
                    out.write(CHUNK, 0, (int) Math.min(left, CHUNK.length));
                }
            } catch (IOException closed) {
                // Why is in the answer; where there is none, reading it fails too.
            }
            return answer.get();
        } catch (ExecutionException unread) {
            throw unread.getCause() instanceof IOException failed ? failed : new IOException(unread.getCause());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IOException("the operator stops", stopped);
        }
    }

    private static Answer read(TlsConnection connection) throws IOException {
        try {
            var status = connection.line().orElseThrow(() -> new IOException("it is closed without an answer"));
            if (!status.contains(OK)) {
                // What follows may be lost with the connection, which is closed under what is still being sent.
                return new Answer(status, "");
            }
            connection.skipHeaders();
            return new Answer(status, received(connection));
        } catch (IOException e) {
            // Whoever still writes waits for nothing any more.
            connection.close();
            throw e;
        }
    }

    /** The edge's own line, which is short, and among the first; empty where a page of somebody else's comes. */
    private static String received(TlsConnection connection) throws IOException {
        try {
            for (var lines = 0; lines < FIRST_LINES; lines++) {
                var line = connection.line();
                if (line.isEmpty() || line.get().startsWith(Entrance.RECEIVED)) {
                    return line.orElse("");
                }
            }
        } catch (ProtocolException noLineOfTheEdge) {
            return "";
        }
        return "";
    }

    private Optional<Fault> events(Entrance entrance) {
        var began = System.nanoTime();
        try (var connection = open(entrance, entrance.streaming(), patience.answer())) {
            connection.tls().getOutputStream().write(head("GET " + Entrance.EVENTS + "?" + Entrance.SILENCE + "=" + patience.silence().toMillis(), entrance.streaming(), entrance, "Accept: text/event-stream"));
            var first = firstOf(connection, entrance);
            if (first.isPresent()) {
                return first;
            }
            connection.plain().setSoTimeout((int) patience.silence().plus(patience.answer()).toMillis());
            await(connection, Entrance.LAST_EVENT);
            return Optional.empty();
        } catch (IOException closed) {
            return fault(Question.EVENT_STREAMS.about(), entrance, "cuts event streams: one broke off " + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began) + " s after it was asked for (" + closed + "). Websockets and slow answers may break off"
                    + " likewise, and requests that wait in the cutover. Have it let an answer last for an hour, and be silent for a minute.");
        }
    }

    private Optional<Fault> firstOf(TlsConnection connection, Entrance entrance) throws IOException {
        try {
            var status = connection.line().orElse("no answer");
            if (!status.contains(OK)) {
                return fault(Question.EVENT_STREAMS.about(), entrance, "does not lead event streams to the edge: one is answered with \"" + status + "\".");
            }
            connection.skipHeaders();
            await(connection, Entrance.FIRST_EVENT);
            return Optional.empty();
        } catch (SocketTimeoutException silent) {
            return fault(Question.EVENT_STREAMS.about(), entrance, "holds event streams back: of one that says something at once nothing came within " + patience.answer().toSeconds()
                    + " s, so that posts would not appear by themselves in apps. Have it pass answers on as they come, without buffering them.");
        }
    }

    private static void await(TlsConnection connection, String event) throws IOException {
        for (var lines = 0; lines < FIRST_LINES; lines++) {
            var line = connection.line().orElseThrow(() -> new IOException("it has ended"));
            if (line.equals(event)) {
                return;
            }
        }
        throw new ProtocolException("it says what the edge did not say");
    }

    private Optional<Fault> websockets(Entrance entrance) {
        try (var connection = open(entrance, entrance.streaming(), patience.answer())) {
            var key = new byte[KEY_BYTES];
            ThreadLocalRandom.current().nextBytes(key);
            var out = connection.tls().getOutputStream();
            out.write(head("GET " + Entrance.WEBSOCKET, entrance.streaming(), entrance, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + Base64.getEncoder().encodeToString(key)));
            var status = connection.line().orElse("no answer");
            if (!status.contains(" 101")) {
                return unopened(entrance, "one is answered with \"" + status + "\"");
            }
            connection.skipHeaders();
            out.write(frame());
            var said = new String(connection.tls().getInputStream().readNBytes(2 + ECHO.length()), StandardCharsets.US_ASCII);
            return said.endsWith(ECHO) ? Optional.empty() : unopened(entrance, "one is closed before anything comes back");
        } catch (IOException silent) {
            return unopened(entrance, "one breaks off (" + silent + ")");
        }
    }

    /** RFC 6455, 5.2: a whole text, short, masked with zeros. */
    private static byte[] frame() {
        var text = ECHO.getBytes(StandardCharsets.US_ASCII);
        var frame = new byte[6 + text.length];
        frame[0] = (byte) 0x81;
        frame[1] = (byte) (0x80 | text.length);
        System.arraycopy(text, 0, frame, 6, text.length);
        return frame;
    }

    private static Optional<Fault> unopened(Entrance entrance, String what) {
        return fault(Question.WEBSOCKETS.about(), entrance, "does not let websockets through: " + what + ". Posts and notifications would not appear by themselves in browsers and apps. Have it pass upgrades of HTTP 1.1 on.");
    }

    private TlsConnection open(Entrance entrance, String domain, Duration silence) throws IOException {
        // Of several addresses one is enough: they are one load balancer's.
        var host = switch (entrance.addresses().get(domain)) {
            case FrontAddress.Named named -> named.name();
            case FrontAddress.Fixed fixed -> fixed.addresses().getFirst();
        };
        return TlsConnection.open(tls, host, port, domain, (int) silence.toMillis());
    }

    private static byte[] head(String line, String domain, Entrance entrance, String... headers) {
        return (line + " HTTP/1.1\r\nHost: " + domain + "\r\nUser-Agent: mastodon-migration-operator\r\n" + Entrance.KEY + ": " + entrance.key() + "\r\n" + String.join("\r\n", headers) + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
    }
}
