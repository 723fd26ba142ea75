package dev.mastodonmigration.worker.postgres;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * What a backup holds, so that whoever finds it in years can tell whether it is whole, and restore it.
 *
 * @param migration  namespace and name
 * @param server     that it was taken from
 * @param files      the dump first
 * @param checksumOf what the checksums of {@code tables} are made of
 * @param sequences  the last value of each
 * @param restore    commands, in order
 */
@JsonIgnoreProperties(ignoreUnknown = true)
record BackupManifest(String migration, String uid, String createdAt, String server, List<Content> files, String checksumOf, List<Rows> tables, Map<String, Long> sequences, List<String> restore) {
    static final String CHECKSUM = "the two signed 64-bit halves of md5(ROW(columns, in the order of their names)::text), each added up over all rows";

    /** One file beside the manifest. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Content(String name, long bytes, String sha256) {
        /** As it is on the disk now. */
        static Content of(String name, Path file) throws IOException {
            return of(name, Files.newInputStream(file));
        }

        /** As it is read there; closes it. */
        static Content of(String name, InputStream content) throws IOException {
            try (var in = new DigestInputStream(content, BackupManifest.sha256())) {
                var bytes = in.transferTo(OutputStream.nullOutputStream());
                return new Content(name, bytes, hex(in.getMessageDigest()));
            }
        }

        boolean isIn(Path file) throws IOException {
            return Files.isRegularFile(file) && Files.size(file) == bytes && of(name, file).equals(this);
        }
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }

    /** One table: how many rows it has, and their checksum as the proofs of the migration have it. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Rows(String name, long rows, String checksum) {
        static Rows of(Table table, TableSum sum) {
            return new Rows(name(table), sum.rows(), sum.high().toPlainString() + ":" + sum.low().toPlainString());
        }

        static String name(Table table) {
            return table.schema() + "." + table.name();
        }
    }
}
