package dev.mastodonmigration.target.aws;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Decides as IAM does, as far as our policy goes: a statement allows what its action, its resource and all its conditions fit. */
final class IamPolicy {
    private final List<JsonNode> statements = new ArrayList<>();

    IamPolicy(Path file) throws IOException {
        this(Files.readString(file));
    }

    IamPolicy(String json) throws IOException {
        new ObjectMapper().readTree(json).get("Statement").forEach(statements::add);
        if (statements.stream().anyMatch(statement -> statement.has("NotAction") || statement.has("NotResource"))) {
            throw new IllegalArgumentException("a statement that this does not know how to read");
        }
    }

    /** Both. */
    IamPolicy and(IamPolicy other) {
        var all = new IamPolicy();
        all.statements.addAll(statements);
        all.statements.addAll(other.statements);
        return all;
    }

    /** The same, in which no statement names the action. */
    IamPolicy without(String action) {
        var rest = new IamPolicy();
        for (var statement : statements) {
            var left = texts(statement.get("Action")).filter(one -> !one.equals(action)).toList();
            if (!left.isEmpty()) {
                var copy = (ObjectNode) statement.deepCopy();
                left.forEach(copy.putArray("Action")::add);
                rest.statements.add(copy);
            }
        }
        return rest;
    }

    private IamPolicy() {}

    /** Every action that some statement names. */
    List<String> actions() {
        return statements.stream().flatMap(statement -> texts(statement.get("Action"))).distinct().sorted().toList();
    }

    boolean allows(IamAsk ask) {
        return decide(ask.action(), ask.resource(), ask.context().entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, entry -> List.of(entry.getValue())))).equals("allowed");
    }

    /** In IAM's words; what a statement denies no other allows. */
    String decide(String action, String resource, Map<String, List<String>> context) {
        var effects = statements.stream().filter(statement -> texts(statement.get("Action")).anyMatch(pattern -> matches(pattern, action)) && texts(statement.get("Resource")).anyMatch(pattern -> matches(pattern, resource))
                && (!statement.has("Condition") || fits(statement.get("Condition"), context))).map(statement -> statement.get("Effect").asText()).toList();
        return effects.contains("Deny") ? "explicitDeny" : effects.contains("Allow") ? "allowed" : "implicitDeny";
    }

    private static boolean fits(JsonNode conditions, Map<String, List<String>> context) {
        return conditions.properties().stream().allMatch(operator -> operator.getValue().properties().stream().allMatch(key -> switch (operator.getKey()) {
            case "Null" -> key.getValue().asText().equals(String.valueOf(!context.containsKey(key.getKey())));
            case "StringEquals" -> context.containsKey(key.getKey()) && context.get(key.getKey()).size() == 1 && texts(key.getValue()).anyMatch(context.get(key.getKey()).getFirst()::equals);
            // True of a key that the request lacks, as IAM has it.
            case "ForAllValues:StringEquals" -> !context.containsKey(key.getKey()) || texts(key.getValue()).toList().containsAll(context.get(key.getKey()));
            default -> throw new IllegalArgumentException("an operator that this does not know: " + operator.getKey());
        }));
    }

    private static boolean matches(String pattern, String resource) {
        return Pattern.matches(Stream.of(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")), resource);
    }

    private static Stream<String> texts(JsonNode oneOrMany) {
        return oneOrMany.isArray() ? StreamSupport.stream(oneOrMany.spliterator(), false).map(JsonNode::asText) : Stream.of(oneOrMany.asText());
    }
}
