package dev.mastodonmigration.target.aws.ec2;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import dev.mastodonmigration.outside.OutsideException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/** What a machine is launched with: a cloud-config that writes files and starts two units. It is made from the spec alone, so there is no secret that could be in it. */
public record UserData(String cloudConfig) {
    /** Of EC2, before it is encoded. */
    static final int LARGEST = 16 * 1024;
    private static final String READABLE = "0644";
    private static final String EXECUTABLE = "0755";
    private static final YAMLMapper YAML = YAMLMapper.builder().disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER).disable(YAMLGenerator.Feature.SPLIT_LINES)
            .enable(YAMLGenerator.Feature.LITERAL_BLOCK_STYLE).build();

    public static UserData of(Machine machine) {
        var files = new ArrayList<Map<String, Object>>();
        units(machine).forEach(unit -> files.add(file(unit.path(), READABLE, unit.text())));
        files.add(file(MachineFiles.PROGRAMS + "/setup", EXECUTABLE, setup(machine)));
        files.add(file(MachineFiles.PROGRAMS + "/machine", EXECUTABLE, MachineFiles.resource("machine.py")));
        files.add(file(MachineFiles.ETC + "/machine.json", READABLE, MachineConfig.of(machine)));
        files.add(file(MachineFiles.ETC + "/cloudwatch.json", READABLE, MachineConfig.ofLogAgent(machine)));
        files.add(file("/etc/rsyslog.d/30-mastodon.conf", READABLE, MachineFiles.resource("rsyslog.conf")));
        files.add(file("/etc/logrotate.d/mastodon", READABLE, MachineFiles.resource("logrotate.conf")));
        if (machine.role().serves) {
            files.add(file(MachineFiles.ETC + "/nginx.conf", READABLE, nginx()));
        }
        var config = new LinkedHashMap<String, Object>();
        config.put("write_files", files);
        config.put("runcmd", List.of(List.of("systemctl", "daemon-reload"),
                List.of("systemctl", "enable", "--now", "--no-block", "mastodon-setup.service", "mastodon-machine.service", "mastodon-logs.service")));
        try {
            return new UserData("#cloud-config\n" + YAML.writeValueAsString(config));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("maps of strings are always YAML", e);
        }
    }

    /**
     * As EC2 takes it before it is encoded: packed, which cloud-init unpacks by itself.
     *
     * @throws OutsideException when EC2 would refuse it as too large
     */
    public byte[] bytes() {
        var packed = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(packed)) {
            gzip.write(cloudConfig.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (packed.size() > LARGEST) {
            throw new OutsideException("The machine's user-data would be " + packed.size() + " bytes, and EC2 takes " + LARGEST
                    + ". Give spec.target.compute.ec2 fewer Sidekiq processes.", false);
        }
        return packed.toByteArray();
    }

    static List<Unit> units(Machine machine) {
        return Stream.of(
                Containers.servers(machine).stream().map(Unit::server), Containers.sidekiq(machine).stream().map(Unit::server), Containers.once(machine).stream().map(Unit::once),
                Stream.of("mastodon-setup", "mastodon-machine", "mastodon-logs").map(name -> new Unit(name, MachineFiles.resource(name + ".service")))).flatMap(units -> units).toList();
    }

    static String nginx() {
        return MachineFiles.resource("nginx.conf").replace("@WEB@", "127.0.0.1:" + MastodonProcesses.WEB_PORT).replace("@STREAMING@", "127.0.0.1:" + MastodonProcesses.STREAMING_PORT);
    }

    static String setup(Machine machine) {
        var images = Stream.concat(Containers.servers(machine).stream(), Containers.once(machine).stream()).map(Container::image).distinct().map(UserData::shell).collect(Collectors.joining(" "));
        return MachineFiles.resource("setup.sh").replace("@PACKAGES@", machine.role().serves ? "podman python3-boto3 rsyslog logrotate nginx" : "podman python3-boto3 rsyslog logrotate")
                .replace("@IMAGES@", images);
    }

    private static String shell(String word) {
        return "'" + word.replace("'", "'\"'\"'") + "'";
    }

    private static Map<String, Object> file(String path, String permissions, String content) {
        var file = new LinkedHashMap<String, Object>();
        file.put("path", path);
        file.put("permissions", permissions);
        file.put("content", content);
        return file;
    }
}
