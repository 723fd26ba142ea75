package dev.mastodonmigration.worker.redis;

import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol.Command;

/** A connection on which sending and reading are two things, where Jedis's own way to read an answer also sends what was waiting to be sent. */
class SplitConnection extends Connection {
    SplitConnection(HostAndPort address, JedisClientConfig config) {
        super(address, config);
    }

    /** What comes next, whether it was asked for or not. */
    final Object read() {
        return readProtocolWithCheckingBroken();
    }

    final void send(Command command) {
        sendCommand(command);
        flush();
    }

    /** Sends what waits to be sent. */
    final void push() {
        flush();
    }
}
