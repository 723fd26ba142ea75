package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.WorkerContext;

/** Which of the two databases is meant: names the file that holds its address, and the word that messages use. */
public enum Side {
    SOURCE("source", WorkerContext.SOURCE_POSTGRES_URL),
    TARGET("target", WorkerContext.TARGET_POSTGRES_URL);

    private final String word;
    private final String secret;

    Side(String word, String secret) {
        this.word = word;
        this.secret = secret;
    }

    public String secret() {
        return secret;
    }

    @Override
    public String toString() {
        return word;
    }
}
