package dev.mastodonmigration.embedded;

import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/** The instance's processes in containers of machines on EC2: told apart by their command lines, as podman is told them. */
final class MachineProcesses implements MachineRuntime {
    private final LiveInstance instance;
    private final Predicate<String> reached;

    /** @param reached whether the load balancer sends users' requests to a machine */
    MachineProcesses(LiveInstance instance, Predicate<String> reached) {
        this.instance = instance;
        this.reached = reached;
    }

    /** Ended with its entry among the instance's processes. */
    private record Played(AutoCloseable entry, BooleanSupplier health) implements MachineProcess {
        @Override
        public boolean isHealthy() {
            return health.getAsBoolean();
        }

        @Override
        public void close() {
            try {
                entry.close();
            } catch (Exception e) {
                throw new IllegalStateException("a process of the instance did not stop", e);
            }
        }
    }

    @Override
    public MachineProcess start(MachineContainer container) {
        var environment = SiteEnvironment.ofEnvSecret(container.environment());
        var name = container.name() + " on " + container.machine();
        if (container.command().contains("puma")) {
            var web = new WebProcess(environment);
            return new Played(instance.onTarget(name, web, () -> reached.test(container.machine())), web::isRunning);
        }
        if (container.command().contains("sidekiq")) {
            var sidekiq = instance.startSidekiq(World.Side.TARGET, container.machine(), container.name(), environment, LiveInstance.queues(container.command()));
            return new Played(instance.onTarget(name, sidekiq, () -> true), sidekiq::takesJobs);
        }
        var streaming = StreamingProcess.start(environment);
        return new Played(instance.onTarget(name, streaming, () -> true), streaming::isConnected);
    }

    @Override
    public int smokeTest(MachineContainer container) {
        if (!SmokeTestStandIn.plays(container.command())) {
            throw new IllegalArgumentException(container.name() + " is no smoke test");
        }
        return SmokeTestStandIn.run(container);
    }
}
