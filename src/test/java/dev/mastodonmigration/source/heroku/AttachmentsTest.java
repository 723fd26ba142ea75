package dev.mastodonmigration.source.heroku;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mastodonmigration.embedded.HerokuStub;
import dev.mastodonmigration.embedded.HerokuStubApp;
import dev.mastodonmigration.source.heroku.HerokuException.Kind;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attachments and config vars, which stand in each other's way: what Heroku refuses, and that nothing has changed then. */
class AttachmentsTest {
    @AutoClose
    private final HerokuStub heroku = HerokuStub.start();
    private final HerokuStubApp web = heroku.createApp("example-web");
    private final HerokuStubApp streaming = heroku.createApp("example-streaming");
    private final String postgres = web.attached("heroku-postgresql", "standard-0", "postgres://u:p4ss@old.example.net/d", "DATABASE");
    private final HerokuApi api = new HerokuClient(HerokuHosts.of(heroku.url().toString()), heroku.token());

    AttachmentsTest() {
        heroku.delays(Duration.ZERO, Duration.ZERO);
        streaming.attach(postgres, "DATABASE");
        web.config("LOCAL_DOMAIN", "example.social");
    }

    private HerokuApi.Attachment attachment(String app) {
        return api.attachments(app).getFirst();
    }

    @Test
    void anAttachmentTellsItsAddOnAndGivesItsVariable() {
        var attachment = attachment("example-streaming");
        assertThat(attachment.name()).isEqualTo("DATABASE");
        assertThat(attachment.variable()).isEqualTo("DATABASE_URL");
        assertThat(attachment.addOn()).isEqualTo(postgres);
        assertThat(attachment.addOnId()).isEqualTo(attachment("example-web").addOnId());
        assertThat(attachment.namespace()).isEmpty();
        assertThat(api.configVars("example-streaming")).containsEntry("DATABASE_URL", "postgres://u:p4ss@old.example.net/d");
    }

    @Test
    void whatAnAttachmentGivesCannotBeSetAndNothingBesideIt() {
        api.attach("example-web", attachment("example-web").addOnId(), "SPARE", Optional.empty());
        var releases = web.releases();
        var changes = new LinkedHashMap<>(Map.of("DATABASE_URL", Optional.of("postgres://new"), "SPARE_URL", Optional.<String>empty(), "SMTP_SERVER", Optional.of("smtp.example.net")));
        var refused = catchThrowableOfType(HerokuException.class, () -> api.setConfigVars("example-web", changes));
        assertThat(refused.kind()).isEqualTo(Kind.REJECTED);
        assertThat(refused).hasMessageContaining("Cannot overwrite attachment values DATABASE_URL, SPARE_URL");
        assertThat(web.configVars()).doesNotContainKey("SMTP_SERVER");
        assertThat(web.releases()).isEqualTo(releases);
    }

    @Test
    void theLastAttachmentOfTheAppThatIsBilledCannotBeTakenAway() {
        var refused = catchThrowableOfType(HerokuException.class, () -> api.detach("example-web", attachment("example-web")));
        assertThat(refused).hasMessageContaining("Cannot destroy last attachment to billing app");
        api.detach("example-streaming", attachment("example-streaming"));
        assertThat(streaming.attachments()).isEmpty();
        assertThat(streaming.configVars()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 423})
    void aNameThatIsTakenIsNotTakenOver(int status) {
        heroku.confirmationStatus(status);
        var other = web.attached("heroku-postgresql", "standard-0", "postgres://other", "HEROKU_POSTGRESQL_AMBER");
        var id = api.attachments("example-web").stream().filter(one -> one.addOn().equals(other)).findFirst().orElseThrow().addOnId();
        var refused = catchThrowableOfType(HerokuException.class, () -> api.attach("example-web", id, "DATABASE", Optional.empty()));
        assertThat(refused.kind()).isEqualTo(Kind.REJECTED);
        assertThat(web.attachments()).contains("DATABASE of " + postgres);
    }

    @Test
    void eachChangeOfAnAttachmentIsARelease() {
        api.attach("example-web", attachment("example-web").addOnId(), "SPARE", Optional.empty());
        api.detach("example-web", api.attachments("example-web").stream().filter(one -> one.name().equals("DATABASE")).findFirst().orElseThrow());
        api.setConfigVars("example-web", Map.of("DATABASE_URL", Optional.of("postgres://new")));
        assertThat(web.releases()).containsExactly("Set LOCAL_DOMAIN config vars", "Attach SPARE (@ref:" + postgres + ")", "Detach DATABASE (@ref:" + postgres + ")", "Set DATABASE_URL config vars");
        assertThat(api.releases("example-web")).first().satisfies(newest -> assertThat(newest.status()).isEqualTo("succeeded"));
    }

    @Test
    void whatIsGoneNeedsNoTakingAway() {
        var attachment = attachment("example-streaming");
        api.detach("example-streaming", attachment);
        var releases = streaming.releases();
        api.detach("example-streaming", attachment);
        assertThat(streaming.releases()).isEqualTo(releases);
    }

    /** Sent twice, it would be refused the second time, or made twice. */
    @Test
    void attachingIsNotRepeatedWhenItsAnswerIsLost() {
        var id = attachment("example-web").addOnId();
        heroku.failCall(1, HerokuStub.Fault.LOST_ANSWER);
        var calls = heroku.calls();
        assertThat(catchThrowableOfType(HerokuException.class, () -> api.attach("example-web", id, "SPARE", Optional.empty())).mayPass()).isTrue();
        assertThat(heroku.calls()).isEqualTo(calls + 1);
        assertThat(web.attachments()).contains("SPARE of " + postgres);
    }
}
