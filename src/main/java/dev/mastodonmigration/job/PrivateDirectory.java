package dev.mastodonmigration.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;

/** Credentials as the files that a worker expects, for this process alone and for as long as it needs them. The chart keeps this process's temporary files in memory. */
record PrivateDirectory(Path path) implements AutoCloseable {
    private static final FileAttribute<Set<PosixFilePermission>> OURS_ALONE = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final FileAttribute<Set<PosixFilePermission>> READ_BY_US = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    static PrivateDirectory with(Map<String, String> files) throws IOException {
        var directory = new PrivateDirectory(Files.createTempDirectory("mastodon-migration-", OURS_ALONE));
        try {
            for (var file : files.entrySet()) {
                Files.writeString(Files.createFile(directory.path().resolve(file.getKey()), READ_BY_US), file.getValue());
            }
            return directory;
        } catch (IOException e) {
            directory.close();
            throw e;
        }
    }

    @Override
    public void close() throws IOException {
        try (var found = Files.walk(path)) {
            for (var each : found.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }
}
