package dev.mastodonmigration.worker.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.List;

/** Runs a program of Postgres that reads an archive from its standard input while that is fetched from elsewhere. */
final class FedProgram {
    private static final int CHUNK = 1 << 16;

    private FedProgram() {}

    @FunctionalInterface
    interface Reading<T> {
        T of(InputStream output) throws IOException;
    }

    /**
     * Runs it to its end; it may end before the archive does, which is then read no further.
     *
     * @throws IOException with its words when it fails, or when the archive cannot be fetched
     */
    static <T> T run(List<String> command, InputStream archive, Reading<T> reading) throws IOException, InterruptedException {
        var words = Files.createTempFile("fed", ".log");
        try {
            var process = new ProcessBuilder(command).redirectError(words.toFile()).start();
            try (var output = process.getInputStream()) {
                var feeding = Aside.begin(() -> feed(archive, process));
                var read = read(reading, output, process, feeding);
                var code = process.waitFor();
                feeding.end();
                if (code != 0) {
                    throw new IOException("The dump cannot be read back: " + Files.readString(words).strip().replace("\n", " | "));
                }
                return read;
            } finally {
                process.destroy();
            }
        } finally {
            Files.deleteIfExists(words);
        }
    }

    /** What could not be fetched explains what could not be read of it. */
    private static <T> T read(Reading<T> reading, InputStream output, Process process, Aside feeding) throws IOException, InterruptedException {
        try {
            return reading.of(output);
        } catch (IOException e) {
            process.destroy();
            feeding.end();
            throw e;
        }
    }

    private static void feed(InputStream archive, Process process) throws IOException {
        var input = process.getOutputStream();
        var chunk = new byte[CHUNK];
        var whole = false;
        try {
            var count = archive.read(chunk);
            while (count >= 0 && isTaken(input, chunk, count)) {
                count = archive.read(chunk);
            }
            if (count < 0) {
                input.close();
            }
            whole = true;
        } finally {
            if (!whole) {
                // It must neither take this for the archive's end nor wait for more.
                process.destroy();
            }
        }
    }

    /** A program that has ended, as one that only lists does, takes no more; its exit code says why. */
    private static boolean isTaken(OutputStream input, byte[] chunk, int count) {
        try {
            input.write(chunk, 0, count);
            input.flush();
            return true;
        } catch (IOException ended) {
            return false;
        }
    }
}
