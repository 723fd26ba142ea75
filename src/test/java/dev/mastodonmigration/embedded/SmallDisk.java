package dev.mastodonmigration.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A file system of its own, of a size that a test chooses and changes: it really is full when it is. Needs the right to mount. */
public final class SmallDisk implements AutoCloseable {
    private final Path directory;

    private SmallDisk(Path directory) {
        this.directory = directory;
    }

    public static boolean isPossible() {
        if (!LocalProcess.isRoot()) {
            return false;
        }
        try (var disk = mount(1)) {
            return Files.isDirectory(disk.directory());
        } catch (IOException | IllegalStateException e) {
            return false;
        }
    }

    public static SmallDisk mount(int mebibytes) throws IOException {
        var directory = Files.createTempDirectory("small-disk-");
        var disk = new SmallDisk(directory);
        run(List.of("mount", "-t", "tmpfs", "-o", "size=" + mebibytes + "m,mode=755", "tmpfs", directory.toString()));
        LocalProcess.giveToUnprivileged(directory);
        return disk;
    }

    public Path directory() {
        return directory;
    }

    public void enlarge(int mebibytes) throws IOException {
        run(List.of("mount", "-o", "remount,size=" + mebibytes + "m", directory.toString()));
    }

    /** Even while a server still has files open there. */
    @Override
    public void close() throws IOException {
        run(List.of("umount", "--lazy", directory.toString()));
        Files.deleteIfExists(directory);
    }

    private static void run(List<String> command) throws IOException {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var output = new String(process.getInputStream().readAllBytes());
        try {
            if (process.waitFor() != 0) {
                throw new IOException(command + " failed: " + output);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
