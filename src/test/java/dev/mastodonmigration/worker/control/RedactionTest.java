package dev.mastodonmigration.worker.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedactionTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            cannot reach postgres://app:hush@db.example:5432/app          | cannot reach postgres://app:…@db.example:5432/app
            cannot reach rediss://:hush@h@cache.example                   | cannot reach rediss://:…@cache.example
            bad url?user=app&password=hush&sslmode=require                | bad url?user=app&password=…&sslmode=require
            Authorization: Bearer hush                                    | Authorization: Bearer …
            DETAIL:  Key (email)=(hush) is duplicated.                    | DETAIL:  Key (email)=(…) is duplicated.
            Detail: Key (lower(email::text), id)=(hush, 1) already exists. | Detail: Key (lower(email::text), id)=(…) already exists.
            Key (name)=(hush) already exists) already exists.             | Key (name)=(…) already exists.
            Key (a)=(hush) is not present in table "accounts".            | Key (a)=(…) is not present in table "accounts".
            Key (s)=([1,2)) conflicts with existing key (s)=(hush).       | Key (s)=(…).
            DETAIL:  Key (text)=(hush and then a new line                 | DETAIL:  Key (text)=(…)
            DETAIL:  Failing row contains (1, hush, (x), null).           | DETAIL:  Failing row contains (…)
            ERROR:  invalid input syntax for type integer: "hush"         | ERROR:  invalid input syntax for type integer: …
            ERROR:  relation "accounts" does not exist                    | ERROR:  relation "accounts" does not exist
            """)
    void whatNobodyElseMayReadIsStruckAndTheRestStays(String said, String shown) {
        assertThat(Redaction.strike(said)).isEqualTo(shown);
        assertThat(Redaction.of(new IOException("first\n  " + said))).isEqualTo("first " + shown);
    }

    @Test
    void theLogShowsTypesAndPlacesOfAllCausesAndNoValue() {
        var cause = new IllegalStateException("Detail: Key (email)=(hush) already exists.");
        var trace = Redaction.trace(new IOException("loading postgres://u:hush@h/d failed", cause));
        assertThat(trace).startsWith("java.io.IOException: loading postgres://u:…@h/d failed\n\tat ").contains("RedactionTest")
                .contains("\nCaused by: java.lang.IllegalStateException: Detail: Key (email)=(…) already exists.\n\tat ").doesNotContain("hush");
    }

    @Test
    void causesThatGoInACircleEnd() {
        var first = new IOException("first");
        first.initCause(new IOException("second", first));
        assertThat(Redaction.trace(first)).containsOnlyOnce("IOException: first").containsOnlyOnce("IOException: second");
    }
}
