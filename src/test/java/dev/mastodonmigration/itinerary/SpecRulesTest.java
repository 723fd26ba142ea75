package dev.mastodonmigration.itinerary;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.MastodonMigrationSpec.Instance;
import dev.mastodonmigration.api.MastodonMigrationSpec.Aws;
import dev.mastodonmigration.api.MastodonMigrationSpec.*;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SpecRulesTest {
    private static final Retire BUCKET = new Retire(null, true, null, null, null, new Backup(null, new S3("last-copy", "mastodon")), null);

    @Test
    void acceptsWhatThisVersionCanDo() {
        assertThat(SpecRules.violations(Specs.valid())).isEmpty();
    }

    static Stream<Arguments> refused() {
        var spec = Specs.valid();
        return Stream.of(
                Arguments.of("notBefore", Specs.with(new Cutover(null, null, "2026-13-01T20:00:00Z", null, null)), "spec.cutover.notBefore: \"2026-13-01T20:00:00Z\" is not a time"),
                Arguments.of("reverse", Specs.with(new Soak("1h", true), null), "spec.soak.reverseReplication: true is not supported yet"),
                Arguments.of("backup", Specs.with(new Soak("1h", null), new Retire(null, true, null, null, null, null, null)), "spec.retire.finalBackup: the final backup needs a place: set spec.retire.backup.persistentVolumeClaim"),
                Arguments.of("addons", Specs.with(new Soak("1h", null), new Retire(null, null, null, true, null, null, null)), "set spec.retire.backup.persistentVolumeClaim or spec.retire.backup.s3, or spec.retire.finalBackup: false"),
                Arguments.of("a bucket without AWS", Specs.onAws(null, BUCKET), "spec.retire.backup.s3 needs spec.aws.credentialsSecretRef: the worker that writes there has no AWS identity of its own, and does not get the operator's. Name a Secret with one that may write to the bucket, and the bucket's region in spec.aws.region."),
                Arguments.of("a bucket without credentials", Specs.onAws(new Aws("eu-west-1", null, null), BUCKET), "spec.retire.backup.s3 needs spec.aws.credentialsSecretRef"),
                Arguments.of("apps", Specs.with(new Soak("1h", null), new Retire(null, false, null, null, true, null, null)), "spec.retire.apps: true, but not spec.retire.addons"),
                Arguments.of("apps that stay", staying(new Retire(null, false, null, true, true, null, null)), "spec.retire.apps: true, but compute does not move: the apps run the instance"),
                Arguments.of("a formation that stays", staying(new Retire(null, null, true, null, null, null, null)), "spec.retire.formation: true, but compute does not move"),
                Arguments.of("a Postgres that stays", without(new Retire(null, true, null, null, null, null, null)), "spec.retire.finalBackup: true, but Postgres does not move"),
                Arguments.of("rolled back", Specs.with(DesiredState.RolledBack), "spec.state: RolledBack is not supported yet"),
                Arguments.of("aws", new MastodonMigrationSpec(spec.instance(), spec.source(), spec.target(), new Aws("eu-west-1", null, DeletionPolicy.Retain), null, spec.strategy(), null, null, null, null, null), "spec.aws is set, and nothing under spec.target moves to AWS"),
                Arguments.of("dns", staying(new Dns(null, new Manual()), RedisStrategy.Live), "spec.target.dns leads users to compute on the target, and compute stays"),
                Arguments.of("a local domain that stays", withLocalDomain(staying(null, RedisStrategy.Live)), "spec.instance.moveLocalDomain leads those who ask for localDomain to compute on the target, and compute stays"),
                Arguments.of("feeds", staying(null, RedisStrategy.Rebuild), "spec.strategy.redis: Rebuild has the target build Mastodon's feeds"),
                Arguments.of("no streaming image", new MastodonMigrationSpec(new Instance("example.social", null, null, "mastodon", null, null), spec.source(), spec.target(), null, null, spec.strategy(), null, null, null, null, null),
                        "spec.instance.streamingImage is required"));
    }

    private static MastodonMigrationSpec withLocalDomain(MastodonMigrationSpec spec) {
        var instance = new Instance("example.social", "www.example.social", null, spec.instance().image(), spec.instance().streamingImage(), true);
        return new MastodonMigrationSpec(instance, spec.source(), spec.target(), spec.aws(), spec.edge(), spec.strategy(), spec.rehearsal(), spec.cutover(), spec.soak(), spec.retire(), spec.state());
    }

    private static MastodonMigrationSpec staying(Dns dns, RedisStrategy redis) {
        var spec = Specs.valid();
        return new MastodonMigrationSpec(spec.instance(), spec.source(), new Target(spec.target().postgres(), spec.target().redis(), null, dns), null, null, new Strategy(PostgresStrategy.Live, redis, null, null, null), null, null, null, null, null);
    }

    private static MastodonMigrationSpec staying(Retire retire) {
        return retiring(new Target(Specs.valid().target().postgres(), Specs.valid().target().redis(), null, null), retire);
    }

    private static MastodonMigrationSpec without(Retire retire) {
        return retiring(new Target(null, Specs.valid().target().redis(), Specs.valid().target().compute(), null), retire);
    }

    private static MastodonMigrationSpec retiring(Target target, Retire retire) {
        var spec = Specs.valid();
        return new MastodonMigrationSpec(spec.instance(), spec.source(), target, null, spec.edge(), spec.strategy(), null, null, null, retire, null);
    }

    @Test
    void databasesMayMoveAlone() {
        assertThat(SpecRules.violations(staying(null, RedisStrategy.Live))).isEmpty();
        assertThat(SpecRules.violations(staying(new Retire(null, null, null, true, null, new Backup("last-copy", null), null)))).as("and their add-ons be deleted").isEmpty();
    }

    @Test
    void deletingIsAcceptedWithABackupOrWithTheWordThatNoneIsWanted() {
        assertThat(SpecRules.violations(Specs.with(null, new Retire(null, null, true, true, true, new Backup("last-copy", null), "48h")))).isEmpty();
        assertThat(SpecRules.violations(Specs.with(null, new Retire(null, false, null, true, true, null, null)))).isEmpty();
        assertThat(SpecRules.violations(without(new Retire(null, null, null, true, null, null, null)))).as("no Postgres is deleted").isEmpty();
    }

    @Test
    void aBucketForTheFinalBackupIsReasonEnoughForCredentialsOfAws() {
        assertThat(SpecRules.violations(Specs.onAws(new Aws("eu-west-1", new SecretRef("aws"), null), BUCKET))).isEmpty();
    }

    @Test
    void aBackupThatWasMadeNeedsNoPlaceAnyMore() {
        var spec = Specs.with(null, new Retire(null, null, null, true, null, null, null));
        var status = new MastodonMigrationStatus();
        status.retirement = new MastodonMigrationStatus.Retirement();
        assertThat(SpecRules.violations(spec, status)).hasSize(1);
        status.retirement.backup = new MastodonMigrationStatus.Backup();
        assertThat(SpecRules.violations(spec, status)).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void refusesByNameWhatItCannotDo(String name, MastodonMigrationSpec spec, String message) {
        assertThat(SpecRules.violations(spec)).as(name).anyMatch(violation -> violation.contains(message));
    }

    @Test
    void tellsEverythingAtOnce() {
        assertThat(SpecRules.violations(Specs.with(new Soak("1h", true), new Retire(null, true, null, null, true, null, null)))).hasSize(3);
    }
}
