package dev.mastodonmigration.target.aws.ec2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.RequiredProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnitTest {
    @TempDir
    Path directory;

    @Test
    void systemdGetsEveryWordAsItIs() {
        assertThat(Unit.line(List.of("/bin/sh", "a b", "100%", "$HOME", "\"quoted\" \\ and\nbroken", "")))
                .isEqualTo("/bin/sh \"a b\" \"100%%\" \"$$HOME\" \"\\\"quoted\\\" \\\\ and\\nbroken\" \"\"");
    }

    @Test
    void systemdFindsNothingToSayAboutAnyUnit() throws IOException {
        RequiredProgram.SYSTEMD_ANALYZE.require();
        for (var role : Role.values()) {
            var units = UserData.units(Machines.machine(role));
            assertThat(verified(units)).as(role + ", " + units.size() + " units").isEqualTo(new RequiredProgram.Result(0, ""));
        }
    }

    @Test
    void systemdWouldSayWhatIsWrong() throws IOException {
        RequiredProgram.SYSTEMD_ANALYZE.require();
        var web = UserData.units(Machines.single()).getFirst();
        assertThat(verified(List.of(new Unit(web.name(), web.text().replace("KillMode=", "KilMode=")))).output()).contains("KilMode");
    }

    /** The programs are on the machine, not here. */
    private RequiredProgram.Result verified(List<Unit> units) throws IOException {
        var arguments = new ArrayList<>(List.of("verify", "--man=no"));
        for (var unit : units) {
            var text = unit.text().replace(Unit.PODMAN, "/bin/true").replace(MachineFiles.PROGRAMS + "/setup", "/bin/true").replace(MachineFiles.PROGRAMS + "/machine", "/bin/true");
            arguments.add(Files.writeString(directory.resolve(unit.name() + ".service"), text).toString());
        }
        return RequiredProgram.SYSTEMD_ANALYZE.run(arguments.toArray(String[]::new));
    }
}
