package dev.mastodonmigration.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/** Makes temporary directories that say whose they are, so that those of a killed process can be told from all others and removed. */
final class OwnedDirectory {
    private static final String OWNER = ".owner";
    private static final Pattern OURS = Pattern.compile("(postgres-[0-9]+|standby|redis|pgbouncer|moto|machine|world|pod|jobs|live|killed)-[0-9]+");
    /** A process id means nothing outside its namespace, and containers may share a temporary directory. */
    private static final Path NAMESPACE = Path.of("/proc/self/ns/pid");

    /** System property that names a directory in memory, where a file costs a tenth: each database is hundreds of them. */
    private static final String MEMORY = "embedded.postgres.memory";
    /** So much has to be free there, else the disk is taken. */
    private static final long MEMORY_TO_SPARE = 12L << 30;

    private OwnedDirectory() {}

    /** A new directory where the JVM keeps temporary files, with a file that names this process. */
    static Path create(String prefix) throws IOException {
        return owned(Files.createTempDirectory(prefix));
    }

    /** As {@link #create}, but in memory where that is wanted and there is plenty. */
    static Path createInMemory(String prefix) throws IOException {
        var memory = Optional.ofNullable(System.getProperty(MEMORY)).map(Path::of).filter(Files::isWritable);
        if (memory.isEmpty() || Files.getFileStore(memory.get()).getUsableSpace() < MEMORY_TO_SPARE) {
            return create(prefix);
        }
        // A killed run's would stay there until the machine is started anew.
        sweep(memory.get());
        return owned(Files.createTempDirectory(memory.get(), prefix));
    }

    private static Path owned(Path directory) throws IOException {
        return Files.writeString(directory.resolve(OWNER), owner(ProcessHandle.current().pid())).getParent();
    }

    /** What the file says when a process of that id is the owner. */
    static String owner(long pid) throws IOException {
        return pid + " " + Files.readSymbolicLink(NAMESPACE);
    }

    /** Removes directories of ours whose owner has ended, and nothing else. */
    static void sweep(Path parent) {
        try (var entries = Files.newDirectoryStream(parent, entry -> OURS.matcher(entry.getFileName().toString()).matches())) {
            for (var entry : entries) {
                if (isLeftOver(entry)) {
                    TemporaryDirectory.deleteTree(entry);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isLeftOver(Path entry) throws IOException {
        // Another account's is neither ours to judge nor possible to remove.
        if (!Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS) || !Files.isWritable(entry)) {
            return false;
        }
        var pid = readOwner(entry.resolve(OWNER));
        return pid.isPresent() && ProcessHandle.of(pid.get()).isEmpty();
    }

    /** The owner's process id; empty where none is named, or one that cannot be asked about from here. */
    private static Optional<Long> readOwner(Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || !Files.isReadable(file)) {
            return Optional.empty();
        }
        var words = Files.readString(file).split(" ");
        return words.length == 2 && words[0].matches("[0-9]{1,10}") && words[1].equals(Files.readSymbolicLink(NAMESPACE).toString())
                ? Optional.of(Long.valueOf(words[0])) : Optional.empty();
    }
}
