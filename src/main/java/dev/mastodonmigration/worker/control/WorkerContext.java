package dev.mastodonmigration.worker.control;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What a worker is told: which migration it serves, where its credentials are mounted, and how much it may do at a time.
 *
 * @param migrationUid  uid of the MastodonMigration: the marker on everything we write
 * @param migrationName namespace/name, for messages
 * @param epoch         raised by the operator before the target opens; a worker of an older epoch may write nothing
 * @param secrets       directory of the mounted Secret; read at each use, because credentials rotate
 * @param scratch       writable directory, gone with the pod
 * @param parallelism   connections and processes to each side
 * @param progress      where the task says how far it is
 * @param drain         set once the operator asks for the last changes, or a worker on standby to run
 * @param rehearsal     database on the target's server to use instead of the one that the target's URL names
 */
public record WorkerContext(String migrationUid, String migrationName, long epoch, Path secrets, Path scratch, int parallelism, Progress progress,
        DrainSignal drain, Optional<String> rehearsal) {
    /** Environment that the operator sets on a worker's container. */
    public static final String ENV_UID = "MIGRATION_UID";
    public static final String ENV_NAME = "MIGRATION_NAME";
    public static final String ENV_EPOCH = "MIGRATION_EPOCH";
    /** True: look at what the task needs, then run it only when asked by {@code POST /drain}. */
    public static final String ENV_STANDBY = "MIGRATION_STANDBY";
    public static final String ENV_SECRETS = "MIGRATION_SECRETS";
    public static final String ENV_SCRATCH = "MIGRATION_SCRATCH";
    public static final String ENV_PARALLELISM = "MIGRATION_PARALLELISM";
    /** {@link #EVERY_KEY} or {@link #ONLY_JOBS}: which keys of Redis move. */
    public static final String ENV_REDIS_SCOPE = "MIGRATION_REDIS_SCOPE";
    public static final String EVERY_KEY = "ALL";
    public static final String ONLY_JOBS = "JOBS";
    /** True: there will be a rehearsal, for which the target's server needs room and rights. */
    public static final String ENV_REHEARSAL = "MIGRATION_REHEARSAL";
    /** Names of the queues that the target's Sidekiq processes serve, with commas; empty where the processes do not move. */
    public static final String ENV_SIDEKIQ_QUEUES = "MIGRATION_SIDEKIQ_QUEUES";
    /** Directory of the volume that the final backup is written to; only where one is made. */
    public static final String ENV_BACKUP = "MIGRATION_BACKUP";
    /** The part of a bucket that it is written to instead, as {@code s3://name/folder/}; then the region of the bucket, the directory of a Secret with an AWS identity, and what stands in for AWS in tests. */
    public static final String ENV_BUCKET = "MIGRATION_BUCKET";
    public static final String ENV_AWS_REGION = "MIGRATION_AWS_REGION";
    public static final String ENV_AWS_CREDENTIALS = "MIGRATION_AWS_CREDENTIALS";
    public static final String ENV_AWS_ENDPOINT = "MIGRATION_AWS_ENDPOINT";
    public static final String ENV_PORT = "WORKER_PORT";
    public static final String ENV_POD_IP = "POD_IP";
    public static final String ENV_TERMINATION_LOG = "TERMINATION_LOG";

    /** Files of the mounted Secret. */
    public static final String SOURCE_POSTGRES_URL = "source-postgres-url";
    public static final String SOURCE_REDIS_URL = "source-redis-url";
    /** Only where Sidekiq has a Redis of its own. */
    public static final String SOURCE_SIDEKIQ_REDIS_URL = "source-sidekiq-redis-url";
    public static final String TARGET_POSTGRES_URL = "target-postgres-url";
    /** Only where the operator is to create the target's Postgres and has not yet: the major version that it will have. */
    public static final String TARGET_POSTGRES_MAJOR = "target-postgres-major";
    /** With it: the bytes of its storage, and the field of the spec that says how many. */
    public static final String TARGET_POSTGRES_STORAGE = "target-postgres-storage";
    public static final String TARGET_REDIS_URL = "target-redis-url";
    /** Only where the operator is to create the target's Redis and has not yet: the major version of Valkey that it will have. */
    public static final String TARGET_REDIS_MAJOR = "target-redis-major";
    /** Only where the operator created the target's server: a sentence on who may connect, for when a worker cannot. */
    public static final String TARGET_POSTGRES_REACH = "target-postgres-reach";
    public static final String TARGET_REDIS_REACH = "target-redis-reach";
    /** Only where the certificate of the target is signed by a private authority: that authority's, as PEM. */
    public static final String TARGET_POSTGRES_CA = "target-postgres-ca";
    public static final String TARGET_REDIS_CA = "target-redis-ca";
    public static final String PROGRESS_TOKEN = "progress-token";

    public WorkerContext(String migrationUid, String migrationName, long epoch, Path secrets, Path scratch, int parallelism, Progress progress) {
        this(migrationUid, migrationName, epoch, secrets, scratch, parallelism, progress, new DrainSignal());
    }

    public WorkerContext(String migrationUid, String migrationName, long epoch, Path secrets, Path scratch, int parallelism, Progress progress,
            DrainSignal drain) {
        this(migrationUid, migrationName, epoch, secrets, scratch, parallelism, progress, drain, Optional.empty());
    }

    /** The same worker, telling its progress to nobody. */
    public WorkerContext unheard() {
        return new WorkerContext(migrationUid, migrationName, epoch, secrets, scratch, parallelism, new Progress(), drain, rehearsal);
    }

    /** The same worker, with this database for its target. */
    public WorkerContext rehearsingIn(String database) {
        return new WorkerContext(migrationUid, migrationName, epoch, secrets, scratch, parallelism, progress, drain, Optional.of(database));
    }

    /** As the environment of a worker's container says. */
    public static WorkerContext of(Map<String, String> env) {
        return new WorkerContext(
                required(env, ENV_UID),
                required(env, ENV_NAME),
                Long.parseLong(required(env, ENV_EPOCH)),
                Path.of(required(env, ENV_SECRETS)),
                Path.of(required(env, ENV_SCRATCH)),
                Integer.parseInt(required(env, ENV_PARALLELISM)),
                new Progress());
    }

    /**
     * Reads a connection URL anew from the mounted Secret.
     *
     * @throws Refusal     when it is no URL; the value itself is never quoted
     * @throws IOException when it cannot be read, as for a moment while the Secret changes
     */
    public URI url(String file) throws Refusal, IOException {
        try {
            return URI.create(secret(file));
        } catch (IllegalArgumentException e) {
            throw new Refusal(file + " is not a valid URL. Percent-encode special characters in its user and password.");
        }
    }

    /** Reads a whole number from the mounted Secret. @throws IOException when it cannot be read, as for a moment while the Secret changes */
    public int number(String file) throws IOException {
        return Integer.parseInt(secret(file));
    }

    /** A sentence of the operator's, for messages; empty where it gave none. @throws IOException when it cannot be read */
    public Optional<String> told(String file) throws IOException {
        return has(file) ? Optional.of(secret(file)) : Optional.empty();
    }

    /** Whether the migration moves this part at all: the file is there. */
    public boolean has(String file) {
        return Files.isRegularFile(secrets.resolve(file));
    }

    String secret(String file) throws IOException {
        try {
            return Files.readString(secrets.resolve(file)).strip();
        } catch (NoSuchFileException e) {
            throw new IOException("the worker's Secret has no " + file, e);
        }
    }

    private static String required(Map<String, String> env, String name) {
        var value = env.get(name);
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException("environment variable " + name + " is not set; workers are started by the operator's Jobs");
        }
        return value;
    }
}
