package dev.mastodonmigration.source.heroku;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.HerokuStub;
import dev.mastodonmigration.embedded.HerokuStubApp;
import dev.mastodonmigration.source.SavedSource;
import dev.mastodonmigration.source.SavedSource.Absent;
import dev.mastodonmigration.source.SavedSource.Attached;
import dev.mastodonmigration.source.SavedSource.SetByHand;
import dev.mastodonmigration.source.SavedSource.Variable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What holds of each app at any moment between its own databases and the new ones: it is attached to the add-ons that it was attached to before and to no other, each variable is what it was or leads to the new database,
 * and what it was is still there where it is not. A variable that an attachment gave may be missing meanwhile, and only while the second attachment gives the same.
 */
final class NeverWithoutDatabase {
    private static final String NEW_HOST = "target.example.net";
    private static final String NEW_DRIVER = "ruby";

    private record Before(Map<String, String> config, Set<String> addOns) {}

    private final HerokuStub heroku;
    private final SavedSource saved;
    private final KeptVariables kept;
    private final Map<String, Before> before = new LinkedHashMap<>();

    NeverWithoutDatabase(HerokuStub heroku, SavedSource saved, KeptVariables kept) {
        this.heroku = heroku;
        this.saved = saved;
        this.kept = kept;
        saved.apps().forEach(app -> before.put(app.name(), new Before(heroku.app(app.name()).configVars(), addOns(heroku.app(app.name())))));
    }

    private static Set<String> addOns(HerokuStubApp app) {
        return app.attachments().stream().map(attachment -> attachment.split(" ")[2]).collect(Collectors.toSet());
    }

    void check() {
        for (var app : saved.apps()) {
            var now = heroku.app(app.name());
            assertThat(addOns(now)).as("add-ons attached to %s", app.name()).isEqualTo(before.get(app.name()).addOns());
            app.variables().forEach(variable -> check(app, variable, now));
        }
    }

    private void check(SavedSource.App app, Variable variable, HerokuStubApp now) {
        var config = now.configVars();
        var old = before.get(app.name()).config().get(variable.name());
        var value = config.get(variable.name());
        var words = variable.name() + " of " + app.name() + ", which has " + config + " and " + now.attachments();
        switch (variable.origin()) {
            case Attached attached -> {
                if (value == null || isNew(value)) {
                    assertThat(config.get(kept.of(baseOf(app, attached)))).as("what is kept of %s", words).isEqualTo(before.get(app.name()).config().get(baseOf(app, attached)));
                } else {
                    assertThat(value).as(words).isEqualTo(old);
                }
            }
            case SetByHand set -> {
                assertThat(value).as(words).matches(here -> here != null && (here.equals(old) || isNew(here)));
                if (!value.equals(old)) {
                    assertThat(config.get(kept.of(variable.name()))).as("what is kept of %s", words).isEqualTo(old);
                }
            }
            case Absent absent -> assertThat(value).as(words).matches(here -> here == null || isNew(here));
        }
    }

    private static boolean isNew(String value) {
        return value.contains(NEW_HOST) || value.equals(NEW_DRIVER);
    }

    /** The variable by which the add-on itself is attached: a pool is one more address of it, and is not kept. */
    private static String baseOf(SavedSource.App app, Attached attached) {
        return app.variables().stream().filter(other -> other.origin() instanceof Attached base && base.addOn().equals(attached.addOn()) && base.namespace().isEmpty()).findFirst().orElseThrow().name();
    }
}
