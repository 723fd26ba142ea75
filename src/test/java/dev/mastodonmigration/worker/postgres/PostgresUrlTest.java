package dev.mastodonmigration.worker.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.worker.control.Refusal;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresUrlTest {
    @ParameterizedTest
    @CsvSource({
        "postgres://u:p@h/d, h, 5432, d, u, p, prefer",
        "postgresql://u%40x:p%3A%2F%40+%25@ec2.example.com:6543/my%20db?sslmode=require&connect_timeout=5, ec2.example.com, 6543, my db, u@x, p:/@+%, require",
        "postgres://u:p@my_db.my-namespace.svc:5432/d, my_db.my-namespace.svc, 5432, d, u, p, prefer",
        "postgres://u:p@[::1]:5433/d, ::1, 5433, d, u, p, prefer",
        "postgres://u:p@h/d?sslmode=no-verify, h, 5432, d, u, p, require",
        "postgres://u@h, h, 5432, u, u, '', prefer"})
    void readsWhatHerokuAndLibpqWrite(String url, String host, int port, String database, String user, String password, String sslMode) throws Refusal {
        var read = PostgresUrl.parse("source-postgres-url", URI.create(url));
        assertThat(read).extracting(PostgresUrl::host, PostgresUrl::port, PostgresUrl::database, PostgresUrl::user, PostgresUrl::password, PostgresUrl::sslMode)
                .containsExactly(host, port, database, user, password, sslMode);
    }

    @ParameterizedTest
    @ValueSource(strings = {"redis://u:hush@h/1", "postgres:///d", "postgres://:hush@h/d", "postgres://u:hush@h:many/d",
            "postgres://u:hush@h/d?sslmode=sometimes", "hush"})
    void refusesOthersWithoutQuotingThem(String url) {
        assertThatThrownBy(() -> PostgresUrl.parse("source-postgres-url", URI.create(url))).isInstanceOf(Refusal.class)
                .hasMessageContaining("source-postgres-url").message().doesNotContain("hush");
    }

    @Test
    void neverShowsItsPassword() throws Refusal {
        assertThat(PostgresUrl.parse("x", URI.create("postgres://u:hush@h/d")).toString()).isEqualTo("u@h:5432/d");
    }
}
