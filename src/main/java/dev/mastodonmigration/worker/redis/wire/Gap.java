package dev.mastodonmigration.worker.redis.wire;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.util.List;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/** Changes of the source may have been missed, or the target may have lost some: everything is compared again before anything is called in sync. */
public final class Gap extends Exception {
    private static final long serialVersionUID = 1L;
    /** What a server says while it is being replaced, or is not yet ready (redis/src/server.c, shared.loadingerr and others). */
    private static final List<String> PASSING = List.of("LOADING", "READONLY", "MASTERDOWN", "TRYAGAIN", "UNBLOCKED", "NOREPLICAS", "OOM");

    public Gap(String reason) {
        super(reason);
    }

    public Gap(String reason, Throwable cause) {
        super(reason, cause);
    }

    /** What may pass, as a gap; everything else is thrown as it is. */
    public static Gap of(Exception e) throws Refusal {
        return switch (e) {
            case Refusal refusal -> throw refusal;
            case Gap gap -> gap;
            case IOException lost -> new Gap("a connection failed (" + lost.getMessage() + ")", lost);
            case JedisConnectionException lost -> new Gap("a connection broke (" + lost.getMessage() + ")", lost);
            case JedisDataException said when mayPass(said) -> new Gap("a server was not ready (" + said.getMessage() + ")", said);
            case RuntimeException other -> throw other;
            default -> throw new IllegalStateException(e);
        };
    }

    /** Said of the state that a server is in, not of what it can do. */
    public static boolean mayPass(JedisDataException said) {
        return PASSING.stream().anyMatch(String.valueOf(said.getMessage())::startsWith);
    }
}
