package dev.mastodonmigration.target.aws;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
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
        new ObjectMapper().readTree(file.toFile()).get("Statement").forEach(statements::add);
        if (statements.stream().anyMatch(statement -> !"Allow".equals(statement.get("Effect").asText()) || statement.has("NotAction") || statement.has("NotResource"))) {
            throw new IllegalArgumentException("a statement that this does not know how to read");
        }
    }

    /** Every action that some statement names. */
    List<String> actions() {
        return statements.stream().flatMap(statement -> texts(statement.get("Action"))).distinct().sorted().toList();
    }

    boolean allows(IamAsk ask) {
        return statements.stream().anyMatch(statement -> texts(statement.get("Action")).anyMatch(ask.action()::equals) && texts(statement.get("Resource")).anyMatch(pattern -> matches(pattern, ask.resource()))
                && (!statement.has("Condition") || fits(statement.get("Condition"), ask.context())));
    }

    private static boolean fits(JsonNode conditions, Map<String, String> context) {
        return conditions.properties().stream().allMatch(operator -> operator.getValue().properties().stream().allMatch(key -> switch (operator.getKey()) {
            case "Null" -> key.getValue().asText().equals(String.valueOf(!context.containsKey(key.getKey())));
            case "StringEquals" -> context.containsKey(key.getKey()) && texts(key.getValue()).anyMatch(context.get(key.getKey())::equals);
            // True of a key that the request lacks, as IAM has it.
            case "ForAllValues:StringEquals" -> !context.containsKey(key.getKey()) || texts(key.getValue()).anyMatch(context.get(key.getKey())::equals);
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
