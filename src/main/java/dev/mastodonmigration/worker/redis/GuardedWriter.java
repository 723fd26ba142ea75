package dev.mastodonmigration.worker.redis;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.Response;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Writes batches to the target that take effect only while the marker is byte for byte the one we saw: a worker that slept past
 * the opening, or that was replaced, cannot change anything any more. One round trip a batch, because the WATCH for the next one
 * travels with the EXEC of this one.
 */
final class GuardedWriter implements AutoCloseable {
    private static final byte[][] NOTHING = {};
    private static final byte[] REPLACE = bytes("REPLACE");
    private static final byte[] ABSTTL = bytes("ABSTTL");

    private record Write(RedisKey key, byte[][] arguments, ProtocolCommand command) {}

    private final Jedis jedis;
    private final Marker marker;
    private final List<Write> batch = new ArrayList<>();
    private boolean watching;

    GuardedWriter(Jedis jedis, Marker marker) {
        this.jedis = jedis;
        this.marker = marker;
    }

    Jedis jedis() {
        return jedis;
    }

    /** Replaces the key by the payload, to expire at the same instant as on the source. */
    void restore(RedisKey key, KeyState state) {
        batch.add(new Write(key, new byte[][] {key.bytes(), bytes(String.valueOf(state.hasExpiry() ? state.expiresAtMilliseconds() : 0)), state.payload(),
                REPLACE, ABSTTL}, Command.RESTORE));
    }

    void remove(RedisKey key) {
        batch.add(new Write(key, new byte[][] {key.bytes()}, Command.UNLINK));
    }

    /** Any other write of one key. */
    void write(ProtocolCommand command, RedisKey key, List<byte[]> arguments) {
        batch.add(new Write(key, Stream.concat(Stream.of(key.bytes()), arguments.stream()).toArray(byte[][]::new), command));
    }

    /** As {@link #write}, of a command with a subcommand before the key. */
    void write(Command command, String subcommand, RedisKey key, List<byte[]> arguments) {
        batch.add(new Write(key, Stream.concat(Stream.of(bytes(subcommand), key.bytes()), arguments.stream()).toArray(byte[][]::new), command));
    }

    /**
     * Sends what was collected.
     *
     * @throws Refusal     when the marker changed, or the target will not take a key
     * @throws IOException when the target fails in a way that may pass
     */
    void flush() throws Refusal, IOException {
        if (batch.isEmpty()) {
            return;
        }
        try (var pipeline = jedis.pipelined()) {
            if (!watching) {
                watch(pipeline);
                watching = true;
            }
            pipeline.sendCommand(Command.MULTI, NOTHING);
            var queued = batch.stream().map(write -> pipeline.sendCommand(write.command(), write.arguments())).toList();
            var executed = pipeline.sendCommand(Command.EXEC, NOTHING);
            var seen = pipeline.sendCommand(Command.WATCH, Marker.KEY.bytes());
            var value = pipeline.sendCommand(Command.GET, Marker.KEY.bytes());
            pipeline.sync();
            check(queued, executed);
            seen.get();
            demandOurs(value);
        }
        batch.clear();
    }

    private void watch(Pipeline pipeline) throws Refusal {
        var watched = pipeline.sendCommand(Command.WATCH, Marker.KEY.bytes());
        var value = pipeline.sendCommand(Command.GET, Marker.KEY.bytes());
        pipeline.sync();
        watched.get();
        demandOurs(value);
    }

    private void demandOurs(Response<Object> value) throws Refusal {
        if (!(value.get() instanceof byte[] now && Arrays.equals(now, marker.bytes()))) {
            throw replaced();
        }
    }

    private void check(List<Response<Object>> queued, Response<Object> executed) throws Refusal, IOException {
        for (int i = 0; i < queued.size(); i++) {
            try {
                queued.get(i).get();
            } catch (JedisDataException e) {
                throw failure(batch.get(i), e);
            }
        }
        if (!(executed.get() instanceof List<?> results)) {
            throw replaced();
        }
        for (int i = 0; i < results.size(); i++) {
            if (results.get(i) instanceof JedisDataException e) {
                throw failure(batch.get(i), e);
            }
        }
    }

    private Refusal replaced() {
        return new Refusal("The marker on the target Redis is no longer that of epoch " + marker.epoch()
                + ": the target was opened, reset or taken over meanwhile, so this worker stopped and wrote nothing more.");
    }


    private static IOException failure(Write write, JedisDataException e) throws Refusal {
        var said = String.valueOf(e.getMessage());
        if (said.startsWith("OOM")) {
            throw new Refusal("The target Redis is full (maxmemory reached) at key " + write.key()
                    + ". Choose a larger instance for the target; the copy then starts over by itself.");
        }
        if (PayloadFormat.isRefused(said) && write.command() == Command.RESTORE) {
            throw new Refusal("The target Redis does not accept the format of key " + write.key() + " (" + PayloadFormat.of(write.arguments()[2])
                    + ", after translation). Choose a target of the source's version or newer.");
        }
        return new IOException("the target Redis refused to write key " + write.key() + ": " + said, e);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public void close() {
        jedis.close();
    }
}
