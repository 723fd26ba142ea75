package dev.mastodonmigration.embedded.aws;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
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
        var request = HttpRequest.newBuilder(address.resolve(call.target())).method(call.method(), HttpRequest.BodyPublishers.ofString(call.body(), AwsCall.charset(call.headers())));
        call.headers().forEach((name, value) -> {
            if (!OF_A_CONNECTION.contains(name)) {
                request.header(name, value);
            }
        });
        if (call.accessKey().equals(AwsAccount.KEY_ELSEWHERE)) {
            request.header("x-moto-account-id", AwsAccount.ELSEWHERE);
        }
        try {
            var answer = client.send(request.build(), call.service().equals("s3") ? BodyHandlers.ofString(StandardCharsets.ISO_8859_1) : BodyHandlers.ofString());
            return new AwsAnswer(answer.statusCode(), answer.headers().firstValue("content-type").orElse("text/xml"), answer.body(), kept(call, answer.headers()));
        } catch (IOException e) {
            throw new UncheckedIOException("moto does not answer " + call.name(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Of S3's answers, whose headers are part of them. The length is that of what a HEAD has not got. */
    private static Map<String, String> kept(AwsCall call, HttpHeaders all) {
        var kept = new TreeMap<String, String>();
        if (call.service().equals("s3")) {
            all.map().forEach((name, values) -> {
                if (name.matches("(?i)etag|content-range|last-modified|x-amz-.*") || call.method().equals("HEAD") && name.equalsIgnoreCase("content-length")) {
                    kept.put(name, values.getFirst());
                }
            });
        }
        return kept;
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
