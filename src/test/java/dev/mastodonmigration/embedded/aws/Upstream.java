package dev.mastodonmigration.embedded.aws;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.Set;
import org.w3c.dom.Document;

/** moto, behind the proxy. */
final class Upstream implements AutoCloseable {
    /** These belong to one connection, and the JDK's client sets them itself. */
    private static final Set<String> OF_A_CONNECTION = Set.of("host", "connection", "content-length", "expect", "transfer-encoding", "upgrade", "http2-settings", "te", "accept-encoding");

    private final URI address;
    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    Upstream(URI address) {
        this.address = address;
    }

    AwsAnswer pass(AwsCall call) {
        var request = HttpRequest.newBuilder(address.resolve(call.target())).method(call.method(), HttpRequest.BodyPublishers.ofString(call.body()));
        call.headers().forEach((name, value) -> {
            if (!OF_A_CONNECTION.contains(name)) {
                request.header(name, value);
            }
        });
        if (call.accessKey().equals(AwsAccount.KEY_ELSEWHERE)) {
            request.header("x-moto-account-id", AwsAccount.ELSEWHERE);
        }
        try {
            var answer = client.send(request.build(), BodyHandlers.ofString());
            return new AwsAnswer(answer.statusCode(), answer.headers().firstValue("content-type").orElse("text/xml"), answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException("moto does not answer " + call.name(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** A call of the proxy's own, in the region of the client's. */
    AwsAnswer call(AwsCall of, String service, String action, Map<String, String> parameters) {
        return pass(of.another(service, action, parameters));
    }

    /** As {@link #call}, where moto has to know the answer. */
    Document ask(AwsCall of, String service, String action, Map<String, String> parameters) {
        var answer = call(of, service, action, parameters);
        if (!answer.isSuccess()) {
            throw new IllegalStateException("moto refuses " + service + ":" + action + " " + parameters.keySet() + ": " + answer.body());
        }
        return answer.document();
    }

    @Override
    public void close() {
        client.close();
    }
}
