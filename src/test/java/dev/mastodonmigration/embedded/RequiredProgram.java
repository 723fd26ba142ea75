package dev.mastodonmigration.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** A program of the system that tests run, and that need not be there outside continuous integration. */
public record RequiredProgram(Path path, String remedy) {
    public static final RequiredProgram NGINX = new RequiredProgram(Path.of("/usr/sbin/nginx"), "apt-get install nginx-light");
    public static final RequiredProgram SYSTEMD_ANALYZE = new RequiredProgram(Path.of("/usr/bin/systemd-analyze"), "apt-get install systemd");
    /** Made by {@code .ci/cloud-init}. */
    public static final RequiredProgram CLOUD_INIT = new RequiredProgram(Path.of("target/cloud-init/cloud-init").toAbsolutePath(), ".ci/requirements test makes it");

    /** Skips the test where it is not installed; under continuous integration that is a failure. */
    public void require() {
        var isThere = Files.isExecutable(path);
        if (!isThere && "true".equals(System.getenv("CI"))) {
            throw new IllegalStateException(path + " is missing: " + remedy);
        }
        Assumptions.assumeTrue(isThere, path.getFileName() + " is not installed");
    }

    /** How a run ended, and all that it said. */
    public record Result(int code, String output) {}

    public Result run(String... arguments) {
        var command = new ArrayList<>(List.of(path.toString()));
        command.addAll(List.of(arguments));
        try {
            var process = new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            var output = new String(process.getInputStream().readAllBytes());
            return new Result(process.waitFor(), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
