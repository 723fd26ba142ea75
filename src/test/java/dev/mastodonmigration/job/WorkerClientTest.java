package dev.mastodonmigration.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.mastodonmigration.worker.control.Progress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Workers and operator are of one version, but for the time of an upgrade. */
class WorkerClientTest {
    @Test
    void aWorkerOfAnotherVersionIsUnderstoodAndWhatItDoesNotSayIsNotMadeUp() throws Exception {
        var worker = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        worker.createContext("/progress", exchange -> {
            var body = "{\"stage\":\"in sync\",\"inSync\":true,\"lagChanges\":3,\"said by a later one\":{\"more\":1}}".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        worker.start();
        try {
            assertThat(new WorkerClient().read("http://127.0.0.1:" + worker.getAddress().getPort(), "token")).hasValue(
                    new Progress.Reading("in sync", 0, 0, 0, 0, 0, 0).withLag(3, 0, true));
        } finally {
            worker.stop(0);
        }
    }
}
