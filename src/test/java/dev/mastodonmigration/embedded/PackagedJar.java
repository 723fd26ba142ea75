package dev.mastodonmigration.embedded;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Where the packaged program is, so that operator and workers run here from the very files that the image holds. */
public final class PackagedJar {
    /** System property that names {@code quarkus-run.jar} when it is not under the working directory's {@code target}. */
    public static final String PROPERTY = "mastodon.migration.jar";

    private PackagedJar() {}

    public static boolean exists() {
        return Files.isRegularFile(path());
    }

    /** Whether a process may use the loaded classes of one before it, as no pod can. */
    public enum LoadedClasses { SHARED, OF_THEIR_OWN }

    /** The command line that runs the program with these arguments in a small JVM. */
    public static List<String> command(List<String> jvmOptions, List<String> args) {
        return command(jvmOptions, LoadedClasses.SHARED, args);
    }

    public static List<String> command(List<String> jvmOptions, LoadedClasses classes, List<String> args) {
        if (!exists()) {
            throw new IllegalStateException(path() + " is missing: package first (mvn package -DskipTests), or set -D" + PROPERTY);
        }
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(jvmOptions);
        if (classes == LoadedClasses.SHARED) {
            command.addAll(sharedClasses(args.getFirst()));
        }
        command.addAll(List.of("-jar", path().toString()));
        command.addAll(args);
        return command;
    }

    /** The first one that ends in order leaves its loaded classes for the next: each start then costs a third less, and a test run has hundreds. */
    private static List<String> sharedClasses(String program) {
        var archive = path().getParent().resolveSibling(program + ".jsa");
        // What the JVM says of the archive would stand among the program's own lines.
        return List.of("-XX:+AutoCreateSharedArchive", "-XX:SharedArchiveFile=" + archive, "-Xlog:disable");
    }

    private static Path path() {
        return Path.of(System.getProperty(PROPERTY, "target/quarkus-app/quarkus-run.jar")).toAbsolutePath();
    }
}
