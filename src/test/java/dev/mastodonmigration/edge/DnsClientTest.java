package dev.mastodonmigration.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.edge.NameServers.Answer;
import dev.mastodonmigration.edge.NameServers.Question;
import dev.mastodonmigration.embedded.aws.NameServer;
import dev.mastodonmigration.outside.OutsideException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DnsClientTest {
    private final NameServer server = NameServer.with(() -> List.of("example.social NS 60 ns1.example.net", "www.example.social CNAME 7200 calm-sea-1.herokudns.com", "a.example.social A 30 203.0.113.7",
            "a.example.social AAAA 40 2001:db8::7"));
    private final NameServers client = new DnsClient(Optional.of(server.address()));

    @AfterEach
    void close() {
        server.close();
    }

    private List<Answer> ask(String name, String type) {
        return client.ask("ns1.example.net", new Question(name, type));
    }

    @Test
    void tellsWhatThereIsAndHowLongItMayBeRemembered() {
        assertThat(ask("a.example.social.", "A")).containsExactly(new Answer("A", "203.0.113.7", Duration.ofSeconds(30)));
        assertThat(ask("a.example.social.", "AAAA")).containsExactly(new Answer("AAAA", "2001:db8:0:0:0:0:0:7", Duration.ofSeconds(40)));
        assertThat(ask("www.example.social.", "A")).as("who asks for an address is told the CNAME").containsExactly(new Answer("CNAME", "calm-sea-1.herokudns.com.", Duration.ofHours(2)));
        assertThat(ask("nothing.example.social.", "A")).isEmpty();
        assertThat(client.delegated("example.social")).containsExactly("ns1.example.net.");
        assertThat(client.delegated("www.example.social")).isEmpty();
    }

    @Test
    void aServerThatDoesNotAnswerIsSaidTo() {
        server.fallSilent();
        assertThatThrownBy(() -> ask("a.example.social.", "A")).isInstanceOf(OutsideException.class).hasMessageStartingWith("Name server ns1.example.net did not say what it has for a.example.social A (")
                .hasMessageEndingWith("it must be able to reach name servers on port 53, UDP and TCP.");
    }
}
