package dev.mastodonmigration.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.jar.JarFile;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/** Finds server programs of any major version: the system's, or those that Maven fetched, unpacked once per machine. */
final class PostgresBinaries {
    private PostgresBinaries() {}

    /** The directory that holds {@code initdb}, {@code pg_ctl} and {@code postgres} of this major version. */
    static Path of(int major) {
        var system = Path.of("/usr/lib/postgresql/" + major + "/bin");
        return Files.isExecutable(system.resolve("initdb")) ? system : fetched(major);
    }

    private static Path fetched(int major) {
        var jar = jar(major);
        var version = jar.getFileName().toString().replaceAll(".*-(\\d[\\d.]*)\\.jar", "$1");
        var home = Path.of(System.getProperty("java.io.tmpdir"), "mastodon-migration-postgres-" + version);
        if (!Files.isExecutable(home.resolve("bin/postgres"))) {
            unpack(jar, home);
        }
        return home.resolve("bin");
    }

    private static Path jar(int major) {
        var directory = Path.of("target", "postgres-binaries");
        try (var jars = Files.newDirectoryStream(directory, "*-" + major + ".*.jar")) {
            var found = jars.iterator();
            if (found.hasNext()) {
                return found.next();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("no Postgres " + major + ": " + directory.toAbsolutePath()
                    + " is filled by Maven (phase generate-test-resources)", e);
        }
        throw new IllegalStateException("no Postgres " + major + " on this system or in " + directory.toAbsolutePath());
    }

    private static void unpack(Path jar, Path home) {
        try {
            var fresh = Files.createTempDirectory(home.getParent(), home.getFileName() + ".");
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
            try (var archive = new JarFile(jar.toFile())) {
                var packed = archive.stream().filter(e -> e.getName().endsWith(".txz")).findFirst()
                        .orElseThrow(() -> new IllegalStateException(jar + " holds no .txz"));
                try (var in = archive.getInputStream(packed)) {
                    untar(in, fresh);
                }
            }
            publish(fresh, home);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot unpack " + jar, e);
        }
    }

    /** Several JVMs may unpack at the same time: the first rename wins, the others drop theirs. */
    private static void publish(Path fresh, Path home) throws IOException {
        try {
            Files.move(fresh, home, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException e) {
            deleteTree(fresh);
        } catch (FileSystemException e) {
            if (!Files.isExecutable(home.resolve("bin/postgres"))) {
                throw e;
            }
            deleteTree(fresh);
        }
    }

    private static void untar(InputStream packed, Path directory) throws IOException {
        try (var tar = new TarArchiveInputStream(new XZCompressorInputStream(packed))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                var file = directory.resolve(entry.getName()).normalize();
                if (entry.isDirectory()) {
                    Files.createDirectories(file);
                } else if (entry.isSymbolicLink()) {
                    Files.createDirectories(file.getParent());
                    Files.createSymbolicLink(file, Path.of(entry.getLinkName()));
                } else {
                    Files.createDirectories(file.getParent());
                    Files.copy(tar, file);
                    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString((entry.getMode() & 0100) == 0 ? "rw-r--r--" : "rwxr-xr-x"));
                }
            }
        }
    }

    static void deleteTree(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
