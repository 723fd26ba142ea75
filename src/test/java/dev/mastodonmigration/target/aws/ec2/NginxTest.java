package dev.mastodonmigration.target.aws.ec2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.FreePort;
import dev.mastodonmigration.embedded.LocalProcess;
import dev.mastodonmigration.embedded.RequiredProgram;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The generated nginx.conf in nginx itself, before a web and a streaming server that refuse what Mastodon's refuse. */
class NginxTest {
    private static final String USER = "GET %s HTTP/1.1\r\nHost: www.example.social\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n";

    @TempDir
    static Path directory;
    private static final Upstreams UPSTREAMS = new Upstreams();
    private static int port;
    private static LocalProcess nginx;

    @BeforeAll
    static void start() throws IOException {
        RequiredProgram.NGINX.require();
        UPSTREAMS.start();
        port = FreePort.find();
        var config = Files.writeString(directory.resolve("nginx.conf"), here(UserData.nginx()));
        var checked = RequiredProgram.NGINX.run("-t", "-c", config.toString());
        assertThat(checked.code()).as(checked.output()).isZero();
        nginx = LocalProcess.start(List.of(RequiredProgram.NGINX.path().toString(), "-c", config.toString(), "-g", "daemon off;"), Map.of(), directory.resolve("log"));
        Awaitility.await("nginx").atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(20)).ignoreExceptions().until(() -> {
            new Socket("127.0.0.1", port).close();
            return true;
        });
    }

    /** What the machine has for itself alone is not touched here: ports, and where it writes. */
    private static String here(String config) throws IOException {
        Files.createDirectories(directory.resolve("cache"));
        var temporary = new StringBuilder("http {\n");
        for (var kind : List.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi")) {
            temporary.append("    ").append(kind).append("_temp_path ").append(directory.resolve(kind)).append(";\n");
        }
        return config.replace("user www-data;", LocalProcess.isRoot() ? "user root;" : "").replace("/var/log/nginx", directory.toString()).replace("/run/nginx.pid", directory + "/pid")
                .replace("/var/cache/nginx", directory + "/cache").replace("listen 80 ", "listen 127.0.0.1:" + port + " ").replace("worker_processes auto", "worker_processes 1")
                .replace("worker_connections 16384", "worker_connections 64").replace("worker_rlimit_nofile 65536;", "")
                .replace("127.0.0.1:3000", "127.0.0.1:" + UPSTREAMS.webPort()).replace("127.0.0.1:4000", "127.0.0.1:" + UPSTREAMS.streamingPort()).replaceFirst("http \\{\n", temporary.toString());
    }

    @AfterAll
    static void stop() {
        if (nginx != null) {
            nginx.close();
        }
        UPSTREAMS.close();
    }

    @Test
    void theLoadBalancersHealthCheckIsAnsweredByItsAddressAndWithoutAWordOfHttps() throws IOException {
        assertThat(answer("GET /health HTTP/1.1\r\nHost: 10.0.1.17\r\nConnection: close\r\n\r\n")).startsWith("HTTP/1.1 200").endsWith("OK");
    }

    @Test
    void aUserWhoComesByHttpsIsNotRedirectedToHttps() throws IOException {
        assertThat(answer(USER.formatted("/about"))).startsWith("HTTP/1.1 200").contains("host=www.example.social").contains("forwarded-for=203.0.113.9, 127.0.0.1");
    }

    @Test
    void oneWhoComesByHttpIsAndTheAnswerIsNotKeptForTheOthers() throws IOException {
        assertThat(answer(USER.formatted("/once").replace("https", "http"))).startsWith("HTTP/1.1 301").contains("Location: https://www.example.social/once");
        assertThat(answer(USER.formatted("/once"))).startsWith("HTTP/1.1 200");
        assertThat(answer(USER.formatted("/once").replace("www.example.social", "other.example"))).startsWith("HTTP/1.1 403");
    }

    @Test
    void filesAreCachedHereAndByBrowsersAndAnswersOfTheApiAreNot() throws IOException {
        assertThat(answer(USER.formatted("/packs/application.js"))).contains("X-Cached: MISS").contains("Cache-Control: public, max-age=2419200, must-revalidate");
        assertThat(answer(USER.formatted("/packs/application.js"))).contains("X-Cached: HIT").contains("Cache-Control: public, max-age=2419200, must-revalidate");
        assertThat(UPSTREAMS.asked("/packs/application.js")).isEqualTo(1);
        assertThat(answer(USER.formatted("/packs/missing.js"))).startsWith("HTTP/1.1 404").doesNotContain("max-age=2419200");
        answer(USER.formatted("/api/v1/timelines/home"));
        assertThat(answer(USER.formatted("/api/v1/timelines/home"))).contains("Cache-Control: private, no-store");
        assertThat(UPSTREAMS.asked("/api/v1/timelines/home")).isEqualTo(2);
    }

    @Test
    void uploadsAreAsLargeAsMastodonTakesThem() throws IOException {
        var head = "POST /api/v2/media HTTP/1.1\r\nHost: www.example.social\r\nX-Forwarded-Proto: https\r\nConnection: close\r\nContent-Length: %d\r\n\r\n";
        assertThat(answer(head.formatted(99 * 1024 * 1024 + 1))).startsWith("HTTP/1.1 413");
        assertThat(answer(head.formatted(3 * 1024 * 1024) + "x".repeat(3 * 1024 * 1024))).startsWith("HTTP/1.1 200").contains("size=" + 3 * 1024 * 1024);
    }

    @Test
    void aWebsocketReachesStreaming() throws Exception {
        var received = new CompletableFuture<String>();
        try (var client = HttpClient.newHttpClient()) {
            var socket = client.newWebSocketBuilder().header("X-Forwarded-Proto", "https").buildAsync(URI.create("ws://127.0.0.1:" + port + "/api/v1/streaming?stream=user"), new WebSocket.Listener() {
                @Override
                public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
                    received.complete(text.toString());
                    return null;
                }
            }).get(20, TimeUnit.SECONDS);
            socket.sendText("hello", true);
            assertThat(received.get(20, TimeUnit.SECONDS)).isEqualTo("hello from /api/v1/streaming?stream=user by https");
            socket.abort();
        }
    }

    @Test
    void whatIsStreamedIsNotHeldBack() throws Exception {
        try (var socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(USER.formatted("/api/v1/streaming/public").getBytes(StandardCharsets.UTF_8));
            var read = new StringBuilder();
            while (!read.toString().contains(":thump")) {
                var letter = socket.getInputStream().read();
                assertThat(letter).as(read.toString()).isNotNegative();
                read.append((char) letter);
            }
        }
    }

    @Test
    void accessTokensAreNotInTheLog() throws IOException {
        answer(USER.formatted("/api/v1/instance?access_token=token-of-a-user"));
        Awaitility.await("logged").atMost(Duration.ofSeconds(20)).until(() -> Files.readString(directory.resolve("access.log")).contains("www.example.social/api/v1/instance HTTP/1.1"));
        assertThat(directory.resolve("access.log")).content().contains("203.0.113.9").doesNotContain("token-of-a-user");
    }

    private static String answer(String request) throws IOException {
        try (var socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
