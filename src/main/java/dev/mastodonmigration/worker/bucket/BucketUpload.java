package dev.mastodonmigration.worker.bucket;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import software.amazon.awssdk.services.s3.model.CompletedPart;

/** An object that is sent while it is made: no more of it is in memory than one part, and nothing of it is to be seen in the bucket before all of it is there. */
public final class BucketUpload implements AutoCloseable {
    /** S3's limit is 10 000 parts: they grow, so that a small dump is sent in small ones, and 500 GB fit. */
    private static final int MOST_PARTS = 10_000;
    private static final int FIRST = 8 << 20;
    private static final int LARGEST = 64 << 20;
    private static final int OF_ONE_SIZE = 1000;
    private final Bucket bucket;
    private final String name;
    private final String id;
    private final List<CompletedPart> parts = new ArrayList<>();
    private final MessageDigest digest = Bucket.sha256();
    private long bytes;
    private boolean isOver;

    private BucketUpload(Bucket bucket, String name, String id) {
        this.bucket = bucket;
        this.name = name;
        this.id = id;
    }

    /** What is in the bucket now. */
    public record Sent(long bytes, String sha256) {}

    public static BucketUpload begin(Bucket bucket, String name) throws BucketException {
        return new BucketUpload(bucket, name, bucket.begin(name));
    }

    /** Sends all that is read there. */
    public void send(InputStream from) throws IOException {
        var buffer = new byte[size(1)];
        for (var length = from.readNBytes(buffer, 0, buffer.length); length > 0 || parts.isEmpty(); length = from.readNBytes(buffer, 0, buffer.length)) {
            if (parts.size() == MOST_PARTS) {
                throw new IOException("The dump is larger than an upload to S3 may be in " + MOST_PARTS + " parts: " + bytes + " bytes were sent. Use spec.retire.backup.persistentVolumeClaim.");
            }
            parts.add(bucket.send(name, id, parts.size() + 1, buffer, length));
            digest.update(buffer, 0, length);
            bytes += length;
            if (buffer.length < size(parts.size() + 1)) {
                buffer = new byte[size(parts.size() + 1)];
            }
        }
    }

    static int size(int part) {
        return (int) Math.min(LARGEST, (long) FIRST << Math.min((part - 1) / OF_ONE_SIZE, Integer.SIZE));
    }

    /** Makes an object of what was sent, where there is none of that name. */
    public Sent complete() throws IOException {
        bucket.complete(name, id, parts, bytes);
        isOver = true;
        return new Sent(bytes, HexFormat.of().formatHex(digest.digest()));
    }

    /** Ends it where it was not completed: nobody pays for parts that are in no object. */
    @Override
    public void close() throws BucketException {
        if (!isOver) {
            isOver = true;
            bucket.abort(name, id);
        }
    }
}
