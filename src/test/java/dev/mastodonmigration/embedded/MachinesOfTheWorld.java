package dev.mastodonmigration.embedded;

import dev.mastodonmigration.embedded.aws.AwsFaultProxy;
import dev.mastodonmigration.target.aws.ec2.LaunchedMachines;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/** The machines that are launched on AWS run here as soon as they are there, and end when they are terminated. Users come to those whose web process answers the load balancer. */
final class MachinesOfTheWorld implements AutoCloseable {
    private static final String WEB = "mastodon-web";
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);
    private final LaunchedMachines machines;
    private final AtomicReference<Throwable> broken = new AtomicReference<>();
    private final Thread thread = Thread.ofPlatform().daemon().name("machines").unstarted(this::run);
    private volatile boolean closed;

    private MachinesOfTheWorld(LaunchedMachines machines) {
        this.machines = machines;
    }

    static MachinesOfTheWorld start(AwsFaultProxy aws, LiveInstance instance) {
        var machines = new LaunchedMachines(aws, new MachineProcesses(instance, aws.balancers()::reaches));
        aws.balancers().answering(id -> machines.thatRun(WEB).contains(id));
        var started = new MachinesOfTheWorld(machines);
        started.thread.start();
        return started;
    }

    private void run() {
        try {
            while (!closed) {
                machines.look();
                Thread.sleep(BETWEEN_LOOKS.toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException | AssertionError e) {
            broken.set(e);
        }
    }

    /** What everybody can read who may look at a machine. */
    List<String> userData() {
        try {
            return machines.userData();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** For the reader of a failed run. */
    String describe() {
        return Optional.ofNullable(broken.get()).map(failure -> "machines are looked at no more: " + failure + "\n").orElse("") + machines.journals(15);
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join(Duration.ofSeconds(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        machines.close();
    }
}
