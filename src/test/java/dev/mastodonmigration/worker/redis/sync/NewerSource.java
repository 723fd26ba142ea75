package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.redis.value.KeyState;
import dev.mastodonmigration.worker.redis.value.PayloadFormat;
import dev.mastodonmigration.worker.redis.wire.Relay;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A server as a newer version of it would look from outside: what DUMP answers is of a version and a type that the target does not read, and it tells
 * when fields of a hash expire; all else is the server's own. A value with {@link #OF_A_MODULE} or {@link #WITH_FIELDS_THAT_EXPIRE} in it is told as such.
 */
final class NewerSource {
    static final String OF_A_MODULE = "of a module";
    static final String WITH_FIELDS_THAT_EXPIRE = "with fields that expire";
    private static final byte[] FIELD_EXPIRY = ascii("local told = {} for i = 3, #ARGV do local value = redis.call('HGET', KEYS[1], ARGV[i])"
            + " told[#told + 1] = value and (string.find(value, '" + WITH_FIELDS_THAT_EXPIRE + "', 1, true) and 4102444800123 or -1) or -2 end return told");
    private static final byte MODULE_2 = 7;
    private static final byte SET_LISTPACK = 20;
    private static final byte STREAM_LISTPACKS_3 = 21;
    private static final byte HASH_METADATA = 24;

    private NewerSource() {}

    /** @param server the port of the real one */
    static Relay before(int server) throws IOException {
        return Relay.to(server, NewerSource::commands, NewerSource::answers);
    }

    /** Of when fields of a hash expire the server itself knows nothing: it gets a script that answers as a newer one would. */
    private static void commands(InputStream client, OutputStream server) throws IOException {
        var from = new BufferedInputStream(client);
        var to = new BufferedOutputStream(server);
        while (true) {
            var words = new ArrayList<byte[]>();
            for (var left = length(line(from)); left > 0; left--) {
                words.add(from.readNBytes(length(line(from))));
                from.skipNBytes(2);
            }
            if (new String(words.getFirst(), StandardCharsets.US_ASCII).equals("HPEXPIRETIME")) {
                words.set(0, ascii("EVAL"));
                words.addAll(1, List.of(FIELD_EXPIRY, ascii("1")));
            }
            to.write(ascii("*" + words.size() + "\r\n"));
            for (var word : words) {
                to.write(ascii("$" + word.length + "\r\n"));
                to.write(word);
                to.write(ascii("\r\n"));
            }
            if (from.available() == 0) {
                to.flush();
            }
        }
    }

    private static int length(byte[] line) {
        return Integer.parseInt(new String(line, 1, line.length - 3, StandardCharsets.US_ASCII));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Of all that RESP has, only strings of a given length are not lines. */
    private static void answers(InputStream server, OutputStream client) throws IOException {
        var from = new BufferedInputStream(server);
        var to = new BufferedOutputStream(client);
        while (true) {
            var line = line(from);
            to.write(line);
            if (line[0] == '$' && line[1] != '-') {
                to.write(newer(from.readNBytes(length(line))));
                to.write(from.readNBytes(2));
            }
            if (from.available() == 0) {
                to.flush();
            }
        }
    }

    private static byte[] line(InputStream from) throws IOException {
        var line = new ByteArrayOutputStream();
        for (int read = 0; read != '\n';) {
            read = from.read();
            if (read < 0) {
                throw new EOFException();
            }
            line.write(read);
        }
        return line.toByteArray();
    }

    static byte[] newer(byte[] value) {
        if (!isPayload(value)) {
            return value;
        }
        var newer = value.clone();
        newer[0] = type(value);
        var own = PayloadFormat.of(value).rdbVersion();
        return new PayloadFormat(newer[0] == HASH_METADATA ? own + 2 : own + 1).stamp(newer);
    }

    private static boolean isPayload(byte[] value) {
        return value.length > PayloadFormat.FOOTER_BYTES
                && ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong(value.length - Long.BYTES) == PayloadFormat.checksum(value, value.length - Long.BYTES);
    }

    private static byte type(byte[] payload) {
        var text = new String(payload, StandardCharsets.ISO_8859_1);
        if (text.contains(OF_A_MODULE)) {
            return MODULE_2;
        }
        if (text.contains(WITH_FIELDS_THAT_EXPIRE)) {
            return HASH_METADATA;
        }
        return new KeyState(payload, KeyState.NEVER).isStream() ? STREAM_LISTPACKS_3 : SET_LISTPACK;
    }
}
