package dev.mastodonmigration.worker.postgres;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.worker.bucket.Bucket;
import dev.mastodonmigration.worker.bucket.BucketUpload;
import dev.mastodonmigration.worker.bucket.BucketUpload.Sent;
import dev.mastodonmigration.worker.control.Refusal;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * A backup in the admin's bucket, in a folder of the migration's and in it one of each attempt, {@code mastodon-migration-<uid>/1/}: an object cannot be taken back, so who begins anew begins
 * elsewhere. The manifest is written last, when the dump was fetched again and read to its end.
 */
final class BucketStore implements BackupStore {
    private static final Pattern FOLDER = Pattern.compile("(\\d{1,9})/.*");
    private static final ObjectMapper JSON = new ObjectMapper();
    private final Bucket home;
    private final String uid;
    private Bucket attempt;
    private Sent dump;

    BucketStore(Bucket home, String uid) {
        this.home = home;
        this.uid = uid;
    }

    @Override
    public Optional<BackupManifest> finished() throws IOException, Refusal {
        var objects = home.objects().keySet();
        var last = 0;
        var changed = Optional.<Refusal>empty();
        for (var name : objects) {
            var folder = FOLDER.matcher(name);
            if (folder.matches()) {
                last = Math.max(last, Integer.parseInt(folder.group(1)));
                attempt = home.below(folder.group(1));
                if (name.equals(folder.group(1) + "/" + MANIFEST)) {
                    var manifest = parse(attempt.get(MANIFEST)).filter(found -> uid.equals(found.uid()));
                    var other = manifest.isEmpty() ? Optional.of(MANIFEST) : differing(manifest.get());
                    if (other.isEmpty()) {
                        return manifest;
                    }
                    changed = other.map(this::changed);
                }
            }
        }
        if (changed.isPresent()) {
            throw changed.get();
        }
        attempt = home.below(String.valueOf(last + 1));
        return Optional.empty();
    }

    /** Name of the first file that is not there as the manifest has it. */
    private Optional<String> differing(BackupManifest manifest) throws IOException {
        for (var file : manifest.files()) {
            if (!isThere(file)) {
                return Optional.of(file.name());
            }
        }
        return Optional.empty();
    }

    private boolean isThere(BackupManifest.Content file) throws IOException {
        var stored = attempt.find(file.name()).filter(found -> found.bytes() == file.bytes());
        return stored.isPresent() && BackupManifest.Content.of(file.name(), attempt.read(file.name(), stored.get())).equals(file);
    }

    private Refusal changed(String name) {
        return new Refusal(attempt.place() + name + " is not what this migration wrote. It was not touched: move what is in that folder away, and the backup is made anew.");
    }

    private static Optional<BackupManifest> parse(byte[] json) throws IOException {
        try {
            return Optional.of(JSON.readValue(json, BackupManifest.class));
        } catch (JsonProcessingException otherwise) {
            return Optional.empty();
        }
    }

    /** Sent while pg_dump says it: no disk has to hold it. */
    @Override
    public void dump(Database source, List<String> command, Consumer<String> listener) throws IOException, InterruptedException, Refusal {
        try (var upload = BucketUpload.begin(attempt, DUMP)) {
            new LibpqProgram(command, Map.of(), listener).run(source, upload::send);
            dump = upload.complete();
        }
    }

    @Override
    public List<String> contents(Database source, PostgresPrograms programs) throws IOException, InterruptedException {
        return FedProgram.run(List.of(programs.program("pg_restore"), "--list"), attempt.read(DUMP, stored()), output -> new BufferedReader(new InputStreamReader(output, StandardCharsets.UTF_8)).lines().toList());
    }

    private Bucket.Stored stored() throws IOException {
        return attempt.find(DUMP).filter(stored -> stored.bytes() == dump.bytes()).orElseThrow(() -> notWhatWasSent(DUMP));
    }

    private IOException notWhatWasSent(String name) {
        return new IOException(attempt.place() + name + " was read back and is not what was sent.");
    }

    @Override
    public Map<String, Long> rows(PostgresPrograms programs) throws IOException, InterruptedException {
        try (var read = new DigestInputStream(attempt.read(DUMP, stored()), BackupManifest.sha256())) {
            var rows = DumpedRows.count(programs, read);
            read.transferTo(OutputStream.nullOutputStream());
            if (!BackupManifest.hex(read.getMessageDigest()).equals(dump.sha256())) {
                throw notWhatWasSent(DUMP);
            }
            return rows;
        }
    }

    @Override
    public List<BackupManifest.Content> files(List<String> lines) throws IOException {
        var list = (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8);
        put(LIST, list);
        var digest = BackupManifest.sha256();
        digest.update(list);
        return List.of(new BackupManifest.Content(DUMP, dump.bytes(), dump.sha256()), new BackupManifest.Content(LIST, list.length, BackupManifest.hex(digest)));
    }

    @Override
    public List<String> fetching() {
        return List.of("aws s3 cp --recursive " + attempt.place() + " .");
    }

    @Override
    public void finish(BackupManifest manifest) throws IOException {
        put(MANIFEST, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(manifest));
    }

    /** And reads it back. */
    private void put(String name, byte[] content) throws IOException {
        attempt.create(name, content);
        if (!Arrays.equals(attempt.get(name), content)) {
            throw notWhatWasSent(name);
        }
    }

    /** What was sent stays, in a folder without a manifest. */
    @Override
    public IOException discard(IOException failure) {
        return failure;
    }

    @Override
    public String words() {
        return attempt.place() + DUMP;
    }

    @Override
    public String missing() {
        return "The final backup is not in its bucket any more: " + home.place() + " holds none that is whole.";
    }

    @Override
    public void close() {
        home.close();
    }
}
