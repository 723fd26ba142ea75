package dev.mastodonmigration.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whoever kills the demo finds nothing of it afterwards: no process, no port. */
@Tag("thorough")
class KilledDemoTest {
    private static final String READY = "ports ";

    /** The demo's kinds of child processes, each started as the demo starts it, in a JVM of their own. */
    public static final class Pieces {
        private Pieces() {}

        public static void main(String... args) throws Exception {
            var postgres = PostgresServer.start(15);
            var redis = RedisServer.start();
            var server = EmbeddedApiServer.start();
            var runner = JobRunner.start(server.client(), "mastodon");
            server.client().resource(sleepingJob()).create();
            await().until(() -> runner.running().size() == 1);
            System.out.println(READY + postgres.port() + " " + redis.port() + " " + server.url().substring(server.url().lastIndexOf(':') + 1));
            new CountDownLatch(1).await();
        }

        private static Job sleepingJob() {
            return new JobBuilder().withNewMetadata().withName("sleeps").withNamespace("mastodon").endMetadata()
                    .withNewSpec().withBackoffLimit(0).withNewTemplate().withNewSpec().withRestartPolicy("Never").withAutomountServiceAccountToken(false)
                    .addNewContainer().withName("worker").withImage("worker").withCommand("sleep", "1000")
                    .withNewSecurityContext().withRunAsNonRoot(true).withAllowPrivilegeEscalation(false).withNewCapabilities().withDrop("ALL").endCapabilities()
                    .withNewSeccompProfile().withType("RuntimeDefault").endSeccompProfile().endSecurityContext()
                    .withNewResources().addToRequests("memory", new Quantity("1Mi")).addToLimits("memory", new Quantity("1Mi")).endResources()
                    .endContainer().endSpec().endTemplate().endSpec().build();
        }
    }

    @Test
    void aKilledDemoLeavesNoProcessAndNoPort() throws IOException {
        killAndLookAround("KILL");
    }

    @Test
    void anInterruptedDemoLeavesNoProcessAndNoPort() throws IOException {
        killAndLookAround("INT");
    }

    private static void killAndLookAround(String signal) throws IOException {
        try (var directory = TemporaryDirectory.create("killed-")) {
            var log = directory.resolve("log");
            // After SIGKILL nobody removes its temporary directories: so they are made in ours, which the servers' own account must enter.
            Files.setPosixFilePermissions(directory.path(), PosixFilePermissions.fromString("rwxr-xr-x"));
            var command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.io.tmpdir=" + directory.path(),
                    "-cp", System.getProperty("java.class.path"), Pieces.class.getName());
            try (var demo = LocalProcess.start(command, Map.of(), log)) {
                await().atMost(Duration.ofSeconds(60)).until(() -> demo.isAlive() && line(log).startsWith(READY) || failed(demo, log));
                var children = ProcessHandle.of(demo.pid()).orElseThrow().descendants().toList();
                assertThat(children).as("postgres with its own, redis, and a worker").hasSizeGreaterThanOrEqualTo(3);
                signal(demo, signal);
                await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(children).noneMatch(ProcessHandle::isAlive));
                for (var port : line(log).substring(READY.length()).split(" ")) {
                    assertThat(isOpen(Integer.parseInt(port))).as("port " + port).isFalse();
                }
            }
        }
    }

    private static void signal(LocalProcess demo, String signal) {
        if (signal.equals("KILL")) {
            demo.kill();
        } else {
            LocalProcess.start(List.of("kill", "-s", signal, String.valueOf(demo.pid())), Map.of(), Path.of("/dev/null")).waitFor();
        }
    }

    private static boolean failed(LocalProcess demo, Path log) throws IOException {
        if (!demo.isAlive()) {
            throw new IllegalStateException("the pieces ended by themselves:\n" + Files.readString(log));
        }
        return false;
    }

    private static String line(Path log) {
        try {
            return Files.readAllLines(log).stream().filter(line -> line.startsWith(READY)).findFirst().orElse("");
        } catch (IOException e) {
            return "";
        }
    }

    private static boolean isOpen(int port) {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException refused) {
            return false;
        }
    }
}
