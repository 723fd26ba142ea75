package dev.mastodonmigration.worker.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Reads an archive of pg_dump to its end, as a restore would, and counts each table's rows in it: what cannot be read, or is not in it, shows here and not in years. */
final class DumpedRows {
    private static final String IDENTIFIER = "(\"(?:[^\"]|\"\")*\"|[^\". ]+)";
    private static final Pattern COPY = Pattern.compile("COPY " + IDENTIFIER + "\\." + IDENTIFIER + " (?:\\(.*\\))? FROM stdin;");
    private static final String END = "\\.";
    /** More than the names of a table's 1600 columns. */
    private static final int LONGEST_COPY = 1 << 19;
    private static final int CHUNK = 1 << 16;

    private final Map<String, Long> rows = new HashMap<>();
    /** Its beginning: of a row no more than it takes to tell it from the end of its table. */
    private final byte[] line = new byte[LONGEST_COPY];
    private int length;
    private String table = "";
    private long rowsOfTable;

    private DumpedRows() {}

    /**
     * Rows by schema and name, as {@code public.statuses}.
     *
     * @throws IOException with pg_restore's words when it cannot read the archive
     */
    static Map<String, Long> count(PostgresPrograms programs, Path archive) throws IOException, InterruptedException {
        var words = Files.createTempFile("pg_restore", ".log");
        try {
            var process = new ProcessBuilder(List.of(programs.program("pg_restore"), "--data-only", "--file=-", archive.toString())).redirectError(words.toFile()).start();
            try (var output = process.getInputStream()) {
                var counted = new DumpedRows();
                counted.read(output);
                if (process.waitFor() != 0) {
                    throw new IOException("The dump cannot be read back: " + Files.readString(words).strip().replace("\n", " | "));
                }
                return counted.whole();
            } finally {
                process.destroy();
            }
        } finally {
            Files.deleteIfExists(words);
        }
    }

    /** The same of one that is fetched while it is read; it may have an end that pg_restore does not look at. */
    static Map<String, Long> count(PostgresPrograms programs, InputStream archive) throws IOException, InterruptedException {
        return FedProgram.run(List.of(programs.program("pg_restore"), "--data-only", "--file=-"), archive, script -> {
            var counted = new DumpedRows();
            counted.read(script);
            return counted;
        }).whole();
    }

    /** In COPY's text format a line is a row, because a line feed in a value is escaped. */
    static Map<String, Long> of(InputStream script) throws IOException {
        var counted = new DumpedRows();
        counted.read(script);
        return counted.whole();
    }

    private void read(InputStream script) throws IOException {
        var chunk = new byte[CHUNK];
        for (var count = script.read(chunk); count >= 0; count = script.read(chunk)) {
            for (var i = 0; i < count; i++) {
                if (chunk[i] == '\n') {
                    end();
                    length = 0;
                } else if (length < (table.isEmpty() ? LONGEST_COPY : END.length() + 1)) {
                    line[length++] = chunk[i];
                }
            }
        }
    }

    private Map<String, Long> whole() throws IOException {
        if (!table.isEmpty()) {
            throw new IOException("The dump ends within table " + table + ".");
        }
        return rows;
    }

    private void end() {
        if (table.isEmpty()) {
            var copy = COPY.matcher(new String(line, 0, length, StandardCharsets.UTF_8));
            if (copy.matches()) {
                table = unquoted(copy.group(1)) + "." + unquoted(copy.group(2));
                rowsOfTable = 0;
            }
        } else if (length == END.length() && line[0] == END.charAt(0) && line[1] == END.charAt(1)) {
            rows.put(table, rowsOfTable);
            table = "";
        } else {
            rowsOfTable++;
        }
    }

    private static String unquoted(String identifier) {
        return identifier.startsWith("\"") ? identifier.substring(1, identifier.length() - 1).replace("\"\"", "\"") : identifier;
    }
}
