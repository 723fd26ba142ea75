package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.worker.control.Progress;

/** How far the look at all keys is that goes on just now; the lanes tell it what they did, and the next look begins anew. */
final class PassProgress implements ReplicationLane.Copied {
    private final Progress progress;
    private volatile KeyProgress pass;

    PassProgress(Progress progress) {
        this.progress = progress;
        this.pass = new KeyProgress(progress, "connecting", 0);
    }

    void begin(String stage, long keys) {
        pass = new KeyProgress(progress, stage, keys);
    }

    /** Told, so that one who waits knows why. */
    void at(Pace pace) {
        pass.at(pace);
    }

    @Override
    public void add(long keys, long bytes) {
        pass.add(keys, bytes);
    }
}
