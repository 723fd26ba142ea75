package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A program whose output is taken while it runs. */
@ExtendWith(SharedPostgres.class)
class LibpqProgramTest {
    @Test
    void whatAProgramSaidBeforeItFailedIsNotTakenForAllOfIt() throws Exception {
        var taken = new ByteArrayOutputStream();
        assertThatThrownBy(() -> running("echo half; echo 'pg_dump: error: the other half' >&2; exit 3", output -> output.transferTo(taken))).isInstanceOf(IOException.class).hasMessageContaining("the other half");
        assertThat(taken.toString()).isEqualTo("half\n");
    }

    @Test
    void aSinkThatFailsEndsTheProgramAndIsWhatIsTold() throws Exception {
        assertThatThrownBy(() -> running("while :; do echo more; done", output -> {
            throw new IOException("the bucket is gone");
        })).isInstanceOf(IOException.class).hasMessage("the bucket is gone");
    }

    private static void running(String script, LibpqProgram.Sink sink) throws Exception {
        var world = TwoDatabases.empty(15);
        new LibpqProgram(List.of("/bin/sh", "-c", script), Map.of(), line -> { }).run(Database.source(world.context(), "test"), sink);
    }
}
