package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.embedded.PostgresServer;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A target whose certificate a private CA signed, made out to 127.0.0.1. */
@ExtendWith(SharedPostgres.class)
class PostgresTlsTest {
    private static PostgresServer server;
    private static Path certificate;
    private static Path anothers;
    private TwoDatabases world;
    private String url;

    @BeforeAll
    static void start() {
        server = PostgresServer.start(15);
        certificate = server.speakTls();
        try (var another = PostgresServer.start(15)) {
            anothers = copyOf(another.speakTls());
        }
    }

    @AfterAll
    static void stop() throws IOException {
        server.close();
        Files.delete(anothers);
    }

    @BeforeEach
    void empty() throws SQLException, IOException {
        world = TwoDatabases.empty(SharedPostgres.of(15), server);
        world.onSource("CREATE TABLE notes (id bigint PRIMARY KEY, text text)", "INSERT INTO notes VALUES (1, 'moved')");
        url = Files.readString(world.home().resolve("secrets").resolve(WorkerContext.TARGET_POSTGRES_URL)).strip();
    }

    @Test
    void withItsCaTheTargetIsVerifiedByJdbcAndByPgRestoreWhateverTheUrlSays() throws Exception {
        ca(certificate).at(url + "?sslmode=disable");
        try (var target = target().open()) {
            assertThat(Query.isTrue(target, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).isTrue();
        }
        world.copied();
        try (var target = world.target()) {
            assertThat(Query.string(target, "SELECT text FROM notes")).isEqualTo("moved");
        }
        assertThat(notes()).noneMatch(note -> note.contains("not verified"));
    }

    @Test
    void anotherCasCertificateIsRefused() throws Exception {
        ca(anothers);
        refused();
    }

    @Test
    void aNameThatTheCertificateIsNotMadeOutToIsRefused() throws Exception {
        ca(certificate).at(url.replace("@127.0.0.1:", "@localhost:"));
        refused();
    }

    @Test
    void verifyFullInTheUrlIsHonouredWithTheSystemsCas() throws Exception {
        at(url + "?sslmode=verify-full");
        refused();
        at(url + "?sslmode=verify-ca&sslrootcert=system");
        refused();
    }

    @Test
    void verifyFullInTheUrlWithAFileOfCasIsHonoured() throws Exception {
        at(url + "?sslmode=verify-full&sslrootcert=" + certificate);
        target().open().close();
        at(url + "?sslmode=verify-full&sslrootcert=" + anothers);
        refused();
    }

    @Test
    void requireEncryptsVerifiesNothingAndIsNoted() throws Exception {
        at(url + "?sslmode=require");
        try (var target = target().open()) {
            assertThat(Query.isTrue(target, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).isTrue();
        }
        assertThat(notes()).anyMatch(note -> note.contains("certificate is not verified") && note.contains("caSecretRef"));
    }

    @Test
    void theSourceIsNotMeasuredByTheTargetsCa() throws Exception {
        ca(certificate);
        Database.source(world.context(), "test").open().close();
    }

    private List<String> notes() throws Exception {
        return PostgresPreflight.planned(false, source -> List.of()).check(world.context()).notes();
    }

    private void refused() {
        assertThatThrownBy(() -> target().open()).isInstanceOf(SQLException.class).hasMessageContaining("certificate is not signed by a CA").hasMessageContaining("target-postgres-url");
        var program = new LibpqProgram(List.of("psql", "-c", "SELECT 1"), Map.of(), line -> { });
        assertThatThrownBy(() -> program.run(target(), LibpqProgram.nothing(), LibpqProgram.nothing())).isInstanceOf(IOException.class)
                .message().containsAnyOf("certificate verify failed", "does not match host name");
    }

    private Database target() {
        return Database.target(world.context(), "test");
    }

    private PostgresTlsTest ca(Path file) throws IOException {
        world.secret(WorkerContext.TARGET_POSTGRES_CA, Files.readString(file));
        return this;
    }

    private void at(String address) {
        world.secret(WorkerContext.TARGET_POSTGRES_URL, address);
    }

    private static Path copyOf(Path file) {
        try {
            return Files.writeString(Files.createTempFile("another", ".crt"), Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
