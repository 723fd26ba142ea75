package dev.mastodonmigration.target.aws.ec2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.Moto;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.mastodon.MastodonEnvironment;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import dev.mastodonmigration.mastodon.SmokeTestCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.SortedMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class MachineProgramTest {
    private static final String SIDEKIQ = "mastodon-sidekiq-default";
    private static final String NOBODY = "";

    @BeforeAll
    static void requireMoto() {
        Moto.require();
    }

    @Test
    void everyValueArrivesExactlyWhateverAwsDoesMeanwhile() throws IOException {
        var environment = awkward();
        var documents = EnvironmentParameters.of(environment);
        assertThat(documents.documents()).as("more than a page").hasSizeGreaterThan(10);
        try (var machine = new RunningMachine(Machines.single())) {
            machine.aws.faults().next("ssm:GetParameter", new AwsFault.Throttled());
            machine.start();
            machine.untilJournal("/desired does not exist yet. The operator makes it. It is tried again.");
            assertThat(machine.started("mastodon-web")).isZero();

            // All but the last: what is named is not all there yet.
            machine.publish(documents, documents.documents().size() - 1);
            var version = machine.ask(new Desired(1, documents.revision(), documents.documents().size(), NOBODY, Map.of()));
            var waiting = machine.untilReport("a part is missing", report -> report.trouble().contains("there are " + (documents.documents().size() - 1)));
            assertThat(waiting).returns(0L, MachineReport::desired).returns("", MachineReport::revision).extracting(MachineReport::units).isEqualTo(Map.of("mastodon-web", "stopped", "mastodon-streaming", "stopped", SIDEKIQ, "stopped"));
            for (var n = 1; n <= 4; n++) {
                machine.aws.faults().nth(n, "ssm:GetParametersByPath", n % 2 == 0 ? new AwsFault.LostAnswer() : new AwsFault.Throttled());
            }
            machine.publish(documents, documents.documents().size());

            assertThat(machine.untilDone(version)).returns(documents.revision(), MachineReport::revision).returns(1, MachineReport::epoch)
                    .returns(Map.of("mastodon-web", "healthy", "mastodon-streaming", "healthy", SIDEKIQ, "stopped"), MachineReport::units);
            // Said after the report is written, which is how this test knows that it is done.
            machine.untilJournal("That is over.");
            assertThat(machine.aws.faults().waiting()).isZero();
            assertThat(machine.metadata.refused).as("asked without a token").hasValue(0);
            assertArrived(machine, environment);
            assertThat(machine.started(SIDEKIQ)).isZero();
            assertSecretsAreInMemoryAlone(machine);
        }
    }

    private static SortedMap<String, String> awkward() {
        var environment = Example.environment("SAML_CERT", "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n", "MOTD", "it's \"100 %\" $HOME ${PATH} `id` $(id) \\n \\", "SPACES", "  both ends\t ",
                "EMPTY", "", "HASH", "# no comment", "CARRIAGE", "a\r\nb\r", "BRACES", "{{ssm:other}}", "UNICODE", "\u00fcber \ud83d\udc18", "SEMICOLON", "a; exit 1", "LONG", "0123456789abcde\u00e9".repeat(2500));
        environment.put("DB_SSLMODE", "require");
        environment.put(MastodonEnvironment.CA_CERTIFICATES, "-----BEGIN CERTIFICATE-----\nca\n");
        return environment;
    }

    private static void assertArrived(RunningMachine machine, SortedMap<String, String> environment) throws IOException {
        environment.remove(MastodonEnvironment.CA_CERTIFICATES);
        assertThat(machine.environment("mastodon-web")).containsAllEntriesOf(environment).doesNotContainKey(MastodonEnvironment.CA_CERTIFICATES);
        assertThat(machine.arguments("mastodon-web")).isEqualTo(MastodonProcesses.web().subList(1, 5));
        environment.put("DB_SSLMODE", "no-verify");
        assertThat(machine.environment("mastodon-streaming")).containsAllEntriesOf(environment);
        assertThat(machine.read("run/ca.pem")).isEqualTo("-----BEGIN CERTIFICATE-----\nca\n");
    }

    /** Nobody but root and the containers' user reads it, and podman, which writes what it is told to the disk, is not told. */
    private static void assertSecretsAreInMemoryAlone(RunningMachine machine) throws IOException {
        for (var file : new String[] {"run/environment", "run/environment-streaming"}) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(machine.path(file)))).isEqualTo("r--------");
        }
        for (var log : new String[] {"podman.log", "systemctl.log", "journal", "state/epoch", "state/once.json"}) {
            assertThat(machine.read(log)).as(log).isNotEmpty().doesNotContain("smtp-secret", "p@ss:word", "s3cret");
        }
        assertThat(machine.report().orElseThrow().toString()).doesNotContain("smtp-secret");
    }

    @Test
    void sidekiqRunsOnTheMachineThatIsNamedAndOnNoOther() throws IOException {
        var documents = EnvironmentParameters.of(Example.environment());
        try (var machine = new RunningMachine(Machines.single()).start()) {
            machine.untilDone(machine.ask(1, documents, "i-another", Map.of()));
            assertThat(machine.runs(SIDEKIQ)).isFalse();

            var opened = machine.untilDone(machine.ask(2, documents, MetadataService.INSTANCE, Map.of()));
            assertThat(opened).returns("healthy", report -> report.units().get(SIDEKIQ)).returns(2, MachineReport::epoch);
            assertThat(machine.arguments(SIDEKIQ)).startsWith("exec", "sidekiq", "-c", "5").contains("scheduler", "default,8");
            assertThat(machine.environment(SIDEKIQ)).containsEntry("DB_POOL", "5").containsEntry("SMTP_PASSWORD", "smtp-secret");
            assertThat(machine.started("mastodon-web")).as("web is not restarted for it").isEqualTo(1);

            machine.untilDone(machine.ask(3, documents, NOBODY, Map.of()));
            assertThat(machine.runs(SIDEKIQ)).isFalse();

            // An operator that was asleep since before ROLLBACK wakes up.
            machine.ask(2, documents, MetadataService.INSTANCE, Map.of());
            assertThat(machine.untilReport("refused", report -> !report.trouble().isEmpty()).trouble()).contains("of epoch 2, and this machine has seen 3");
            assertThat(machine.runs(SIDEKIQ)).isFalse();
            machine.restart();
            machine.untilReport("refused after a restart too", report -> report.revision().isEmpty() && report.epoch() == 3);
            assertThat(machine.started(SIDEKIQ)).isEqualTo(1);
        }
    }

    /** A machine is up before the operator has seen that it is launched, when that was killed in between. */
    @Test
    void itWritesNoReportBeforeTheOperatorHasMadeAPlaceForItBecauseThatWouldLackTheTagsByWhichItIsRemoved() throws IOException {
        var documents = EnvironmentParameters.of(Example.environment());
        var desired = new Desired(1, documents.revision(), documents.documents().size(), NOBODY, Map.of());
        try (var machine = new RunningMachine(Machines.single()).start()) {
            for (var i = 0; i < documents.documents().size(); i++) {
                machine.store.put(machine.paths.document(documents.revision(), i), "SecureString", documents.documents().get(i));
            }
            machine.tell(desired);
            machine.untilJournal("The report cannot be written: The parameter " + machine.paths.report(MetadataService.INSTANCE) + " does not exist yet. The operator makes it.");
            assertThat(machine.store.find(machine.paths.report(MetadataService.INSTANCE))).isEmpty();
            machine.untilDone(machine.ask(desired));
        }
    }

    @Test
    void aChangedEnvironmentRestartsWhatRuns() throws IOException {
        try (var machine = new RunningMachine(Machines.single()).start()) {
            machine.untilDone(machine.ask(1, EnvironmentParameters.of(Example.environment()), MetadataService.INSTANCE, Map.of()));
            machine.killProgram();

            var rotated = EnvironmentParameters.of(Example.environment("SMTP_PASSWORD", "rotated"));
            assertThat(machine.untilDone(machine.ask(1, rotated, MetadataService.INSTANCE, Map.of())).revision()).isEqualTo(rotated.revision());

            for (var container : new String[] {"mastodon-web", "mastodon-streaming", SIDEKIQ}) {
                assertThat(machine.environment(container)).as(container).containsEntry("SMTP_PASSWORD", "rotated");
                assertThat(machine.started(container)).as(container + ": once by its start, once by the change, and not by the program's").isEqualTo(2);
            }
        }
    }

    @Test
    void theSmokeTestRunsOnceForEachNameAndReports() throws IOException {
        var documents = EnvironmentParameters.of(Example.environment());
        try (var machine = new RunningMachine(Machines.single()).start()) {
            machine.write("words", "the image is newer than the source");
            machine.write("exit", String.valueOf(SmokeTestCommand.REFUSED));
            machine.ask(1, documents, NOBODY, Map.of("mastodon-smoke-web", "first"));
            var refused = machine.untilReport("refused", report -> report.once().containsKey("mastodon-smoke-web") && !report.once().get("mastodon-smoke-web").state().equals("running"));
            assertThat(refused.once()).containsEntry("mastodon-smoke-web", new MachineReport.Once("first", "failed", SmokeTestCommand.REFUSED, "the image is newer than the source"));
            assertThat(machine.started("mastodon-smoke-web")).as("a certain no is not tried again").isEqualTo(1);
            assertThat(machine.arguments("mastodon-smoke-web")).isEqualTo(SmokeTestCommand.instance().subList(1, SmokeTestCommand.instance().size()));
            assertThat(machine.environment("mastodon-smoke-web")).containsEntry("PGOPTIONS", "-c default_transaction_read_only=on").containsEntry("SMTP_DELIVERY_METHOD", "test")
                    .containsEntry(SmokeTestCommand.BEFORE_THE_COPY, "false").containsEntry("SECRET_KEY_BASE", "secret-key-base");

            machine.write("words", "no migration is pending");
            machine.write("exit", "0");
            machine.ask(1, documents, NOBODY, Map.of("mastodon-smoke-web", "second", "mastodon-smoke-streaming", "second", "mastodon-unknown", "second"));
            var passed = machine.untilReport("both passed", report -> report.once().size() == 2 && report.once().values().stream().allMatch(once -> once.state().equals("ended") && once.run().equals("second")));
            assertThat(passed.once().get("mastodon-smoke-streaming")).returns("no migration is pending", MachineReport.Once::words).returns(0, MachineReport.Once::code);
            assertThat(machine.arguments("mastodon-smoke-streaming")).isEqualTo(SmokeTestCommand.streaming().subList(1, SmokeTestCommand.streaming().size()));

            machine.restart();
            var version = machine.ask(2, documents, NOBODY, Map.of("mastodon-smoke-web", "second", "mastodon-smoke-streaming", "second"));
            machine.untilReport("after a restart", report -> report.desired() == version && report.once().size() == 2 && report.once().values().stream().allMatch(once -> once.state().equals("ended")));
            assertThat(machine.started("mastodon-smoke-web")).as("what ended is not run again").isEqualTo(2);
        }
    }

    @Test
    void aServerThatDoesNotStartIsToldAndTriedAgain() throws IOException {
        var documents = EnvironmentParameters.of(Example.environment());
        try (var machine = new RunningMachine(Machines.machine(Role.WEB)).start()) {
            Files.move(machine.path("units/mastodon-web.service"), machine.path("units/away"));
            var version = machine.ask(1, documents, MetadataService.INSTANCE, Map.of());
            assertThat(machine.untilReport("told", report -> report.trouble().contains("systemctl")).trouble()).contains("systemctl restart mastodon-web mastodon-streaming failed");
            machine.aws.faults().next("ssm:PutParameter", new AwsFault.LostAnswer());
            Files.move(machine.path("units/away"), machine.path("units/mastodon-web.service"));

            assertThat(machine.untilDone(version).units()).isEqualTo(Map.of("mastodon-web", "healthy", "mastodon-streaming", "healthy"));
        }
    }
}
