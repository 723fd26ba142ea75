package dev.mastodonmigration.target.aws.ec2;

import dev.mastodonmigration.embedded.aws.AwsAccount;
import dev.mastodonmigration.embedded.aws.AwsFaultProxy;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;

/** The machines that were launched in an account, each run here: the program of the user-data that it was launched with, in a process of its own. Those that are terminated end. */
public final class LaunchedMachines implements AutoCloseable {
    private static final String ROLE = "mastodonmigration.dev/role";
    private final AwsFaultProxy aws;
    private final AwsAccount account;
    private final Map<String, RunningMachine> running = new TreeMap<>();

    public LaunchedMachines(AwsFaultProxy aws) {
        this.aws = aws;
        this.account = aws.account();
    }

    /** Starts those that were launched, and ends those that are gone. */
    public void look() throws IOException {
        var there = new HashSet<String>();
        for (var role : Role.values()) {
            for (var id : account.ec2Values("instanceId", "DescribeInstances", "Filter.1.Name", "tag:" + ROLE, "Filter.1.Value.1", role.name(), "Filter.2.Name", "instance-state-name", "Filter.2.Value.1", "running")) {
                there.add(id);
                if (!running.containsKey(id)) {
                    var template = account.ec2Values("launchTemplateName", "DescribeLaunchTemplates").stream().filter(name -> name.endsWith("-" + role.name().toLowerCase(Locale.ROOT))).findFirst().orElseThrow();
                    var machine = new RunningMachine(aws, id, template.substring(0, template.lastIndexOf('-')), UserDataTest.files(unpacked(newest(account.ec2Values("userData", "DescribeLaunchTemplateVersions", "LaunchTemplateName", template)))));
                    machine.write("words", "the smoke test passed");
                    running.put(id, machine.start());
                }
            }
        }
        for (var id : Set.copyOf(running.keySet())) {
            if (!there.contains(id)) {
                running.remove(id).closeAlone();
            }
        }
    }

    /** Ids of those on which a unit of this name runs. */
    public List<String> thatRun(String unit) {
        return running.entrySet().stream().filter(machine -> machine.getValue().runs(unit)).map(Map.Entry::getKey).toList();
    }

    public Set<String> ids() {
        return Set.copyOf(running.keySet());
    }

    /** What a container's process got when it was last started, on any. */
    public Map<String, String> environment(String container) {
        return running.values().stream().map(machine -> machine.environment(container)).filter(environment -> !environment.isEmpty()).findFirst().orElse(Map.of());
    }

    private static String newest(List<String> userData) {
        return userData.getLast();
    }

    private static String unpacked(String userData) throws IOException {
        try (var in = new GZIPInputStream(new ByteArrayInputStream(Base64.getDecoder().decode(userData)))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Override
    public void close() {
        running.values().forEach(RunningMachine::closeAlone);
        running.clear();
    }
}
