package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Where one migration's backup is written and read back. Nothing that is there is overwritten, and a backup without its manifest is none. */
interface BackupStore extends AutoCloseable {
    String DUMP = "postgres.dump";
    String LIST = "contents.list";
    String MANIFEST = "manifest.json";

    /**
     * The manifest of the backup that is there, whose files are what was written.
     *
     * @throws Refusal when files are there that are not what this migration wrote
     */
    Optional<BackupManifest> finished() throws IOException, Refusal;

    /**
     * Writes the dump.
     *
     * @param command  pg_dump and its options, but for where it writes
     * @param listener hears each line that it says
     */
    void dump(Database source, List<String> command, Consumer<String> listener) throws IOException, InterruptedException, Refusal;

    /** The dump's table of contents, as pg_restore reads it from what was written. */
    List<String> contents(Database source, PostgresPrograms programs) throws IOException, InterruptedException, Refusal;

    /** Rows of each table in it, by pg_restore, which reads what was written to its end. @throws IOException also when that is not what pg_dump said */
    Map<String, Long> rows(PostgresPrograms programs) throws IOException, InterruptedException;

    /** Writes the list of what is to be restored; answers what the manifest says of the dump and of it. */
    List<BackupManifest.Content> files(List<String> list) throws IOException, Refusal;

    /** What comes before the commands that restore it. */
    List<String> fetching();

    /** Writes the manifest, and reads it back. */
    void finish(BackupManifest manifest) throws IOException, Refusal;

    /** Of what was begun and failed. @return the same in better words, where it can be said what is wrong */
    IOException discard(IOException failure) throws IOException;

    /** Where it is, to follow "rows, in". */
    String words();

    /** What to say where none is that is whole. */
    String missing();

    /** Lets the next worker in. */
    @Override
    void close() throws IOException;
}
