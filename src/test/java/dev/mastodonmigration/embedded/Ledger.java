package dev.mastodonmigration.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * What users were promised, kept outside both databases: an append-only file with every write that was attempted and every write that
 * was acknowledged. An acknowledgement counts only when it is on disk.
 */
public final class Ledger implements AutoCloseable {
    /** INTENT: about to be tried, outcome unknown. ACKNOWLEDGED: the user was told that it is done. */
    public enum Kind { INTENT, ACKNOWLEDGED }

    /**
     * One write.
     *
     * @param table where: a table, {@link #FEED} or {@link #JOB}
     * @param key   what: without spaces
     * @param value digest of the value it has from then on, or of a job, when it is due, in milliseconds since 1970; empty when it is deleted
     */
    public record Write(String table, String key, Optional<String> value) {
        public static Write put(String table, String key, String text) {
            return new Write(table, key, Optional.of(digest(text)));
        }

        /** A job that is to run at that time, or as soon as it can after it. */
        public static Write job(String jid, Instant due) {
            return new Write(JOB, jid, Optional.of(String.valueOf(due.toEpochMilli())));
        }

        public static Write delete(String table, String key) {
            return new Write(table, key, Optional.empty());
        }
    }

    public record Entry(Kind kind, Write write) {}

    /** Members of home feeds in Redis; the key is {@code <zset>#<member>}. */
    public static final String FEED = "redis:feed";
    /** Sidekiq jobs; the key is the jid. Acknowledged when enqueued. */
    public static final String JOB = "redis:job";

    private static final String DELETED = "-";
    private final Path file;
    private final FileChannel channel;
    private final AtomicLong acknowledged = new AtomicLong();

    private Ledger(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Opens the file, which may hold an earlier run's entries, for appending. */
    public static Ledger open(Path file) {
        try {
            return new Ledger(file, FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Records what is about to be tried: from now on, these values may be there or not. */
    public void intend(List<Write> writes) {
        append(Kind.INTENT, writes);
    }

    /** Records what the user is told: on return it is on disk, and from now on it must be there. */
    public void acknowledge(List<Write> writes) {
        append(Kind.ACKNOWLEDGED, writes);
        acknowledged.addAndGet(writes.size());
    }

    /** Writes acknowledged through this object. */
    public long acknowledged() {
        return acknowledged.get();
    }

    public List<Entry> entries() {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.map(Ledger::parse).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void append(Kind kind, List<Write> writes) {
        var text = new StringBuilder();
        for (var write : writes) {
            text.append(kind).append(' ').append(write.table()).append(' ').append(write.key()).append(' ').append(write.value().orElse(DELETED)).append('\n');
        }
        try {
            synchronized (channel) {
                channel.write(ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8)));
                if (kind == Kind.ACKNOWLEDGED) {
                    channel.force(false);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Entry parse(String line) {
        var words = line.split(" ");
        return new Entry(Kind.valueOf(words[0]), new Write(words[1], words[2], Optional.of(words[3]).filter(value -> !value.equals(DELETED))));
    }

    /** When the job of this write is due. */
    static Instant due(Write job) {
        return Instant.ofEpochMilli(Long.parseLong(job.value().orElseThrow()));
    }

    static String digest(String text) {
        try {
            var hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
