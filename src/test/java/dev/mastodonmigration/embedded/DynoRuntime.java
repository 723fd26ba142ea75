package dev.mastodonmigration.embedded;

/** What runs behind the stub's dynos: the live instance, whose processes come and go as Heroku starts and stops dynos. */
public interface DynoRuntime {
    /** Starts the process of {@code type.index}; the dyno is "up" when this returns. Config vars are read now, as on Heroku. */
    void start(String app, String type, int index);

    /** Sends SIGTERM and returns when the process has drained and is gone; only then does the dyno leave the list. */
    void stop(String app, String type, int index);
}
