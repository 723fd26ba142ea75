package dev.mastodonmigration.itinerary;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.Instance;
import dev.mastodonmigration.api.MastodonMigrationSpec.Aws;
import dev.mastodonmigration.api.MastodonMigrationSpec.*;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SpecRulesTest {
    @Test
    void acceptsWhatThisVersionCanDo() {
        assertThat(SpecRules.violations(Specs.valid())).isEmpty();
    }

    static Stream<Arguments> refused() {
        var spec = Specs.valid();
        return Stream.of(
                Arguments.of("notBefore", Specs.with(new Cutover(null, null, "2026-13-01T20:00:00Z", null, null)), "spec.cutover.notBefore: \"2026-13-01T20:00:00Z\" is not a time"),
                Arguments.of("reverse", Specs.with(new Soak("1h", true), null), "spec.soak.reverseReplication: true is not supported yet"),
                Arguments.of("backup", Specs.with(new Soak("1h", null), new Retire(null, true, null, null, null)), "spec.retire.finalBackup: true is not supported yet"),
                Arguments.of("addons", Specs.with(new Soak("1h", null), new Retire(null, null, null, true, null)), "spec.retire.addons: true is not supported yet"),
                Arguments.of("apps", Specs.with(new Soak("1h", null), new Retire(null, null, null, null, true)), "spec.retire.apps: true is not supported yet"),
                Arguments.of("rolled back", Specs.with(DesiredState.RolledBack), "spec.state: RolledBack is not supported yet"),
                Arguments.of("aws", new MastodonMigrationSpec(spec.instance(), spec.source(), spec.target(), new Aws("eu-west-1", null, DeletionPolicy.Retain), null, spec.strategy(), null, null, null, null, null), "spec.aws is set, and nothing under spec.target moves to AWS"),
                Arguments.of("no streaming image", new MastodonMigrationSpec(new Instance("example.social", null, null, "mastodon", null), spec.source(), spec.target(), null, null, spec.strategy(), null, null, null, null, null),
                        "spec.instance.streamingImage is required"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void refusesByNameWhatItCannotDo(String name, MastodonMigrationSpec spec, String message) {
        assertThat(SpecRules.violations(spec)).as(name).anyMatch(violation -> violation.contains(message));
    }

    @Test
    void tellsEverythingAtOnce() {
        assertThat(SpecRules.violations(Specs.with(new Soak("1h", true), new Retire(null, true, null, true, true)))).hasSize(4);
    }
}
