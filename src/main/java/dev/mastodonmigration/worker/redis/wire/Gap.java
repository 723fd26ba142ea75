package dev.mastodonmigration.worker.redis.wire;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/** Changes of the source may have been missed, or the target may have lost some: everything is compared again before anything is called in sync. */
public final class Gap extends Exception {
    private static final long serialVersionUID = 1L;
    /** What a server says while it is being replaced, is not yet ready, or runs somebody's long script (redis/src/server.c, shared.loadingerr and others; BUSYKEY and BUSYGROUP are other things). */
    private static final List<String> PASSING = List.of("BUSY ", "LOADING", "READONLY", "MASTERDOWN", "TRYAGAIN", "UNBLOCKED", "NOREPLICAS");
    private static final String FULL = "OOM";

    public Gap(String reason) {
        super(reason);
    }

    public Gap(String reason, Throwable cause) {
        super(reason, cause);
    }

    /** What such a failure means for who follows a source; empty when it is not one that may pass. */
    public static Optional<Gap> of(Exception e) {
        return switch (e) {
            case Refusal refusal -> Optional.empty();
            case Gap gap -> Optional.of(gap);
            case IOException lost -> Optional.of(new Gap("a connection failed (" + lost.getMessage() + ")", lost));
            case JedisConnectionException lost -> Optional.of(new Gap("a connection broke (" + lost.getMessage() + ")", lost));
            case JedisDataException said when mayPass(said) -> Optional.of(new Gap("a server was not ready (" + said.getMessage() + ")", said));
            default -> Optional.empty();
        };
    }

    /** Said of the state that a server is in, not of what it can do. */
    public static boolean mayPass(JedisDataException said) {
        return isFull(said) || PASSING.stream().anyMatch(String.valueOf(said.getMessage())::startsWith);
    }

    /** Said of a server that has reached its maxmemory and evicts nothing. */
    public static boolean isFull(JedisDataException said) {
        return String.valueOf(said.getMessage()).startsWith(FULL);
    }
}
