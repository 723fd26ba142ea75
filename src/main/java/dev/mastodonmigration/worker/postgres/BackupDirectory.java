package dev.mastodonmigration.worker.postgres;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A migration's directory on the admin's volume. It was empty when it was marked as this migration's, one worker at a time writes there, and nothing is overwritten: files are
 * made under names that end in {@code .partial}, which only we use, and get their own names when the backup is whole, the manifest last. A backup without its manifest is none.
 * It holds everybody's private messages: only our user and our group may read it.
 */
final class BackupDirectory implements AutoCloseable {
    private static final String DUMP = BackupStore.DUMP;
    private static final String LIST = BackupStore.LIST;
    private static final String MANIFEST = BackupStore.MANIFEST;
    private static final String OWNER = "owner";
    private static final String PARTIAL = ".partial";
    private static final List<String> FILES = List.of(DUMP, LIST, MANIFEST);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final FileAttribute<Set<PosixFilePermission>> OF_A_DIRECTORY = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-x---"));
    private static final FileAttribute<Set<PosixFilePermission>> OF_A_FILE = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r-----"));

    private final Path directory;
    private final FileChannel owner;

    private BackupDirectory(Path directory, FileChannel owner) {
        this.directory = directory;
        this.owner = owner;
    }

    /**
     * Creates it, or finds it.
     *
     * @throws Refusal     when what is there is not this migration's, or may not be written to
     * @throws IOException when another worker writes there
     */
    static BackupDirectory open(Path volume, WorkerContext context) throws IOException, Refusal {
        var directory = at(volume, context);
        try {
            if (Files.notExists(directory)) {
                Files.createDirectory(directory, OF_A_DIRECTORY);
            }
            if (Files.notExists(directory.resolve(OWNER)) && !holdsNothingBut(directory, "")) {
                throw foreign(directory, "files");
            }
            var channel = FileChannel.open(directory.resolve(OWNER), Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE), OF_A_FILE);
            try {
                return marked(directory, channel, context.migrationUid());
            } catch (IOException | Refusal e) {
                channel.close();
                throw e;
            }
        } catch (AccessDeniedException e) {
            throw new Refusal("The volume of spec.retire.backup may not be written to by the worker's user (" + e.getFile() + "). Its file system must belong to group 10001, or be writable for it.");
        }
    }

    /**
     * Finds it; creates nothing.
     *
     * @throws Refusal also when it is not there
     */
    static BackupDirectory find(Path volume, WorkerContext context) throws IOException, Refusal {
        var directory = at(volume, context);
        if (Files.notExists(directory.resolve(OWNER))) {
            throw new Refusal("The final backup is not on its volume any more: " + directory.getFileName() + " is not there, or not this migration's.");
        }
        return open(volume, context);
    }

    private static Path at(Path volume, WorkerContext context) {
        return volume.resolve("mastodon-migration-" + context.migrationUid());
    }

    private static BackupDirectory marked(Path directory, FileChannel channel, String uid) throws IOException, Refusal {
        if (!isLocked(channel)) {
            throw new IOException("Another worker still writes the final backup into " + directory.getFileName() + ".");
        }
        var mark = read(channel);
        if (!mark.equals(uid)) {
            // A worker that was killed while it marked it had written nothing else.
            if (!uid.startsWith(mark) || !holdsNothingBut(directory, OWNER)) {
                throw foreign(directory, OWNER);
            }
            channel.truncate(0);
            channel.position(0);
            write(channel, uid.getBytes(StandardCharsets.UTF_8));
        }
        return new BackupDirectory(directory, channel);
    }

    private static boolean isLocked(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException inThisProcess) {
            return false;
        }
    }

    private static String read(FileChannel channel) throws IOException {
        var buffer = ByteBuffer.allocate(256);
        channel.read(buffer, 0);
        return new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8).strip();
    }

    /** All of it, to the disk: one call may write a part. */
    private static void write(FileChannel channel, byte[] bytes) throws IOException {
        var left = ByteBuffer.wrap(bytes);
        while (left.hasRemaining()) {
            channel.write(left);
        }
        channel.force(true);
    }

    private static boolean holdsNothingBut(Path directory, String name) throws IOException {
        try (var found = Files.list(directory)) {
            return found.allMatch(file -> file.getFileName().toString().equals(name));
        }
    }

    private static Refusal foreign(Path directory, String what) {
        return new Refusal("On the volume of spec.retire.backup, " + directory.getFileName() + " holds " + what + " that this migration did not write. They were not touched: move them away.");
    }

    Path path() {
        return directory;
    }

    /**
     * The manifest of the backup that is there, whose files are what was written; one that only lacked its names gets them.
     *
     * @throws Refusal when files are there that are not what this migration wrote
     */
    Optional<BackupManifest> finished() throws IOException, Refusal {
        if (Files.exists(directory.resolve(MANIFEST))) {
            var manifest = parse(directory.resolve(MANIFEST)).orElseThrow(() -> changed(MANIFEST));
            for (var file : manifest.files()) {
                if (!file.isIn(directory.resolve(file.name()))) {
                    throw changed(file.name());
                }
            }
            return Optional.of(manifest);
        }
        var unnamed = parse(partial(MANIFEST));
        if (unnamed.isPresent() && isWhole(unnamed.get())) {
            name();
            return unnamed;
        }
        for (var name : FILES) {
            if (Files.exists(directory.resolve(name))) {
                throw changed(name);
            }
        }
        discard();
        return Optional.empty();
    }

    private boolean isWhole(BackupManifest manifest) throws IOException {
        for (var file : manifest.files()) {
            if (!file.isIn(directory.resolve(file.name())) && !file.isIn(partial(file.name()))) {
                return false;
            }
        }
        return true;
    }

    private Refusal changed(String name) {
        return new Refusal("On the volume of spec.retire.backup, " + name + " in " + directory.getFileName() + " is not what this migration wrote. It was not touched: move it away, and the backup is made anew.");
    }

    private static Optional<BackupManifest> parse(Path file) throws IOException {
        try {
            return Files.exists(file) ? Optional.of(JSON.readValue(file.toFile(), BackupManifest.class)) : Optional.empty();
        } catch (JsonProcessingException cutOff) {
            return Optional.empty();
        }
    }

    private Path partial(String name) {
        return directory.resolve(name + PARTIAL);
    }

    /** Creates an empty file, which becomes the one of that name when the backup is whole. */
    Path fresh(String name) throws IOException {
        return Files.createFile(partial(name), OF_A_FILE);
    }

    /** What was begun and is not whole. */
    void discard() throws IOException {
        for (var name : FILES) {
            Files.deleteIfExists(partial(name));
        }
    }

    /** Writes the manifest of the files that were made, reads it back, and gives all of them their names. */
    void finish(BackupManifest manifest) throws IOException, Refusal {
        try (var file = FileChannel.open(partial(MANIFEST), Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OF_A_FILE)) {
            write(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(manifest));
        }
        if (!parse(partial(MANIFEST)).equals(Optional.of(manifest))) {
            throw new IOException("The manifest of the final backup was read back and is not what was written.");
        }
        flush(partial(LIST));
        flush(directory);
        name();
    }

    private void name() throws IOException, Refusal {
        for (var name : FILES) {
            if (Files.exists(partial(name))) {
                if (Files.exists(directory.resolve(name))) {
                    throw changed(name);
                }
                Files.move(partial(name), directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
            }
        }
        flush(directory);
    }

    private static void flush(Path path) throws IOException {
        try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Lets the next worker in. */
    @Override
    public void close() throws IOException {
        owner.close();
    }
}
