package dev.mastodonmigration.edge.proxy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the operator tells an edge at its start, by environment.
 *
 * @param routes      {@code EDGE_ROUTES}, JSON
 * @param id          {@code EDGE_ID}, the migration's uid
 * @param hold        {@code EDGE_HOLD_SECONDS}
 * @param mostHeld    {@code EDGE_MOST_HELD}
 * @param token       content of the file {@code EDGE_TOKEN_FILE}
 * @param stateFile   {@code EDGE_STATE_FILE}, JSON: what the operator wants, as far as the kubelet has brought it here, which takes up to a minute and a half
 * @param peers       {@code EDGE_PEERS}, names that lead to the addresses of all pods of this edge, separated by commas
 * @param address     {@code EDGE_ADDRESS}, on which it listens
 * @param usersPort   {@code EDGE_USERS_PORT}
 * @param controlPort {@code EDGE_CONTROL_PORT}, the same in all pods
 */
record EdgeSettings(Routes routes, String id, Duration hold, int mostHeld, String token, Path stateFile, List<String> peers, String address, int usersPort, int controlPort) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String STATE_FILE = "EDGE_STATE_FILE";
    private static final String HOLD_SECONDS = "15";
    private static final String MOST_HELD = "2000";

    /** @throws IllegalArgumentException which names what is missing or wrong */
    static EdgeSettings of(Map<String, String> environment) {
        return new EdgeSettings(json(required(environment, "EDGE_ROUTES"), Routes.class, "EDGE_ROUTES"), required(environment, "EDGE_ID"),
                Duration.ofSeconds(number(environment, "EDGE_HOLD_SECONDS", HOLD_SECONDS)), number(environment, "EDGE_MOST_HELD", MOST_HELD), read(environment, "EDGE_TOKEN_FILE"),
                stateFile(environment), Pattern.compile(",").splitAsStream(environment.getOrDefault("EDGE_PEERS", "")).filter(name -> !name.isBlank()).toList(), environment.getOrDefault("EDGE_ADDRESS", "0.0.0.0"), number(environment, "EDGE_USERS_PORT", "8080"),
                number(environment, "EDGE_CONTROL_PORT", "8081"));
    }

    private static Path stateFile(Map<String, String> environment) {
        json(read(environment, STATE_FILE), EdgeState.class, STATE_FILE);
        return Path.of(required(environment, STATE_FILE));
    }

    /** What the file says now. */
    EdgeState state() {
        return json(read(Map.of(STATE_FILE, stateFile.toString()), STATE_FILE), EdgeState.class, STATE_FILE);
    }

    private static String required(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank()).orElseThrow(() -> new IllegalArgumentException(name + " is not set"));
    }

    private static int number(Map<String, String> environment, String name, String otherwise) {
        var given = environment.getOrDefault(name, otherwise);
        try {
            return Integer.parseInt(given);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " is no number: " + given, e);
        }
    }

    private static String read(Map<String, String> environment, String name) {
        var file = Path.of(required(environment, name));
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new IllegalArgumentException(name + " cannot be read: " + file, e);
        }
    }

    private static <T> T json(String text, Class<T> type, String name) {
        try {
            return JSON.readValue(text, type);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(name + " is not understood: " + e.getOriginalMessage(), e);
        }
    }
}
