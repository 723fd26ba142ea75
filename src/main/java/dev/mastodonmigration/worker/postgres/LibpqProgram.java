package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Redaction;
import dev.mastodonmigration.worker.control.Refusal;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Runs {@code pg_dump}, {@code pg_restore} or {@code psql} so that no secret shows in its arguments and it ends when the worker does. */
public final class LibpqProgram {
    private static final int LAST_LINES = 6;
    private static final Pattern FAILURE = Pattern.compile("[Ee]rror|ERROR|FATAL|DETAIL|HINT");
    /** Lines that begin a statement of the program or of the server; others go on with a value, and CONTEXT quotes the row. */
    private static final Pattern BEGINNING = Pattern.compile("(?:\\S*(?:pg_dump|pg_restore|psql|setpriv)|ERROR|FATAL|PANIC|DETAIL|HINT)\\b.*");
    private static final Path SETPRIV = Path.of("/usr/bin/setpriv");
    private final List<String> command;
    private final Map<String, String> variables;
    private final Consumer<String> listener;

    /**
     * @param command   program and arguments, free of secrets
     * @param variables further environment, such as {@code PGOPTIONS}
     * @param listener  hears each line that the program says
     */
    public LibpqProgram(List<String> command, Map<String, String> variables, Consumer<String> listener) {
        this.command = command;
        this.variables = variables;
        this.listener = listener;
    }

    /**
     * Runs to the end.
     *
     * @throws IOException with the program's last words when it fails
     */
    public void run(Database database, Path input, Path output) throws IOException, InterruptedException, Refusal {
        run(database, Redirect.from(input.toFile()), Redirect.to(output.toFile()), nothing -> { });
    }

    /** Takes what a program writes, to its end, while it runs. */
    @FunctionalInterface
    public interface Sink {
        void take(InputStream output) throws IOException;
    }

    /**
     * Likewise. That the sink has taken all there was says nothing: the program may have failed.
     *
     * @throws IOException also when the sink does, which ends the program
     */
    public void run(Database database, Sink sink) throws IOException, InterruptedException, Refusal {
        run(database, Redirect.from(nothing().toFile()), Redirect.PIPE, sink);
    }

    private void run(Database database, Redirect input, Redirect output, Sink sink) throws IOException, InterruptedException, Refusal {
        var url = database.url();
        var passwords = Files.createTempFile(database.context().scratch(), "pgpass", "",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            Files.writeString(passwords, "*:*:*:*:" + url.password().replace("\\", "\\\\").replace(":", "\\:") + "\n");
            var builder = new ProcessBuilder(dyingWithUs()).redirectInput(input).redirectOutput(output);
            environment(builder.environment(), database, database.tls(), url, passwords);
            runToEnd(builder, url, sink);
        } finally {
            Files.deleteIfExists(passwords);
        }
    }

    public static Path nothing() {
        return Path.of("/dev/null");
    }

    private void environment(Map<String, String> environment, Database database, PostgresTls tls, PostgresUrl url, Path passwords) {
        environment.keySet().removeIf(name -> name.startsWith("PG"));
        environment.putAll(Map.of("PGHOST", url.host(), "PGPORT", String.valueOf(url.port()), "PGDATABASE", url.database(), "PGUSER", url.user(),
                "PGAPPNAME", database.applicationName(), "PGPASSFILE", passwords.toString(), "PGCONNECT_TIMEOUT", "10",
                "PGTZ", "UTC", "LC_ALL", "C.UTF-8"));
        tls.tell(environment);
        environment.putAll(variables);
        environment.merge("PGOPTIONS", SessionSettings.forPrograms(), (given, ours) -> ours + " " + given);
    }

    /** A killed worker cannot end its children: the kernel does it, where it can be asked to. */
    private List<String> dyingWithUs() {
        var line = new ArrayList<String>();
        if (Files.isExecutable(SETPRIV)) {
            line.addAll(List.of(SETPRIV.toString(), "--pdeathsig", "TERM"));
        }
        line.addAll(command);
        return line;
    }

    private void runToEnd(ProcessBuilder builder, PostgresUrl url, Sink sink) throws IOException, InterruptedException {
        var process = builder.start();
        var taken = Aside.begin(() -> {
            try (var output = process.getInputStream()) {
                sink.take(output);
            } catch (IOException e) {
                end(process);
                throw e;
            }
        });
        var hook = new Thread(() -> end(process));
        Runtime.getRuntime().addShutdownHook(hook);
        Deque<String> last = new ArrayDeque<>();
        try (var errors = new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            for (var line = errors.readLine(); line != null; line = errors.readLine()) {
                listener.accept(line);
                if (BEGINNING.matcher(line).lookingAt()) {
                    last.addLast(line);
                }
                if (last.size() > LAST_LINES) {
                    last.removeFirst();
                }
            }
            var code = process.waitFor();
            taken.end();
            if (code != 0) {
                throw new IOException(name() + " failed on " + url + ": " + (last.isEmpty() ? "it ended with code " + code + " and gave no reason"
                        : redacted(failures(last), url)));
            }
        } finally {
            end(process);
            forget(hook);
        }
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // The hook runs already, which is what it is there for.
            hook.setName("ending a child process");
        }
    }

    /** What it said about its failure; progress that it told before only where it said nothing else. */
    private static List<String> failures(Deque<String> last) {
        var telling = last.stream().filter(line -> FAILURE.matcher(line).find()).toList();
        return telling.isEmpty() ? List.copyOf(last) : telling;
    }

    private static String redacted(List<String> lines, PostgresUrl url) {
        return lines.stream().map(line -> Redaction.strike(url.password().isEmpty() ? line : line.replace(url.password(), "…")))
                .collect(Collectors.joining(" | "));
    }

    private static void end(Process process) {
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
    }

    private String name() {
        return new File(command.getFirst()).getName();
    }
}
