package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One attempt to load the target, alone. It holds an advisory lock for as long as it lives, and gives itself a secret that the write gate and
 * the first restored transaction ask for: an earlier attempt that wakes up late has the wrong one.
 */
public final class LoadAttempt implements AutoCloseable {
    /** Of each of its sessions: the instance is down while they work, and a server's default is for one in use. More helps no index of Mastodon's and would starve a small server. */
    private static final String INDEX_MEMORY = "maintenance_work_mem=256MB";
    private final Connection target;
    private final WorkerContext context;
    private final String secret;
    private final List<String> keptSchemas;

    private LoadAttempt(Connection target, WorkerContext context, String secret, List<String> keptSchemas) {
        this.target = target;
        this.context = context;
        this.secret = secret;
        this.keptSchemas = keptSchemas;
    }

    /**
     * Takes over from whatever was before: its sessions are ended and what it loaded is dropped.
     *
     * @throws Refusal when the target is not ours, or opened
     */
    public static LoadAttempt begin(Database database) throws SQLException, IOException, InterruptedException, Refusal {
        var target = database.open();
        try {
            var context = database.context();
            Marker.ours(target, Side.TARGET, context);
            Sessions.endOlderOfOurs(target);
            if (!Query.isTrue(target, "SELECT pg_try_advisory_lock(hashtext('mastodon_migration'), 2)")) {
                throw new SQLException("another worker is loading the target database");
            }
            return on(target, context);
        } catch (SQLException | InterruptedException | Refusal | RuntimeException e) {
            target.close();
            throw e;
        }
    }

    /** As {@link #begin} on a session that already holds the target alone. */
    public static LoadAttempt on(Connection target, WorkerContext context) throws SQLException, Refusal {
        LoadedContent.drop(target, context);
        var secret = randomSecret();
        Transaction.in(target, () -> {
            Marker.update(target, context, Marker.State.LOADING, Optional.of(secret));
            WriteGate.refuse(target);
        });
        return new LoadAttempt(target, context, secret, Marker.ours(target, Side.TARGET, context).keptSchemas());
    }

    public Connection connection() {
        return target;
    }

    public List<String> keptSchemas() {
        return keptSchemas;
    }

    /** Fails when a newer attempt has ended our session. */
    public void requireHeld() throws SQLException, Refusal {
        var marker = Marker.ours(target, Side.TARGET, context);
        if (!marker.session().equals(Optional.of(secret))) {
            throw new SQLException("a newer worker has taken over the target database");
        }
    }

    /** SQL that fails unless this attempt is still the one, and keeps it so until the transaction ends. Servers log what fails: it has the secret's hash. */
    public String fence() {
        return """
                DO $fence$ BEGIN
                  PERFORM FROM mastodon_migration.marker WHERE state = 'loading' AND encode(sha256(convert_to(session, 'UTF8')), 'hex') = '%s' FOR SHARE;
                  IF NOT FOUND THEN RAISE EXCEPTION 'a newer worker has taken over the target database'; END IF;
                END $fence$;
                """.formatted(hash(secret));
    }

    /** Lets pg_restore pass the write gate, with memory to build indexes in. */
    public Map<String, String> environment() {
        return Map.of("PGOPTIONS", "-c " + INDEX_MEMORY + " -c " + WriteGate.SESSION_SETTING + "=" + secret);
    }

    /** The load is complete; from here on nobody passes the gate. */
    public void loaded() throws SQLException, Refusal {
        requireHeld();
        Marker.update(target, context, Marker.State.LOADED, Optional.empty());
    }

    private static String hash(String text) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** For a marker: whose session carries it passes the write gate. */
    public static String randomSecret() {
        var bytes = new byte[16];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    @Override
    public void close() throws SQLException {
        target.close();
    }
}
