package dev.mastodonmigration.target.aws.ec2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.RequiredProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CloudInitTest {
    @TempDir
    Path directory;

    @BeforeAll
    static void requireCloudInit() {
        RequiredProgram.CLOUD_INIT.require();
    }

    @Test
    void cloudInitTakesTheUserDataOfEveryRole() throws IOException {
        for (var role : Role.values()) {
            var checked = check(UserData.of(Machines.machine(role)).cloudConfig());
            assertThat(checked.code()).as(checked.output()).isZero();
            assertThat(checked.output()).contains("Valid");
        }
    }

    @Test
    void itWouldSayWhatItDoesNotTake() throws IOException {
        var checked = check(UserData.of(Machines.single()).cloudConfig().replace("permissions:", "permission:"));
        assertThat(checked.output()).contains("permission").contains("Error");
        assertThat(checked.code()).isNotZero();
    }

    private RequiredProgram.Result check(String cloudConfig) throws IOException {
        return RequiredProgram.CLOUD_INIT.run("schema", "--config-file", Files.writeString(directory.resolve("user-data"), cloudConfig).toString());
    }
}
