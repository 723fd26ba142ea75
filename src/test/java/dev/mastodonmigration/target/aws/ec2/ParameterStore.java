package dev.mastodonmigration.target.aws.ec2;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.Optional;

/** The operator's side of Parameter Store, straight to moto. */
final class ParameterStore implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final URI address;
    private final HttpClient client = HttpClient.newHttpClient();

    ParameterStore(URI address) {
        this.address = address;
    }

    /** @return its version */
    long put(String name, String type, String value) {
        return send("PutParameter", Map.of("Name", name, "Type", type, "Value", value, "Overwrite", true)).get("Version").longValue();
    }

    Optional<String> find(String name) {
        var found = send("GetParameters", Map.of("Names", new String[] {name}, "WithDecryption", true)).get("Parameters");
        return found.isEmpty() ? Optional.empty() : Optional.of(found.get(0).get("Value").textValue());
    }

    private JsonNode send(String action, Map<String, Object> body) {
        try {
            var answer = client.send(HttpRequest.newBuilder(address).POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)))
                    .header("Content-Type", "application/x-amz-json-1.1").header("X-Amz-Target", "AmazonSSM." + action)
                    .header("Authorization", "AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/eu-central-1/ssm/aws4_request, SignedHeaders=host, Signature=0").build(), BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IllegalStateException(action + ": " + answer.statusCode() + " " + answer.body());
            }
            return JSON.readTree(answer.body());
        } catch (IOException e) {
            throw new IllegalStateException(action, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
