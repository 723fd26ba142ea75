package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.WorkerContext;
import java.util.Optional;

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

    /** The file with the CA of its certificate; the source's cannot be verified, because Heroku's signs itself. */
    Optional<String> ca() {
        return this == TARGET ? Optional.of(WorkerContext.TARGET_POSTGRES_CA) : Optional.empty();
    }

    /** The file with what the operator knows of the way there, where it created the server. */
    Optional<String> reach() {
        return this == TARGET ? Optional.of(WorkerContext.TARGET_POSTGRES_REACH) : Optional.empty();
    }

    @Override
    public String toString() {
        return word;
    }
}
