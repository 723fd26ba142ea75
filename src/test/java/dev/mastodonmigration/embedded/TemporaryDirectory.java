package dev.mastodonmigration.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/** A directory that is gone when its user closes it or the JVM ends in an orderly way. */
public final class TemporaryDirectory implements AutoCloseable {
    private final Path path;
    private final Thread hook = new Thread(this::delete);

    private TemporaryDirectory(Path path) {
        this.path = path;
        Runtime.getRuntime().addShutdownHook(hook);
    }

    public static TemporaryDirectory create(String prefix) {
        try {
            return new TemporaryDirectory(OwnedDirectory.create(prefix));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Path path() {
        return path;
    }

    public Path resolve(String name) {
        return path.resolve(name);
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException alreadyShuttingDown) {
            // The hook may have run before the last process that writes here ended: so it is deleted again.
        }
        delete();
    }

    private void delete() {
        deleteTree(path);
    }

    /** Deletes what is there; files that another process removes meanwhile are as good as deleted. */
    static void deleteTree(Path root) {
        for (var file : list(root)) {
            try {
                Files.deleteIfExists(file);
            } catch (DirectoryNotEmptyException stillWritten) {
                deleteTree(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static List<Path> list(Path root) {
        try (var walk = Files.walk(root)) {
            return walk.sorted(Comparator.reverseOrder()).toList();
        } catch (NoSuchFileException gone) {
            return List.of();
        } catch (UncheckedIOException changedMeanwhile) {
            return list(root);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
