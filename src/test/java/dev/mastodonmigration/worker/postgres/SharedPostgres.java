package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.embedded.PostgresServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** One server of each major version for all tests of a run, stopped with the JVM. */
public final class SharedPostgres implements BeforeAllCallback {
    private static final Map<Integer, PostgresServer> SERVERS = new ConcurrentHashMap<>();

    private static final AtomicBoolean STOPPED_AT_EXIT = new AtomicBoolean();

    private static final class Home {
        private static final Path PATH = create();

        private static Path create() {
            try {
                return Files.createTempDirectory("two-databases");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Where the workers of these tests keep their files; removed with the servers. */
    public static Path home() {
        return Home.PATH;
    }

    public static PostgresServer of(int major) {
        return SERVERS.computeIfAbsent(major, PostgresServer::start);
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        if (STOPPED_AT_EXIT.compareAndSet(false, true)) {
            Runtime.getRuntime().addShutdownHook(new Thread(SharedPostgres::stop));
        }
    }

    private static void stop() {
        SERVERS.values().forEach(PostgresServer::close);
        try (var files = Files.walk(home())) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
