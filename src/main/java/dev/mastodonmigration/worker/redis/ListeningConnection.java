package dev.mastodonmigration.worker.redis;

import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol.Command;

/** A connection that one thread reads while others send: Jedis's own way to read an answer flushes as well. */
class ListeningConnection extends Connection {
    ListeningConnection(HostAndPort address, JedisClientConfig config) {
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
}
