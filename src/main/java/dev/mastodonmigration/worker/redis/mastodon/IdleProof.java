package dev.mastodonmigration.worker.redis.mastodon;

/**
 * Two successive heartbeats, both idle and both later than the first quiet one by more than a fetch can take: a job popped just before
 * would be seen on the second.
 *
 * @param quietSinceSeconds first heartbeat that said quiet, 0 before
 * @param lastBeatSeconds   the newest seen
 * @param idleBeats         idle ones in a row
 */
record IdleProof(double quietSinceSeconds, double lastBeatSeconds, int idleBeats) {
    static final IdleProof NONE = new IdleProof(0, 0, 0);
    private static final int NEEDED = 2;
    /** Sidekiq's BRPOP waits so long (lib/sidekiq/fetch.rb, TIMEOUT). */
    private static final double FETCH_SECONDS = 2;

    IdleProof seen(SidekiqHeartbeat beat) {
        if (!beat.quiet()) {
            return new IdleProof(0, beat.beatSeconds(), 0);
        }
        var since = quietSinceSeconds == 0 ? beat.beatSeconds() : quietSinceSeconds;
        if (!beat.isIdle()) {
            return new IdleProof(since, beat.beatSeconds(), 0);
        }
        var counts = beat.beatSeconds() > lastBeatSeconds && beat.beatSeconds() >= since + FETCH_SECONDS;
        return new IdleProof(since, beat.beatSeconds(), counts ? idleBeats + 1 : idleBeats);
    }

    boolean isComplete() {
        return idleBeats >= NEEDED;
    }
}
