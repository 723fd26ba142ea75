package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FedProgramTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Test
    void theProgramReadsTheArchiveToItsEnd() throws Exception {
        assertThat(FedProgram.run(List.of("cat"), archive("all of it"), InputStream::readAllBytes)).asString(StandardCharsets.UTF_8).isEqualTo("all of it");
    }

    @Test
    void aProgramThatEndsBeforeTheArchiveIsDone() throws Exception {
        assertThat(FedProgram.run(List.of("head", "-c", "3"), new SequenceInputStream(archive("all of it"), archive("x".repeat(1 << 20))), InputStream::readAllBytes)).asString(StandardCharsets.UTF_8).isEqualTo("all");
    }

    @Test
    void aProgramThatFailsIsToldInItsOwnWords() {
        assertThatThrownBy(() -> FedProgram.run(List.of("sh", "-c", "echo broken >&2; exit 3"), archive(""), InputStream::readAllBytes)).isInstanceOf(IOException.class).hasMessageContaining("broken");
    }

    /** Else it would wait for the rest for ever, and take its worker along. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatCannotBeFetchedEndsTheProgramAsWell(boolean foreseen) {
        var broken = new SequenceInputStream(archive("some of it"), new InputStream() {
            @Override
            public int read() throws IOException {
                if (foreseen) {
                    throw new IOException("cut");
                }
                throw new IllegalStateException("cut");
            }

            @Override
            public int read(byte[] buffer, int from, int length) throws IOException {
                return read();
            }
        });
        assertTimeoutPreemptively(PATIENCE, () -> assertThatThrownBy(() -> FedProgram.run(List.of("cat"), broken, InputStream::readAllBytes)).hasStackTraceContaining("cut"));
    }

    private static InputStream archive(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }
}
