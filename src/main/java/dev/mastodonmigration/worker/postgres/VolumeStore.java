package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** A backup in a directory of the admin's volume. */
final class VolumeStore implements BackupStore {
    private static final String FULL = "No space left on device";
    private final BackupDirectory directory;
    private Path dump = LibpqProgram.nothing();

    VolumeStore(BackupDirectory directory) {
        this.directory = directory;
    }

    @Override
    public Optional<BackupManifest> finished() throws IOException, Refusal {
        return directory.finished();
    }

    /** Flushed to the disk by pg_dump itself. */
    @Override
    public void dump(Database source, List<String> command, Consumer<String> listener) throws IOException, InterruptedException, Refusal {
        dump = directory.fresh(DUMP);
        var whole = new ArrayList<>(command);
        whole.add("--file=" + dump);
        new LibpqProgram(whole, Map.of(), listener).run(source, LibpqProgram.nothing(), LibpqProgram.nothing());
    }

    @Override
    public List<String> contents(Database source, PostgresPrograms programs) throws IOException, InterruptedException, Refusal {
        var listing = Files.createTempFile(source.context().scratch(), "listing", "");
        try {
            new LibpqProgram(List.of(programs.program("pg_restore"), "--list", dump.toString()), Map.of(), line -> { }).run(source, LibpqProgram.nothing(), listing);
            return Files.readAllLines(listing);
        } finally {
            Files.deleteIfExists(listing);
        }
    }

    @Override
    public Map<String, Long> rows(PostgresPrograms programs) throws IOException, InterruptedException {
        return DumpedRows.count(programs, dump);
    }

    @Override
    public List<BackupManifest.Content> files(List<String> lines) throws IOException {
        var list = Files.write(directory.fresh(LIST), lines);
        return List.of(BackupManifest.Content.of(DUMP, dump), BackupManifest.Content.of(LIST, list));
    }

    @Override
    public List<String> fetching() {
        return List.of();
    }

    @Override
    public void finish(BackupManifest manifest) throws IOException, Refusal {
        directory.finish(manifest);
    }

    @Override
    public IOException discard(IOException failure) throws IOException {
        directory.discard();
        return String.valueOf(failure.getMessage()).contains(FULL) ? new IOException("The volume of spec.retire.backup is full: the final backup did not fit into the "
                + Files.getFileStore(directory.path()).getUsableSpace() / (1 << 20) + " MiB that are free without it. Enlarge it, or make room.", failure) : failure;
    }

    @Override
    public String words() {
        return directory.path().getFileName() + "/" + DUMP + " on the volume";
    }

    @Override
    public String missing() {
        return "The final backup is not on its volume any more: " + directory.path().getFileName() + " holds none that is whole.";
    }

    @Override
    public void close() throws IOException {
        directory.close();
    }
}
