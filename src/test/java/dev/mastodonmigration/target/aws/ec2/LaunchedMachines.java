package dev.mastodonmigration.target.aws.ec2;

import dev.mastodonmigration.embedded.MachineRuntime;
import dev.mastodonmigration.embedded.aws.AwsAccount;
import dev.mastodonmigration.embedded.aws.AwsFaultProxy;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.zip.GZIPInputStream;

/** The machines that were launched in an account, each run here: the program of the user-data that it was launched with, in a process of its own. Those that are terminated end. */
public final class LaunchedMachines implements AutoCloseable {
    private static final String ROLE = "mastodonmigration.dev/role";
    private final AwsFaultProxy aws;
    private final AwsAccount account;
    private final Optional<MachineRuntime> runtime;
    private final Map<String, RunningMachine> running = new ConcurrentSkipListMap<>();

    /** With containers that are recorded, and not played. */
    public LaunchedMachines(AwsFaultProxy aws) {
        this(aws, Optional.empty());
    }

    /** @param runtime what plays their containers */
    public LaunchedMachines(AwsFaultProxy aws, MachineRuntime runtime) {
        this(aws, Optional.of(runtime));
    }

    private LaunchedMachines(AwsFaultProxy aws, Optional<MachineRuntime> runtime) {
        this.aws = aws;
        this.account = aws.account();
        this.runtime = runtime;
    }

    /** Starts those that were launched, and ends those that are gone. */
    public void look() throws IOException {
        var there = new HashSet<>(instances("tag-key", ROLE));
        for (var id : there) {
            if (!running.containsKey(id)) {
                running.put(id, launched(id).start());
            }
        }
        for (var id : Set.copyOf(running.keySet())) {
            if (!there.contains(id)) {
                running.remove(id).closeAlone();
            }
        }
    }

    private List<String> instances(String filter, String value) {
        return account.ec2Values("instanceId", "DescribeInstances", "Filter.1.Name", filter, "Filter.1.Value.1", value, "Filter.2.Name", "instance-state-name", "Filter.2.Value.1", "running");
    }

    private RunningMachine launched(String id) throws IOException {
        var role = Arrays.stream(Role.values()).filter(one -> instances("tag:" + ROLE, one.name()).contains(id)).findFirst().orElseThrow();
        var template = account.ec2Values("launchTemplateName", "DescribeLaunchTemplates").stream().filter(name -> name.endsWith("-" + role.name().toLowerCase(Locale.ROOT))).findFirst().orElseThrow();
        var machine = new RunningMachine(aws, id, template.substring(0, template.lastIndexOf('-')), UserDataTest.files(userData(template)));
        machine.write("words", "the smoke test passed");
        return runtime.isPresent() ? machine.playedBy(runtime.get()) : machine;
    }

    /** Of the newest version of a template. */
    private String userData(String template) throws IOException {
        return unpacked(account.ec2Values("userData", "DescribeLaunchTemplateVersions", "LaunchTemplateName", template).getLast());
    }

    /** What everybody can read who may look at an instance: the user-data of all templates, unpacked. */
    public List<String> userData() throws IOException {
        var all = new HashSet<String>();
        for (var template : account.ec2Values("launchTemplateName", "DescribeLaunchTemplates")) {
            for (var packed : account.ec2Values("userData", "DescribeLaunchTemplateVersions", "LaunchTemplateName", template)) {
                all.add(unpacked(packed));
            }
        }
        return List.copyOf(all);
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

    /** What their programs printed last, for the reader of a failed run. */
    public String journals(int lines) {
        var text = new StringBuilder();
        running.forEach((id, machine) -> {
            var all = machine.journal().lines().toList();
            text.append(id).append(":\n  ").append(String.join("\n  ", all.subList(Math.max(0, all.size() - lines), all.size()))).append('\n');
        });
        return text.toString();
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
