package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.HerokuStub;
import dev.mastodonmigration.embedded.HerokuStubApp;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.source.ProxyTrust;
import dev.mastodonmigration.source.Source;
import dev.mastodonmigration.status.Fact;
import dev.mastodonmigration.status.StatusLedger;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;

/** Two apps that run on a stub of their own: the web app trusts a private network, the streaming app what it trusts by itself. Each call is made by an operator that knows what status has, and nothing else. */
final class ProxyWorld implements AutoCloseable {
    static final List<String> EGRESS = List.of("203.0.113.7/32");
    static final String OWN = "10.0.0.0/8";
    static final String WEB_WANTED = "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 203.0.113.7/32";
    static final String STREAMING_WANTED = "127.0.0.1/32 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fd00::/8 203.0.113.7/32";
    /** Never asked: nobody deletes the token here. */
    private static final KeptToken KEPT = new KeptToken(new KubernetesClientBuilder().build());
    final HerokuStub heroku = HerokuStub.start();
    final HerokuStubApp web = heroku.createApp("example-web");
    final HerokuStubApp streaming = heroku.createApp("example-streaming");
    final MastodonMigration migration = ExampleSource.migration("6f1c2a3b-0000-4000-8000-000000000000");
    Optional<String> token = Optional.of(heroku.token());

    ProxyWorld() {
        heroku.delays(Duration.ZERO, Duration.ZERO);
        web.config(Map.of("LOCAL_DOMAIN", "example.social", "TRUSTED_PROXY_IP", OWN));
        streaming.config(Map.of("LOCAL_DOMAIN", "example.social"));
        web.formation("web", 2, "Standard-2X");
        web.formation("worker", 1, "Standard-1X");
        streaming.formation("web", 1, "Standard-1X");
        migration.setStatus(new MastodonMigrationStatus());
        Awaitility.await().until(() -> web.dynos().equals(List.of("web.1 up", "web.2 up", "worker.1 up")) && streaming.dynos().equals(List.of("web.1 up")));
    }

    Source source() {
        return new HerokuSource(migration, heroku.url().toString(), Optional.empty(), () -> token.orElseThrow(() -> new MissingInputException("There is no Secret heroku.")), KEPT);
    }

    List<ProxyTrust> known() {
        return ProxyTrust.of(migration.getStatus());
    }

    void tell(Fact fact) {
        new StatusLedger(migration.getStatus(), Instant.parse("2026-11-22T20:00:00Z"), 1).apply(fact);
    }

    /** As ShiftTraffic does it. */
    Provisioned lookForth(List<String> addresses) {
        var lacking = source().distrusts(addresses, known());
        if (!known().containsAll(lacking)) {
            tell(new Fact.TrustIntended(lacking, Optional.empty()));
            return new Provisioned.Working("intended");
        }
        return source().trust(known());
    }

    Provisioned lookBack() {
        return source().trustAsBefore(known());
    }

    List<String> trust() {
        return RepointWorld.untilReady(() -> lookForth(EGRESS));
    }

    List<String> trustAsBefore() {
        return RepointWorld.untilReady(this::lookBack);
    }

    /** What dynos that start now would see, and the releases that led there. */
    List<Object> state() {
        return List.of(web.configVars(), web.releases(), streaming.configVars(), streaming.releases());
    }

    List<Object> config() {
        return List.of(web.configVars(), streaming.configVars());
    }

    @Override
    public void close() {
        heroku.close();
    }
}
