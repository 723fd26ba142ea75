package dev.mastodonmigration.target.aws.ec2;

import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import dev.mastodonmigration.mastodon.SmokeTestCommand;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Mastodon's processes on a machine, as containers. */
final class Containers {
    static final String FEEDS = "mastodon-feeds";
    static final String SMOKE = "mastodon-smoke-";
    private static final String REPORTS = "/report";
    private static final String REPORT = "words";
    private final Machine machine;

    private Containers(Machine machine) {
        this.machine = machine;
    }

    /** Those that users' requests come to. */
    static List<Container> servers(Machine machine) {
        var all = new Containers(machine);
        return machine.role().serves ? List.of(all.web(), all.streaming()) : List.of();
    }

    /** Those that {@link Desired#sidekiq} is about. */
    static List<Container> sidekiq(Machine machine) {
        return machine.role().works ? machine.sidekiq().stream().map(new Containers(machine)::sidekiq).toList() : List.of();
    }

    /** Those that run to their end when {@link Desired#once} says so. */
    static List<Container> once(Machine machine) {
        var all = new Containers(machine);
        var once = new ArrayList<>(List.of(all.smokeWeb()));
        if (machine.role().serves) {
            once.add(all.smokeStreaming());
        }
        if (machine.role().works) {
            once.add(new Container(FEEDS, all.image(), MachineFiles.ENVIRONMENT, Map.of(), List.of(), MastodonProcesses.feeds()));
        }
        return List.copyOf(once);
    }

    private String image() {
        return machine.spec().instance().image();
    }

    private String streamingImage() {
        return MastodonProcesses.streamingImage(machine.spec().instance());
    }

    private Container web() {
        return new Container("mastodon-web", image(), MachineFiles.ENVIRONMENT, Map.of(), served(MastodonProcesses.WEB_PORT, MastodonProcesses.WEB_HEALTH), MastodonProcesses.web());
    }

    private Container streaming() {
        return new Container("mastodon-streaming", streamingImage(), MachineFiles.STREAMING_ENVIRONMENT, Map.of(),
                served(MastodonProcesses.STREAMING_PORT, MastodonProcesses.STREAMING_HEALTH), MastodonProcesses.streaming());
    }

    /** Only nginx reaches the port. A server that hangs is killed, and systemd starts it again; Rails takes a minute and more to boot on a small machine. */
    private static List<String> served(int port, String health) {
        return List.of("--publish=127.0.0.1:" + port + ":" + port, "--health-cmd=curl -s --noproxy localhost localhost:" + port + health + " | grep -q OK",
                "--health-start-period=300s", "--health-interval=20s", "--health-timeout=5s", "--health-retries=6", "--health-on-failure=kill");
    }

    /** Mastodon's Sidekiq gives its jobs 25 s to end, and what is not done then goes back into its queue. */
    private Container sidekiq(SidekiqUnit unit) {
        return new Container(Machine.SIDEKIQ + unit.name(), image(), MachineFiles.ENVIRONMENT, MastodonProcesses.sidekiqEnvironment(unit.concurrency()),
                List.of("--stop-timeout=60", "--health-cmd=cat " + MastodonProcesses.TMP + "/" + MastodonProcesses.SIDEKIQ_READY_FILE, "--health-start-period=300s", "--health-interval=20s"),
                MastodonProcesses.sidekiq(unit.queues(), unit.concurrency()));
    }

    private Container smokeWeb() {
        return smoke(SMOKE + "web", image(), MachineFiles.ENVIRONMENT, SmokeTestCommand.instance());
    }

    private Container smokeStreaming() {
        return smoke(SMOKE + "streaming", streamingImage(), MachineFiles.STREAMING_ENVIRONMENT, SmokeTestCommand.streaming());
    }

    /** Where {@code machine} looks for a run's words. */
    static String reportOf(String name) {
        return MachineFiles.RUN + "/" + name + "/" + REPORT;
    }

    private Container smoke(String name, String image, String environmentFile, List<String> command) {
        var environment = SmokeTestCommand.environment(REPORTS + "/" + REPORT);
        environment.put(SmokeTestCommand.BEFORE_THE_COPY, String.valueOf(SpecDefaults.dumpsPostgres(machine.spec())));
        return new Container(name, image, environmentFile, environment, List.of("--volume=" + MachineFiles.RUN + "/" + name + ":" + REPORTS), command);
    }
}
