package dev.mastodonmigration.worker.postgres.live;

import java.util.stream.LongStream;

/**
 * How large the logs of changes may grow, all of them together. They are pruned all the time, and grow when nobody follows; a source that is larger than its plan
 * is left only SELECT, DELETE and TRUNCATE by Heroku, and no server tells how large its plan is. So the smallest plan of Heroku's that holds the database is taken for
 * its plan, and a quarter of what that has left for the logs. A cap that is too low costs a proof of all rows, and one that is too high the instance.
 */
final class LogCap {
    private static final long GB = 1_000_000_000;
    private static final long GIB = 1L << 30;
    /** Essential-0 to -2, Standard-0 and -2; whoever has more is not short of a gigabyte. */
    private static final long[] PLANS = {1, 10, 32, 64, 256};
    private static final int PARTS_OF_LARGER = 20;
    private static final int SHARE = 4;
    private static final long LEAST = 64L << 20;
    private static final long MOST = 4L << 30;

    private LogCap() {}

    /** @param database bytes that the source has on its disk now */
    static long bytes(long database) {
        // A plan's GB may be either kind: it fits by the larger and has left by the smaller.
        var free = LongStream.of(PLANS).filter(plan -> database <= plan * GIB).findFirst().stream().map(plan -> Math.max(0, plan * GB - database)).findFirst().orElse(database / PARTS_OF_LARGER);
        return Math.clamp(free / SHARE, LEAST, MOST);
    }
}
