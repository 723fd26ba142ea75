package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mastodonmigration.embedded.SmallDisk;
import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.control.WorkerReport.Figure;
import dev.mastodonmigration.worker.control.WorkerReport.Outcome;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The final backup: what it holds, and what it never does to what others have on the volume. */
@ExtendWith(SharedPostgres.class)
class BackUpSourceTest {
    private static final List<String> WHOLE = List.of("contents.list", "manifest.json", "owner", "postgres.dump");
    @TempDir
    Path volume;

    private static TwoDatabases small() throws Exception {
        return closed(TwoDatabases.like(15, "backed_up", "CREATE TABLE accounts (id bigint PRIMARY KEY, username text)", "INSERT INTO accounts SELECT n, md5(n::text) FROM generate_series(1, 500) n",
                "CREATE TABLE empty (id int)", "CREATE SEQUENCE ids START 77", "SELECT nextval('ids')"));
    }

    private static TwoDatabases closed(TwoDatabases world) throws Exception {
        world.closeSource();
        return world;
    }

    private BackUpSource task() {
        return new BackUpSource(new BackupVolume(Optional.of(volume)));
    }

    private Path directory(TwoDatabases world) {
        return volume.resolve("mastodon-migration-" + world.uid);
    }

    private static List<String> names(Path directory) throws IOException {
        try (var found = Files.list(directory)) {
            return found.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    /** With their contents. */
    private static Map<String, String> files(Path directory) throws IOException {
        var files = new TreeMap<String, String>();
        for (var name : names(directory)) {
            files.put(name, new String(Files.readAllBytes(directory.resolve(name)), StandardCharsets.ISO_8859_1));
        }
        return files;
    }

    @Test
    void whatIsRestoredFromItAsItsManifestSaysIsEqualToTheSource() throws Exception {
        var world = TwoDatabases.between(15, 15);
        world.onSource("CREATE SCHEMA \"Odd schema\"", "CREATE TABLE \"Odd schema\".\"Table data\" (\"Id\" int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, who text)",
                "INSERT INTO \"Odd schema\".\"Table data\" (who) VALUES ('a\nb'), (NULL), ('\\.')", "CREATE TABLE no_columns ()", "INSERT INTO no_columns DEFAULT VALUES");
        var report = closed(world).run(task());
        assertThat(report.outcome()).as(report.message()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(names(directory(world))).isEqualTo(WHOLE);

        var manifest = manifest(world);
        var superuser = world.targetServer.url(world.target, "postgres");
        var restore = new ArrayList<>(List.of(manifest.restore().getFirst().replace("<an empty database>", superuser).split(" ")));
        restore.set(0, PostgresPrograms.forSource(15).program("pg_restore"));
        var process = new ProcessBuilder(restore).directory(directory(world).toFile()).redirectErrorStream(true).start();
        var words = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(words).isZero();
        assertThat(words).isEmpty();
        world.secret(WorkerContext.TARGET_POSTGRES_URL, superuser);
        try (var target = world.targetServer.superuser(world.target)) {
            for (var step : manifest.restore().subList(1, manifest.restore().size())) {
                Query.run(target, step);
            }
        }
        var compared = new Comparison(Database.source(world.context(), "test"), Database.target(world.context(), "test"), Optional.empty()).run();
        assertThat(compared.differences()).isEmpty();
        assertThat(manifest.tables().stream().mapToLong(BackupManifest.Rows::rows).sum()).isEqualTo(compared.rows()).isEqualTo(report.figures().get(Figure.ROWS));
        assertThat(manifest.restore()).contains("REFRESH MATERIALIZED VIEW public.global_follow_recommendations;");
        assertThat(Files.readString(directory(world).resolve("contents.list"))).doesNotContain("mastodon_migration_");
    }

    private BackupManifest manifest(TwoDatabases world) throws IOException {
        return new ObjectMapper().readValue(directory(world).resolve("manifest.json").toFile(), BackupManifest.class);
    }

    @Test
    void theManifestHasRowsChecksumsAndSequences() throws Exception {
        var world = small();
        world.run(task());
        var manifest = manifest(world);
        assertThat(manifest.tables()).extracting(BackupManifest.Rows::name, BackupManifest.Rows::rows).containsExactlyInAnyOrder(tuple("public.accounts", 500L),
                tuple("public.empty", 0L));
        assertThat(manifest.sequences()).containsEntry("public.ids", 77L);
        try (var source = world.source()) {
            var sum = Query.string(source, "SELECT sum(('x' || left(h, 16))::bit(64)::bigint) || ':' || sum(('x' || right(h, 16))::bit(64)::bigint) FROM (SELECT md5(ROW(id, username)::text) h FROM accounts) x");
            assertThat(manifest.tables()).anySatisfy(table -> assertThat(table.checksum()).isEqualTo(sum));
        }
    }

    @Test
    void runTwiceItReadsBackWhatIsThereAndWritesNothing() throws Exception {
        var world = small();
        var first = world.run(task());
        var written = files(directory(world));
        var times = Files.getLastModifiedTime(directory(world).resolve("postgres.dump"));
        world.run(context -> ClearSource.retire(context, "release"));
        assertThat(world.run(task())).as("although the source's gate is open by now").isEqualTo(first);
        assertThat(files(directory(world))).isEqualTo(written);
        assertThat(Files.getLastModifiedTime(directory(world).resolve("postgres.dump"))).isEqualTo(times);
    }

    /** Each state that a killed worker can leave, in the order of its writes. */
    @Test
    void killedAnywhereTheNextRunEndsWithTheWholeBackup() throws Exception {
        var world = small();
        world.run(task());
        var whole = files(directory(world));
        var uid = whole.get("owner");
        var dump = whole.get("postgres.dump");
        var manifest = whole.get("manifest.json");
        var states = List.of(Map.of("owner", ""), Map.of("owner", uid.substring(0, 3)), Map.of("owner", uid), Map.of("owner", uid, "postgres.dump.partial", dump.substring(0, dump.length() / 2)),
                Map.of("owner", uid, "postgres.dump.partial", dump, "contents.list.partial", ""),
                Map.of("owner", uid, "postgres.dump.partial", dump, "contents.list.partial", whole.get("contents.list"), "manifest.json.partial", manifest.substring(0, manifest.length() / 2)),
                Map.of("owner", uid, "postgres.dump.partial", dump, "contents.list.partial", whole.get("contents.list"), "manifest.json.partial", manifest),
                Map.of("owner", uid, "postgres.dump", dump, "contents.list.partial", whole.get("contents.list"), "manifest.json.partial", manifest),
                Map.of("owner", uid, "postgres.dump", dump, "contents.list", whole.get("contents.list"), "manifest.json.partial", manifest));
        for (var state : states) {
            put(directory(world), state);
            var report = world.run(task());
            assertThat(report.outcome()).as(state.keySet() + report.message()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(names(directory(world))).as(state.keySet().toString()).isEqualTo(WHOLE);
            assertThat(report.figures()).containsEntry(Figure.ROWS, 500L);
        }
    }

    @Test
    void onlyOurUserAndGroupMayReadIt() throws Exception {
        var world = small();
        world.run(task());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory(world)))).isEqualTo("rwxr-x---");
        for (var name : WHOLE) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory(world).resolve(name)))).as(name).isEqualTo("rw-r-----");
        }
    }

    @Test
    void lookedAtAgainItIsThereAndWholeOrThatIsTold() throws Exception {
        var world = small();
        var check = new CheckBackup(new BackupVolume(Optional.of(volume)));
        assertThatThrownBy(() -> world.run(check)).isInstanceOf(Refusal.class).hasMessageContaining("not on its volume any more");
        assertThat(names(volume)).as("nothing is created").isEmpty();
        var made = world.run(task());
        assertThat(world.run(check)).isEqualTo(made);
        var whole = files(directory(world));
        for (var name : List.of("postgres.dump", "contents.list", "manifest.json")) {
            var without = new TreeMap<>(whole);
            without.remove(name);
            put(directory(world), without);
            assertThatThrownBy(() -> world.run(check)).as(name).isInstanceOf(Refusal.class);
        }
        var cut = new TreeMap<>(whole);
        cut.put("postgres.dump", whole.get("postgres.dump").substring(1));
        put(directory(world), cut);
        assertThatThrownBy(() -> world.run(check)).isInstanceOf(Refusal.class).hasMessageContaining("postgres.dump");
        put(directory(world), whole);
        assertThat(world.run(check)).isEqualTo(made);
    }

    private static void put(Path directory, Map<String, String> files) throws IOException {
        for (var name : names(directory)) {
            Files.delete(directory.resolve(name));
        }
        for (var file : files.entrySet()) {
            Files.write(directory.resolve(file.getKey()), file.getValue().getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    @Test
    void nothingThatItDidNotWriteIsTouched() throws Exception {
        var world = small();
        Files.createDirectory(directory(world));
        Files.writeString(directory(world).resolve("postgres.dump"), "precious");
        refuses(world, "holds files that this migration did not write");

        Files.writeString(directory(world).resolve("owner"), "another-uid");
        refuses(world, "holds owner that this migration did not write");

        put(directory(world), Map.of("owner", world.uid, "postgres.dump", "precious"));
        refuses(world, "postgres.dump in mastodon-migration-" + world.uid + " is not what this migration wrote");

        put(directory(world), Map.of("owner", world.uid));
        world.run(task());
        Files.writeString(directory(world).resolve("postgres.dump"), "another one");
        refuses(world, "postgres.dump");
        Files.writeString(volume.resolve("beside"), "precious");
        put(directory(world), Map.of("owner", world.uid));
        assertThat(world.run(task()).outcome()).isEqualTo(Outcome.SUCCEEDED);
        assertThat(names(volume)).containsExactly("beside", directory(world).getFileName().toString());
    }

    private void refuses(TwoDatabases world, String words) throws IOException {
        var before = files(directory(world));
        assertThatThrownBy(() -> world.run(task())).isInstanceOf(Refusal.class).hasMessageContaining(words).hasMessageContaining("move");
        assertThat(files(directory(world))).isEqualTo(before);
    }

    @Test
    void ofTwoWorkersOneWrites() throws Exception {
        var world = small();
        try (var other = BackupDirectory.open(volume, world.context())) {
            assertThat(other.finished()).isEmpty();
            assertThatThrownBy(() -> world.run(task())).isInstanceOf(IOException.class).hasMessageContaining("Another worker still writes");
        }
        assertThat(world.run(task()).outcome()).isEqualTo(Outcome.SUCCEEDED);
    }

    @Test
    void aFullVolumeIsToldAndLeftAsItWasAndTheBackupIsMadeWhenThereIsRoom() throws Exception {
        Assumptions.assumeTrue(SmallDisk.isPossible(), "a file system of its own cannot be mounted here");
        var world = TwoDatabases.like(15, "does_not_fit", "CREATE TABLE large (v text)", "INSERT INTO large SELECT md5(n::text) || md5((-n)::text) FROM generate_series(1, 60000) n");
        closed(world);
        try (var disk = SmallDisk.mount(1)) {
            var task = new BackUpSource(new BackupVolume(Optional.of(disk.directory())));
            var directory = disk.directory().resolve("mastodon-migration-" + world.uid);
            assertThatThrownBy(() -> world.run(task)).isInstanceOf(IOException.class).hasMessageContaining("The volume of spec.retire.backup is full").hasMessageContaining("Enlarge it");
            assertThat(names(directory)).containsExactly("owner");
            disk.enlarge(64);
            assertThat(world.run(task).outcome()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(names(directory)).isEqualTo(WHOLE);
        }
    }

    @Test
    void aSourceThatTakesWritesIsNotBackedUpAsIfItWereTheLastWord() throws Exception {
        var world = TwoDatabases.like(15, "backed_up_open", "CREATE TABLE accounts (id bigint PRIMARY KEY)");
        assertThatThrownBy(() -> world.run(task())).isInstanceOf(Refusal.class);
        world.run(new MarkSource());
        assertThatThrownBy(() -> world.run(task())).isInstanceOf(Refusal.class).hasMessageContaining("write gate");
        assertThat(names(directory(world))).containsExactly("owner");
    }

    @Test
    void aDumpThatCannotBeReadBackIsNoBackup() throws Exception {
        var world = small();
        world.run(task());
        var dump = directory(world).resolve("postgres.dump");
        var bytes = Files.readAllBytes(dump);
        for (var i = bytes.length - 2000; i < bytes.length - 1000; i++) {
            bytes[i] ^= 0x55;
        }
        var broken = Files.write(volume.resolve("broken"), bytes);
        assertThatThrownBy(() -> DumpedRows.count(PostgresPrograms.forSource(15), broken)).isInstanceOf(IOException.class).hasMessageContaining("cannot be read back");
        var counted = new TreeMap<>(DumpedRows.count(PostgresPrograms.forSource(15), dump));
        var accounts = new Table("public", "accounts", false, 0, 0);
        var sums = Map.of(accounts, new TableSum(500, BigDecimal.ONE, BigDecimal.ONE));
        BackUpSource.requireSame(sums, counted);
        counted.put("public.accounts", 499L);
        assertThatThrownBy(() -> BackUpSource.requireSame(sums, counted)).hasMessageContaining("of table accounts the source has 500 rows and the dump 499");
        counted.remove("public.accounts");
        assertThatThrownBy(() -> BackUpSource.requireSame(sums, counted)).hasMessageContaining("nothing at all");
    }

    @Test
    void withoutAVolumeItSaysWhatToSet() throws Exception {
        assertThatThrownBy(() -> small().run(new BackUpSource(BackupVolume.of(Map.of())))).isInstanceOf(Refusal.class).hasMessageContaining("spec.retire.backup.persistentVolumeClaim");
    }
}
