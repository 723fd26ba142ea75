package dev.mastodonmigration.target.aws.ec2;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the programs of a machine read, as JSON. */
final class MachineConfig {
    /** A Sidekiq starts and stops this much later than it is asked to. Parameter Store allows forty calls a second. */
    private static final Duration LOOKS = Duration.ofSeconds(5);
    private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private MachineConfig() {}

    /** Of {@code machine}. */
    static String of(Machine machine) {
        var config = new LinkedHashMap<String, Object>();
        config.put("region", machine.region());
        config.put("path", ParameterPaths.of(machine.name()));
        config.put("seconds", LOOKS.toSeconds());
        config.put("run", MachineFiles.RUN);
        config.put("state", MachineFiles.STATE);
        config.put("user", MastodonProcesses.USER);
        config.put("servers", names(Containers.servers(machine)));
        config.put("sidekiq", names(Containers.sidekiq(machine)));
        config.put("once", names(Containers.once(machine)));
        return json(config);
    }

    private static List<String> names(List<Container> containers) {
        return containers.stream().map(Container::name).toList();
    }

    /** Programs that have a log stream of their own. */
    static List<String> logs(Machine machine) {
        var logs = new ArrayList<String>();
        Containers.servers(machine).forEach(container -> logs.add(container.name()));
        Containers.sidekiq(machine).forEach(container -> logs.add(container.name()));
        Containers.once(machine).forEach(container -> logs.add(container.name()));
        logs.add("mastodon-setup");
        logs.add("mastodon-machine");
        return List.copyOf(logs);
    }

    /**
     * Of the CloudWatch agent. Files, which it has always read: it reads the journal since 2026 only, and podman has no driver for it. rsyslog, which Ubuntu has, writes the journal's lines there.
     */
    static String ofLogAgent(Machine machine) {
        var files = new ArrayList<Map<String, Object>>();
        logs(machine).forEach(name -> files.add(file(machine, MachineFiles.LOGS + "/" + name + ".log", name)));
        if (machine.role().serves) {
            files.add(file(machine, "/var/log/nginx/access.log", "nginx-access"));
            files.add(file(machine, "/var/log/nginx/error.log", "nginx-error"));
        }
        return json(Map.of("logs", Map.of("logs_collected", Map.of("files", Map.of("collect_list", files)))));
    }

    private static Map<String, Object> file(Machine machine, String path, String program) {
        var file = new LinkedHashMap<String, Object>();
        file.put("file_path", path);
        file.put("log_group_name", Machine.logGroup(machine.name()));
        file.put("log_stream_name", "{instance_id}/" + program);
        return file;
    }

    private static String json(Map<String, Object> value) {
        try {
            return JSON.writeValueAsString(value) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("maps of strings are always JSON", e);
        }
    }
}
