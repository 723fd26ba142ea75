package dev.mastodonmigration.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;

/** The stand-in for AWS that none of us wrote, on a free loopback port. Tests meet it through {@code aws.AwsFaultProxy}, which adds what it lacks. */
public final class Moto implements AutoCloseable {
    /** Made by {@code .ci/moto}. */
    private static final Path PYTHON = Path.of("target/moto/python").toAbsolutePath();
    private static final Path PROGRAM = Path.of("src/test/resources/moto/server.py").toAbsolutePath();
    /** The first start compiles a thousand files of Python. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static Moto shared;

    private final Path directory;
    private final int port = FreePort.find();
    private final HttpClient client = HttpClient.newHttpClient();
    private LocalProcess process;

    private Moto(Path directory) {
        this.directory = directory;
    }

    /** Skips the test where it is not there; under continuous integration that is a failure. */
    public static void require() {
        var isThere = Files.isExecutable(PYTHON);
        if (!isThere && "true".equals(System.getenv("CI"))) {
            throw new IllegalStateException(PYTHON + " is missing: .ci/requirements test makes it");
        }
        Assumptions.assumeTrue(isThere, "moto is not there: make test finds or installs it");
    }

    /** Starts one, with an empty account, and returns when it answers. */
    public static Moto start() {
        try {
            var started = new Moto(OwnedDirectory.create("moto-"));
            started.launch();
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One for all tests of this JVM, emptied. It ends with the JVM. */
    public static synchronized Moto shared() {
        if (shared == null) {
            shared = start();
            Runtime.getRuntime().addShutdownHook(new Thread(shared::close));
        } else {
            shared.reset();
        }
        return shared;
    }

    private void launch() {
        var log = directory.resolve("log");
        process = LocalProcess.start(List.of(PYTHON.toString(), PROGRAM.toString(), "-H", "127.0.0.1", "-p", String.valueOf(port)), Map.of("MOTO_EC2_LOAD_DEFAULT_AMIS", "false"), log);
        Awaitility.await("moto on port " + port).atMost(PATIENCE).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(50))
                .failFast("moto ended, its log is " + log, () -> !process.isAlive()).ignoreExceptions().until(() -> {
                    reset();
                    return true;
                });
    }

    public URI address() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** Empties every account of it. */
    public void reset() {
        try {
            var answer = client.send(HttpRequest.newBuilder(address().resolve("/moto-api/reset")).POST(HttpRequest.BodyPublishers.noBody()).build(), BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IllegalStateException("moto answers " + answer.statusCode() + " to reset: " + answer.body());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        client.close();
        process.close();
        TemporaryDirectory.deleteTree(directory);
    }
}
