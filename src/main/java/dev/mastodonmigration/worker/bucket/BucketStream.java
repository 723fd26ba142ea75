package dev.mastodonmigration.worker.bucket;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** Reads a large object in pieces that fit into memory: a connection that breaks after hours costs one of them. */
final class BucketStream extends InputStream {
    private static final int PIECE = 8 << 20;
    private final Bucket bucket;
    private final String name;
    private final Bucket.Stored stored;
    private byte[] piece = {};
    private int at;
    private long fetched;

    BucketStream(Bucket bucket, String name, Bucket.Stored stored) {
        this.bucket = bucket;
        this.name = name;
        this.stored = stored;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
        Objects.checkFromIndexSize(from, length, into.length);
        if (length == 0) {
            return 0;
        }
        if (at == piece.length) {
            if (fetched == stored.bytes()) {
                return -1;
            }
            piece = bucket.piece(name, stored, fetched, Math.min(stored.bytes(), fetched + PIECE));
            at = 0;
            fetched += piece.length;
            if (piece.length == 0) {
                throw new IOException(bucket.place() + name + " ended after " + fetched + " of " + stored.bytes() + " bytes.");
            }
        }
        var count = Math.min(length, piece.length - at);
        System.arraycopy(piece, at, into, from, count);
        at += count;
        return count;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }
}
