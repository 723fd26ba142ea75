package dev.mastodonmigration.embedded.aws;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.w3c.dom.Element;

/** A name server of a hosted zone, on a loopback port: it follows the zone, unless it is told to lag behind. Of a weighted pair it gives one and then the other. */
public final class NameServer implements AutoCloseable {
    private static final Map<String, Integer> TYPES = Map.of("A", 1, "NS", 2, "CNAME", 5, "SOA", 6, "AAAA", 28);
    /** Where any alias leads. */
    public static final String BEHIND_AN_ALIAS = "198.51.100.7";
    private static final int AUTHORITATIVE_ANSWER = 0x8400;
    private static final int NO_SUCH_NAME = 3;
    /** TTL, in seconds. */
    private static final int OF_AN_ALIAS = 60;
    private final Supplier<List<RecordSet>> zone;
    private final DatagramSocket socket;
    private final AtomicInteger turn = new AtomicInteger();
    private final Map<String, List<String>> instead = new ConcurrentHashMap<>();
    private volatile Optional<List<RecordSet>> old = Optional.empty();
    private volatile boolean isSilent;

    private NameServer(Supplier<List<RecordSet>> zone) {
        this.zone = zone;
        try {
            this.socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::serve);
    }

    public static NameServer of(AwsAccount account, String zone) {
        return new NameServer(() -> account.sets(zone));
    }

    /** @param records of its zone at any time, as "www.example.social CNAME 60 example.herokudns.com" */
    public static NameServer with(Supplier<List<String>> records) {
        return new NameServer(() -> records.get().stream().map(RecordSet::simple).toList());
    }

    /** As a client is configured with it. */
    public String address() {
        return "127.0.0.1:" + socket.getLocalPort();
    }

    /** It knows the zone as it is now, whatever changes. */
    public void lagBehind() {
        old = Optional.of(zone.get());
    }

    public void catchUp() {
        old = Optional.empty();
        isSilent = false;
    }

    public void fallSilent() {
        isSilent = true;
    }

    /** What it says is the name servers of that name, whatever the zone has. */
    public void delegate(String name, String... servers) {
        instead.put(name, List.of(servers));
    }

    private void serve() {
        var buffer = new byte[512];
        while (!socket.isClosed()) {
            try {
                var packet = new DatagramPacket(buffer, buffer.length);
                socket.receive(packet);
                if (!isSilent) {
                    var answer = answer(ByteBuffer.wrap(packet.getData(), 0, packet.getLength()));
                    socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
                }
            } catch (IOException e) {
                if (!socket.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private byte[] answer(ByteBuffer query) throws IOException {
        var id = query.getShort();
        query.position(12);
        var labels = new ArrayList<String>();
        for (var length = query.get(); length > 0; length = query.get()) {
            var label = new byte[length];
            query.get(label);
            labels.add(new String(label, StandardCharsets.US_ASCII));
        }
        var name = String.join(".", labels).toLowerCase(Locale.ROOT) + ".";
        var type = query.getShort();
        var sets = old.orElseGet(zone).stream().filter(set -> set.name().equals(name)).toList();
        var asked = TYPES.entrySet().stream().filter(one -> one.getValue() == type).map(Map.Entry::getKey).findFirst().orElse("");
        // Who asks for an address is told the CNAME that is there instead.
        var told = sets.stream().anyMatch(set -> set.type().equals("CNAME")) ? "CNAME" : asked;
        var fitting = sets.stream().filter(set -> set.type().equals(told)).toList();
        var values = fitting.isEmpty() ? List.<String>of() : values(name, fitting.get(fitting.getFirst().weight().isPresent() ? turn.getAndIncrement() % fitting.size() : 0));
        var bytes = new ByteArrayOutputStream();
        var out = new DataOutputStream(bytes);
        out.writeShort(id);
        out.writeShort(AUTHORITATIVE_ANSWER | (sets.isEmpty() ? NO_SUCH_NAME : 0));
        out.writeShort(1);
        out.writeShort(values.size());
        out.writeInt(0);
        name(out, name);
        out.writeShort(type);
        out.writeShort(1);
        for (var value : values) {
            name(out, name);
            out.writeShort(TYPES.get(told));
            out.writeShort(1);
            out.writeInt(fitting.getFirst().ttl().map(Integer::parseInt).orElse(OF_AN_ALIAS));
            var data = data(told, value);
            out.writeShort(data.length);
            out.write(data);
        }
        return bytes.toByteArray();
    }

    private List<String> values(String name, RecordSet set) {
        if (set.type().equals("NS") && instead.containsKey(name)) {
            return instead.get(name);
        }
        var element = Xml.parse(set.xml());
        if (!Xml.all(element, "AliasTarget").isEmpty()) {
            return set.type().equals("A") ? List.of(BEHIND_AN_ALIAS) : List.of();
        }
        return Xml.all(element, "Value").stream().map(Element::getTextContent).map(String::strip).toList();
    }

    private static byte[] data(String type, String value) throws IOException {
        if (type.equals("A") || type.equals("AAAA")) {
            return InetAddress.getByName(value).getAddress();
        }
        var bytes = new ByteArrayOutputStream();
        name(new DataOutputStream(bytes), value);
        return bytes.toByteArray();
    }

    private static void name(DataOutputStream out, String name) throws IOException {
        for (var label : name.split("\\.")) {
            out.writeByte(label.length());
            out.writeBytes(label);
        }
        out.writeByte(0);
    }

    @Override
    public void close() {
        socket.close();
    }
}
