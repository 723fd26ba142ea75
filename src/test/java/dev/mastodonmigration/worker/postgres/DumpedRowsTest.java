package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DumpedRowsTest {
    private static final String SCRIPT = """
            SET client_encoding = 'UTF8';
            COPY public.accounts (id, username) FROM stdin;
            1\tCOPY public.accounts (id) FROM stdin;
            2\t\\\\.
            3\t\\N
            \\.


            COPY public.empty (id) FROM stdin;
            \\.
            COPY "Odd ""schema"".x"."Table data" ("Id") FROM stdin;
            1
            \\.
            COPY public.no_columns  FROM stdin;

            \\.
            SELECT pg_catalog.setval('public.accounts_id_seq', 3, true);
            """;

    private static Map<String, Long> count(String script) throws IOException {
        return DumpedRows.of(new ByteArrayInputStream(script.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void aLineIsARowWhateverItSays() throws Exception {
        assertThat(count(SCRIPT)).containsOnly(Map.entry("public.accounts", 3L), Map.entry("public.empty", 0L), Map.entry("Odd \"schema\".x.Table data", 1L), Map.entry("public.no_columns", 1L));
    }

    @Test
    void aDumpThatEndsWithinATableIsNone() {
        assertThatThrownBy(() -> count(SCRIPT.substring(0, SCRIPT.indexOf("3\t")))).isInstanceOf(IOException.class).hasMessageContaining("public.accounts");
    }
}
