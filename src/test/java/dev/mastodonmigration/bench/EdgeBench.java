package dev.mastodonmigration.bench;

import dev.mastodonmigration.edge.proxy.EdgeCommand;
import dev.mastodonmigration.embedded.FreePort;
import dev.mastodonmigration.embedded.LocalProcess;
import dev.mastodonmigration.embedded.PackagedJar;
import dev.mastodonmigration.embedded.TemporaryDirectory;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/**
 * Measures the packaged edge against nginx, which does the same with one worker: requests per second as wrk sends them, what a request takes longer at a rate that an instance has, and the memory of many websockets.
 * Both stand before the same server, in turns, in the same run.
 */
public final class EdgeBench {
    private static final int ROUNDS = 5;
    private static final int CONNECTIONS = 64;
    private static final int SECONDS = 8;
    private static final int WARMING_SECONDS = 15;
    private static final int REQUESTS_PER_SECOND = 500;
    private static final int REQUESTS = 5000;
    private static final int WEBSOCKETS = 2000;
    private static final String DOMAIN = "example.social";
    /** A page of the public timeline is some ten times as long, and would make the copying of bytes the most of the work. */
    private static final int ANSWER_BYTES = 4096;
    private static final Pattern RATE = Pattern.compile("Requests/sec:\\s+([0-9.]+)");
    private static final Pattern ERRORS = Pattern.compile("Non-2xx or 3xx responses: (\\d+)|Socket errors: (.*)");

    private final Path home;
    private final int server = FreePort.find();
    private final int nginx = FreePort.find();
    private final int edge = FreePort.find();
    private final List<LocalProcess> processes = new ArrayList<>();
    private LocalProcess edgeProcess;

    private EdgeBench(Path home) {
        this.home = home;
    }

    public static void main(String... arguments) throws Exception {
        try (var home = TemporaryDirectory.create("bench-edge-"); var sockets = new Websockets()) {
            var bench = new EdgeBench(home.path());
            try {
                bench.run(sockets);
            } finally {
                bench.processes.forEach(LocalProcess::close);
            }
        }
    }

    private void run(Websockets sockets) throws Exception {
        Files.writeString(home.resolve("answer"), "m".repeat(ANSWER_BYTES));
        nginx("server", server, "root " + home + "; rewrite ^ /answer break; open_file_cache max=10;");
        nginx("nginx", nginx, """
                proxy_pass http://server;
                proxy_http_version 1.1;
                proxy_set_header Host $host;
                proxy_set_header Connection "";
                proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                proxy_set_header X-Forwarded-Proto https;
                proxy_set_header X-Edge-Hop bench;""");
        startEdge(sockets.port());
        load(edge, WARMING_SECONDS);
        load(nginx, 2);
        rates();
        latencies();
        System.out.println("bench.edge.websockets_open=" + sockets.open(edge, DOMAIN, WEBSOCKETS));
        System.out.println("bench.edge.websockets_mib=" + peakMebibytes());
    }

    private void rates() throws IOException {
        var ours = new ArrayList<Double>();
        var peer = new ArrayList<Double>();
        var ratios = new ArrayList<Double>();
        for (var i = 0; i < ROUNDS; i++) {
            peer.add(load(nginx, SECONDS));
            ours.add(load(edge, SECONDS));
            ratios.add(ours.getLast() / peer.getLast());
        }
        System.out.println("bench.edge.nginx_requests_per_second=" + Math.round(median(peer)));
        System.out.println("bench.edge.requests_per_second=" + Math.round(median(ours)));
        System.out.printf("bench.edge.ratio_vs_nginx=%.2f%n", median(ratios));
    }

    private void latencies() throws Exception {
        var direct = new ArrayList<Double>();
        var peer = new ArrayList<Double>();
        var ours = new ArrayList<Double>();
        try (var pace = new PacedRequests(DOMAIN, REQUESTS_PER_SECOND)) {
            for (var port : List.of(server, nginx, edge)) {
                pace.p99Milliseconds(port, REQUESTS);
            }
            for (var i = 0; i < ROUNDS; i++) {
                direct.add(pace.p99Milliseconds(server, REQUESTS));
                peer.add(pace.p99Milliseconds(nginx, REQUESTS));
                ours.add(pace.p99Milliseconds(edge, REQUESTS));
            }
        }
        System.out.printf("bench.edge.p99_milliseconds=direct %.2f, nginx %.2f, edge %.2f%n", median(direct), median(peer), median(ours));
        System.out.printf("bench.edge.p99_added_milliseconds=%.2f%n", median(ours) - median(direct));
    }

    private static double median(List<Double> figures) {
        return figures.stream().sorted().toList().get(figures.size() / 2);
    }

    /** One thread of wrk: with more it would take from the proxy what it is to measure. */
    private double load(int port, int seconds) throws IOException {
        var command = List.of("wrk", "-t1", "-c" + CONNECTIONS, "-d" + seconds + "s", "-H", "Host: " + DOMAIN, "http://127.0.0.1:" + port + "/api/v1/timelines/public?limit=20");
        var wrk = new ProcessBuilder(command).redirectErrorStream(true).start();
        var output = new String(wrk.getInputStream().readAllBytes());
        var rate = RATE.matcher(output);
        if (!rate.find() || ERRORS.matcher(output).find()) {
            throw new IllegalStateException("wrk: " + output);
        }
        return Double.parseDouble(rate.group(1));
    }

    private void nginx(String name, int port, String location) throws IOException {
        var directory = Files.createDirectories(home.resolve(name));
        var temporary = new StringBuilder();
        for (var kind : List.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi")) {
            temporary.append(kind).append("_temp_path ").append(directory.resolve(kind)).append(";\n");
        }
        var config = Files.writeString(directory.resolve("nginx.conf"), """
                %s
                worker_processes 1;
                pid %s/pid;
                error_log %s/error;
                events { worker_connections 4096; }
                http {
                    access_log off;
                    keepalive_requests 1000000;
                    %s
                    upstream server { server 127.0.0.1:%d; keepalive %d; keepalive_requests 1000000; }
                    server { listen 127.0.0.1:%d; location / { default_type application/json; %s } }
                }
                """.formatted(LocalProcess.isRoot() ? "user root;" : "", directory, directory, temporary, server, CONNECTIONS, port, location));
        start(List.of("/usr/sbin/nginx", "-c", config.toString(), "-g", "daemon off;"), Map.of(), name, port);
    }

    private void startEdge(int websockets) throws IOException {
        var routes = "{\"source\":[{\"domain\":\"%s\",\"prefix\":\"/\",\"upstream\":\"http://127.0.0.1:%d\"},{\"domain\":\"%s\",\"prefix\":\"/api/v1/streaming\",\"upstream\":\"http://127.0.0.1:%d\"}],\"target\":[]}"
                .formatted(DOMAIN, server, DOMAIN, websockets);
        var environment = Map.of("EDGE_ROUTES", routes, "EDGE_ID", "bench", "EDGE_TOKEN_FILE", Files.writeString(home.resolve("token"), "token").toString(),
                "EDGE_STATE_FILE", Files.writeString(home.resolve("state"), "{\"mode\":\"SOURCE\",\"generation\":1}").toString(),
                "EDGE_ADDRESS", "127.0.0.1", "EDGE_USERS_PORT", String.valueOf(edge), "EDGE_CONTROL_PORT", String.valueOf(FreePort.find()));
        edgeProcess = start(PackagedJar.command(List.of(EdgeCommand.JVM_OPTIONS.split(" ")), PackagedJar.LoadedClasses.OF_THEIR_OWN, List.of("edge")), environment, "edge", edge);
    }

    private LocalProcess start(List<String> command, Map<String, String> environment, String name, int port) {
        var log = home.resolve(name + ".log");
        var process = LocalProcess.start(command, environment, log);
        processes.add(process);
        Awaitility.await(name).atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(50)).ignoreExceptions().failFast(name + " ended", () -> !process.isAlive()).until(() -> {
            new Socket("127.0.0.1", port).close();
            return true;
        });
        return process;
    }

    /** The most that it ever had, as the kernel counts it: the load before the websockets is in it. */
    private long peakMebibytes() throws IOException {
        try (var lines = Files.lines(Path.of("/proc", String.valueOf(edgeProcess.pid()), "status"))) {
            return lines.filter(line -> line.startsWith("VmHWM:")).map(line -> line.replaceAll("\\D", "")).mapToLong(Long::parseLong).findFirst().orElseThrow() >> 10;
        }
    }
}
