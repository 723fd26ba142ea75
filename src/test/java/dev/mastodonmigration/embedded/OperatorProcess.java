package dev.mastodonmigration.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;

/** The packaged operator as its own process, as in its pod; it can be killed and started again at any moment. */
public final class OperatorProcess implements AutoCloseable {
    private static final List<String> JVM = List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");
    private static final Duration READY_WITHIN = Duration.ofSeconds(60);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);
    private static final int OK = 200;
    /** Its threads may still speak behind the line that says why it ends. */
    private static final int LAST_WORDS = 200;
    private static final String ENDS_ITSELF = "This operator ends, so that no two act at once";

    private final Map<String, String> environment = new HashMap<>();
    private final Path log;
    private final int port = FreePort.find();
    private final HttpClient http = HttpClient.newHttpClient();
    private LocalProcess process;
    private boolean isKept;
    private final List<String> restarts = new CopyOnWriteArrayList<>();

    private OperatorProcess(EmbeddedApiServer server, String namespace, Map<String, String> settings, Path log) {
        this.log = log;
        environment.putAll(server.environment(namespace));
        environment.putAll(Map.of("QUARKUS_HTTP_HOST", "127.0.0.1", "QUARKUS_HTTP_PORT", String.valueOf(port), "QUARKUS_OPERATOR_SDK_NAMESPACES", namespace));
        environment.put("POD_NAME", "operator-" + port); // the pod's, over all starts of its container
        environment.putAll(settings);
    }

    /**
     * Starts the operator against that API server.
     *
     * @param settings further environment, such as MASTODON_MIGRATION_WORKER_PORT
     * @param log      where its output goes, over all restarts
     */
    public static OperatorProcess start(EmbeddedApiServer server, String namespace, Map<String, String> settings, Path log) {
        var operator = new OperatorProcess(server, namespace, settings, log);
        operator.start();
        return operator;
    }

    private synchronized void start() {
        process = LocalProcess.start(PackagedJar.command(JVM, List.of("operator")), environment, log);
    }

    /** Starts it again where it has ended itself, as a kubelet does: an operator whose Lease could not be renewed in time, as on a busy machine, does. */
    public synchronized OperatorProcess keptRunning() {
        isKept = true;
        Thread.ofPlatform().daemon().name("operator-kubelet").start(() -> {
            while (startAgainWhereItEndedItself()) {
                LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
            }
        });
        return this;
    }

    private synchronized boolean startAgainWhereItEndedItself() {
        if (isKept && !process.isAlive()) {
            logTail(LAST_WORDS).lines().filter(line -> line.contains(ENDS_ITSELF)).reduce((first, last) -> last).filter(why -> !restarts.contains(why)).ifPresent(why -> {
                restarts.add(why);
                start();
            });
        }
        return isKept;
    }

    /** Why it ended itself, each time that it was started again for that, in its own words. */
    public List<String> restarts() {
        return List.copyOf(restarts);
    }

    /** Waits until its health check says ready. */
    public OperatorProcess awaitReady() {
        Awaitility.await("operator ready; its log:\n" + log).atMost(READY_WITHIN).pollInterval(Duration.ofMillis(100)).until(this::isReady);
        return this;
    }

    /** Asks its health check without a pause, as if it were all kubelets at once, until it says ready. */
    public void probeUntilReady() {
        Awaitility.await("operator ready").atMost(READY_WITHIN).pollInSameThread().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1)).until(this::answersReady);
    }

    private boolean isReady() throws InterruptedException {
        if (!isAlive() && !isKept) {
            throw new IllegalStateException("the operator ended:\n" + logTail(40));
        }
        return answersReady();
    }

    private boolean answersReady() throws InterruptedException {
        try {
            var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/q/health/ready")).timeout(Duration.ofSeconds(2)).build();
            return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == OK;
        } catch (IOException notYet) {
            return false;
        }
    }

    public URI url() {
        return URI.create("http://127.0.0.1:" + port);
    }

    public synchronized boolean isAlive() {
        return process.isAlive();
    }

    /** SIGKILL: what a crash looks like. */
    public synchronized void kill() {
        process.kill();
    }

    /** SIGTERM, as when its pod is deleted. */
    public synchronized void stop() {
        process.stop(30);
    }

    /** SIGSTOP: a pod whose node stands still. */
    public synchronized void pause() {
        process.signal("STOP");
    }

    /** SIGCONT, after {@link #pause}. */
    public synchronized void resume() {
        process.signal("CONT");
    }

    /** Starts it anew, after {@link #kill} or instead of the one that runs. */
    public synchronized void restart() {
        process.kill();
        start();
    }

    /** The last lines that it printed. */
    public String logTail(int lines) {
        try {
            var all = Files.readAllLines(log);
            return String.join("\n", all.subList(Math.max(0, all.size() - lines), all.size()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public synchronized void close() {
        isKept = false;
        process.close();
        http.close();
    }
}
