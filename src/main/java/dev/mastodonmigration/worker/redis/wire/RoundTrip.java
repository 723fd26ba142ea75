package dev.mastodonmigration.worker.redis.wire;

import java.util.List;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Commands that travel together, and their answers as they come. Jedis's Pipeline keeps an object with a lock and a parser for each
 * answer, which is most of the work when a million keys of a few hundred bytes are copied.
 */
public final class RoundTrip {
    private final Connection connection;
    private int sent;

    public RoundTrip(Jedis jedis) {
        this.connection = jedis.getConnection();
    }

    public void send(CommandArguments command) {
        connection.sendCommand(command);
        sent++;
    }

    /** Lets the server begin, while we do something else before we ask for the answers. */
    public void depart() {
        ((SplitConnection) connection).push();
    }

    /**
     * Waits for the answer to each command, in order: bytes, numbers ({@link Long}), lists of these, or the {@link JedisDataException} that the server answered.
     * Null stands for what does not exist; {@link java.util.Arrays#asList} keeps it.
     */
    public List<Object> answers() {
        var answers = connection.getMany(sent);
        sent = 0;
        return answers;
    }

    /** As {@link #answers}, but keeps only so many bytes of values: {@link SplitConnection#PASSED_OVER} stands for a value beyond. */
    public List<Object> answers(long mostBytes) {
        var split = (SplitConnection) connection;
        split.keepAtMost(mostBytes);
        try {
            return answers();
        } finally {
            split.keepAll();
        }
    }

    /** The answer, or what the server said instead, thrown. */
    public static Object orThrow(Object answer) {
        if (answer instanceof JedisDataException refused) {
            throw refused;
        }
        return answer;
    }
}
