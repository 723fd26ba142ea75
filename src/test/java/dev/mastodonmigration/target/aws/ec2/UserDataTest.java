package dev.mastodonmigration.target.aws.ec2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.mastodonmigration.api.MastodonMigrationSpec.Topology;
import dev.mastodonmigration.mastodon.Example;
import dev.mastodonmigration.outside.OutsideException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

class UserDataTest {
    @Test
    void itFitsIntoWhatEc2Takes() throws IOException {
        for (var role : Role.values()) {
            var userData = UserData.of(Machines.machine(role));
            assertThat(userData.bytes()).hasSizeLessThan(UserData.LARGEST * 3 / 4);
            assertThat(new String(new GZIPInputStream(new ByteArrayInputStream(userData.bytes())).readAllBytes(), StandardCharsets.UTF_8)).isEqualTo(userData.cloudConfig()).startsWith("#cloud-config\n");
        }
    }

    @Test
    void whatEc2WouldRefuseIsRefusedBefore() {
        var random = new Random(1);
        var many = IntStream.range(0, 400).mapToObj(index -> new SidekiqUnit("s" + random.nextLong(), index == 0 ? List.of("scheduler") : List.of("default"), 5)).toList();
        assertThatThrownBy(() -> UserData.of(Machines.machine(Role.SINGLE, many)).bytes()).isInstanceOf(OutsideException.class).hasMessageContaining("16384").hasMessageContaining("fewer Sidekiq");
    }

    /** It cannot even be given one: this breaks when somebody gives it the environment. */
    @Test
    void noValueOfTheEnvironmentIsInIt() {
        var secrets = Example.environment().entrySet().stream().filter(variable -> variable.getKey().matches(".*(KEY|SECRET|PASS|SALT|URL).*")).map(Map.Entry::getValue).toList();
        assertThat(secrets).hasSizeGreaterThan(6);
        for (var role : Role.values()) {
            assertThat(UserData.of(Machines.machine(role)).cloudConfig()).doesNotContain(secrets);
        }
    }

    @Test
    void theSchedulerQueueIsInOneProcessOfAll() throws IOException {
        assertThat(schedulers(List.of(Machines.single()))).isEqualTo(1);
        assertThat(schedulers(Machines.split())).isEqualTo(1);
        assertThatThrownBy(() -> Machines.machine(Role.SINGLE, List.of(new SidekiqUnit("a", List.of("default"), 5)))).isInstanceOf(OutsideException.class).hasMessageContaining("scheduler");
        assertThatThrownBy(() -> Machines.machine(Role.WEB, List.of(new SidekiqUnit("a", List.of("scheduler"), 5), new SidekiqUnit("b", List.of("scheduler,2"), 5))))
                .isInstanceOf(OutsideException.class).hasMessageContaining("scheduler");
    }

    private static long schedulers(List<Machine> machines) throws IOException {
        var count = 0L;
        for (var machine : machines) {
            count += files(machine).entrySet().stream().filter(file -> file.getKey().contains("mastodon-sidekiq-")).filter(file -> file.getValue().contains("-q scheduler")).count();
        }
        return count;
    }

    @Test
    void splitMachinesHaveWhatTheirRoleNeeds() throws IOException {
        assertThat(Role.of(Topology.Split)).containsExactly(Role.WEB, Role.SIDEKIQ);
        assertThat(Role.of(Topology.Single)).containsExactly(Role.SINGLE);
        var web = files(Machines.machine(Role.WEB));
        var sidekiq = files(Machines.machine(Role.SIDEKIQ));
        assertThat(web.keySet()).contains("/etc/mastodon-migration/nginx.conf", "/etc/systemd/system/mastodon-web.service", "/etc/systemd/system/mastodon-streaming.service")
                .noneMatch(path -> path.contains("sidekiq") || path.contains("feeds"));
        assertThat(sidekiq.keySet()).contains("/etc/systemd/system/mastodon-sidekiq-default.service", "/etc/systemd/system/mastodon-feeds.service", "/etc/systemd/system/mastodon-smoke-web.service")
                .noneMatch(path -> path.contains("nginx") || path.contains("streaming") || path.endsWith("/mastodon-web.service"));
        assertThat(sidekiq.get("/usr/local/lib/mastodon-migration/setup")).doesNotContain("mastodon-streaming:").contains("ghcr.io/mastodon/mastodon:");
        assertThat(web.get("/usr/local/lib/mastodon-migration/setup")).contains("nginx").contains("mastodon-streaming:");
    }

    /** The machine itself decides nothing: what runs is started by its program alone. */
    @Test
    void nothingOfMastodonIsEnabled() throws IOException {
        files(Machines.single()).forEach((path, text) -> assertThat(path.matches(".*/mastodon-(setup|machine|logs).service")).as(path)
                .isEqualTo(path.endsWith(".service") && text.contains("[Install]")));
    }

    @Test
    void everyProgramHasALogStreamOfItsOwn() throws IOException {
        var config = new YAMLMapper().readTree(files(Machines.single()).get("/etc/mastodon-migration/cloudwatch.json"));
        var list = config.at("/logs/logs_collected/files/collect_list");
        assertThat(list).extracting(file -> file.get("log_stream_name").textValue()).doesNotHaveDuplicates().contains("{instance_id}/mastodon-web", "{instance_id}/mastodon-sidekiq-default",
                "{instance_id}/mastodon-machine", "{instance_id}/nginx-access");
        assertThat(list).allSatisfy(file -> assertThat(file.get("log_group_name").textValue()).isEqualTo("/" + Machines.NAME));
    }

    static Map<String, String> files(Machine machine) throws IOException {
        return files(UserData.of(machine).cloudConfig());
    }

    static Map<String, String> files(String cloudConfig) throws IOException {
        var files = new TreeMap<String, String>();
        for (JsonNode file : new YAMLMapper().readTree(cloudConfig).get("write_files")) {
            files.put(file.get("path").textValue(), file.get("content").textValue());
        }
        return files;
    }
}
