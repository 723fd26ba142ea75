package dev.mastodonmigration.worker.redis;

import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.util.RedisInputStream;

/**
 * A connection on which sending and reading are two things, where Jedis's own way to read an answer also sends what was waiting to be sent; and which
 * need not keep values that are too large for us. It connects once: Jedis's own connects again by itself, without login, in database 0, and without the WATCH that
 * guards our writes.
 */
class SplitConnection extends Connection {
    /** The answer in place of a value that was not kept. */
    static final Object PASSED_OVER = new Object();
    private static final int PASSING_BYTES = 64 << 10;

    /** False while the superclass logs in, before anything here is set. */
    private boolean choosing;
    private long allowance;
    /** Set while the superclass logs in, so that it has no value of its own here. */
    private boolean connected;

    SplitConnection(HostAndPort address, JedisClientConfig config) {
        super(address, config);
    }

    /** @throws JedisConnectionException when it was connected before and has broken */
    @Override
    public void connect() {
        if (connected && (isBroken() || !isConnected())) {
            throw new JedisConnectionException("the connection broke before");
        }
        super.connect();
        connected = true;
    }

    /** What comes next, whether it was asked for or not. */
    final Object read() {
        return readProtocolWithCheckingBroken();
    }

    final void send(Command command) {
        sendCommand(command);
        flush();
    }

    /** Of the values that come next, keeps no more bytes than this; those that would go beyond are read and thrown away. */
    final void keepAtMost(long bytes) {
        choosing = true;
        allowance = bytes;
    }

    final void keepAll() {
        choosing = false;
    }

    @Override
    protected Object protocolRead(RedisInputStream stream) {
        return choosing && stream.peek(Protocol.DOLLAR_BYTE) ? value(stream) : super.protocolRead(stream);
    }

    private Object value(RedisInputStream stream) {
        stream.readByte();
        var length = stream.readIntCrLf();
        if (length < 0) {
            return null;
        }
        if (length > allowance) {
            read(stream, length, new byte[Math.min(length, PASSING_BYTES)]);
            end(stream);
            return PASSED_OVER;
        }
        allowance -= length;
        var value = new byte[length];
        read(stream, length, value);
        end(stream);
        return value;
    }

    /** Reads so many bytes, over each other where the buffer is smaller. */
    private static void read(RedisInputStream stream, int length, byte[] into) {
        for (int done = 0; done < length;) {
            var offset = into.length == length ? done : 0;
            var read = stream.read(into, offset, Math.min(length - done, into.length - offset));
            if (read < 0) {
                throw new JedisConnectionException("the server closed the connection in the midst of a value");
            }
            done += read;
        }
    }

    private static void end(RedisInputStream stream) {
        stream.readByte();
        stream.readByte();
    }

    /** Sends what waits to be sent. */
    final void push() {
        flush();
    }
}
