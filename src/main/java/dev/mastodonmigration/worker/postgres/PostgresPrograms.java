package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The client programs of one major version: {@code pg_dump} reads servers up to its own version, and {@code pg_restore} from 17 on sends settings
 * that older servers refuse, so the oldest that can read the source is the right one.
 */
public record PostgresPrograms(Path directory, int major) {
    /** May name a directory with the programs; they are also looked for where Debian keeps several versions, and on the path. */
    public static final String ENV_DIRECTORY = "MIGRATION_PG_BIN";

    private static final Pattern VERSION = Pattern.compile("\\(PostgreSQL\\) (\\d+)");
    private static final List<String> NEEDED = List.of("pg_dump", "pg_restore", "psql");
    private static final Path DEBIAN = Path.of("/usr/lib/postgresql");

    /** The oldest programs that can read a source of this major version. */
    public static PostgresPrograms forSource(int major) throws IOException, InterruptedException, Refusal {
        return find(major).orElseThrow(() -> new Refusal("The worker has no pg_dump that can read Postgres " + major
                + ". Use a worker image with the PostgreSQL client of version " + major + " or newer."));
    }

    public static Optional<PostgresPrograms> find(int major) throws IOException, InterruptedException {
        return find(major, directories(System.getenv()));
    }

    static Optional<PostgresPrograms> find(int major, List<Path> directories) throws IOException, InterruptedException {
        var found = new ArrayList<PostgresPrograms>();
        for (var directory : directories) {
            if (NEEDED.stream().allMatch(program -> Files.isExecutable(directory.resolve(program)))) {
                found.add(new PostgresPrograms(directory, version(directory.resolve("pg_dump"))));
            }
        }
        return found.stream().filter(programs -> programs.major >= major).min(Comparator.comparingInt(PostgresPrograms::major));
    }

    /** All of them, so that an image derived from ours only has to add the client that it wants. */
    static List<Path> directories(Map<String, String> environment) throws IOException {
        var directories = new ArrayList<Path>();
        Optional.ofNullable(environment.get(ENV_DIRECTORY)).filter(named -> !named.isBlank()).map(Path::of).ifPresent(directories::add);
        if (Files.isDirectory(DEBIAN)) {
            try (var versions = Files.newDirectoryStream(DEBIAN)) {
                versions.forEach(version -> directories.add(version.resolve("bin")));
            }
        }
        for (var entry : environment.getOrDefault("PATH", "").split(File.pathSeparator)) {
            directories.add(Path.of(entry));
        }
        return directories;
    }

    private static int version(Path pgDump) throws IOException, InterruptedException {
        var process = new ProcessBuilder(pgDump.toString(), "--version").redirectErrorStream(true).start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        var matcher = VERSION.matcher(output);
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    public String program(String name) {
        return directory.resolve(name).toString();
    }
}
