package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresProgramsTest {
    @TempDir
    Path home;

    @Test
    void aClientOnThePathIsFoundBesideTheNamedOne() throws Exception {
        var named = client(17);
        var added = client(15);
        var directories = PostgresPrograms.directories(Map.of(PostgresPrograms.ENV_DIRECTORY, named.toString(), "PATH", home + "/none:" + added));
        assertThat(directories).startsWith(named).endsWith(added);
        var ours = List.of(named, added);
        assertThat(PostgresPrograms.find(15, ours)).contains(new PostgresPrograms(added, 15));
        assertThat(PostgresPrograms.find(16, ours)).contains(new PostgresPrograms(named, 17));
        assertThat(PostgresPrograms.find(18, ours)).isEmpty();
    }

    @Test
    void aDirectoryThatLacksAProgramIsPassedOver() throws Exception {
        var incomplete = client(15);
        Files.delete(incomplete.resolve("psql"));
        assertThat(PostgresPrograms.find(15, List.of(incomplete))).isEmpty();
    }

    @Test
    void bothWaysOutAreNamedWhereOnlyANewerClientIsThere() {
        assertThat(PostgresPreflight.client(15, 16, Optional.of(new PostgresPrograms(home, 17)))).get().asString()
                .contains("cannot load into Postgres 16").contains("target of version 17 or newer").contains("postgresql-client-15");
        assertThat(PostgresPreflight.client(15, 16, Optional.of(new PostgresPrograms(home, 15)))).isEmpty();
        assertThat(PostgresPreflight.client(15, 17, Optional.of(new PostgresPrograms(home, 17)))).isEmpty();
        assertThat(PostgresPreflight.client(18, 18, Optional.empty())).get().asString().contains("version 18 or newer");
    }

    private Path client(int major) throws IOException {
        var directory = Files.createDirectory(home.resolve(String.valueOf(major)));
        for (var program : List.of("pg_dump", "pg_restore", "psql")) {
            Files.writeString(directory.resolve(program), "#!/bin/sh\necho '" + program + " (PostgreSQL) " + major + ".4'\n");
            Files.setPosixFilePermissions(directory.resolve(program), PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        return directory;
    }
}
