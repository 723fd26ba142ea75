package dev.mastodonmigration.target.aws;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;

/**
 * A statement of the example policies. They are bundled, as deploy/examples has them, so that what Preflight asks for is what the README tells an admin to allow; tests hold both
 * against every call (IamPolicyTest, MachinesPolicyTest).
 *
 * @param conditions values by operator and key, as {@code Null}, {@code aws:RequestTag/…}, {@code false}
 */
record PolicyStatement(String sid, List<String> actions, List<String> resources, Map<String, Map<String, List<String>>> conditions) {
    static final List<String> FILES = List.of("iam-policy.json", "iam-policy-ec2.json");
    static final String ANYTHING = "*";

    /** Those of all files. */
    static List<PolicyStatement> all() {
        return FILES.stream().flatMap(file -> StreamSupport.stream(read(file).path("Statement").spliterator(), false)).map(PolicyStatement::of).distinct().toList();
    }

    AwsPart part() {
        return AwsPart.of(sid);
    }

    PolicyStatement with(Collection<String> otherActions, Collection<String> otherResources) {
        return new PolicyStatement(sid, List.copyOf(otherActions), List.copyOf(otherResources), conditions);
    }

    PolicyStatement with(Map<String, Map<String, List<String>>> otherConditions) {
        return new PolicyStatement(sid, actions, resources, otherConditions);
    }

    /** A whole policy, on one line. */
    static String json(List<PolicyStatement> statements) {
        var policy = JsonNodeFactory.instance.objectNode().put("Version", "2012-10-17");
        var all = policy.putArray("Statement");
        statements.forEach(statement -> all.add(statement.json()));
        return policy.toString();
    }

    private ObjectNode json() {
        var statement = JsonNodeFactory.instance.objectNode().put("Sid", sid).put("Effect", "Allow");
        statement.set("Action", oneOrMany(actions));
        statement.set("Resource", oneOrMany(resources));
        if (!conditions.isEmpty()) {
            var all = statement.putObject("Condition");
            conditions.forEach((operator, keys) -> {
                var one = all.putObject(operator);
                keys.forEach((key, values) -> one.set(key, oneOrMany(values)));
            });
        }
        return statement;
    }

    private static PolicyStatement of(JsonNode statement) {
        var conditions = new TreeMap<String, Map<String, List<String>>>();
        statement.path("Condition").properties().forEach(operator -> operator.getValue().properties()
                .forEach(key -> conditions.computeIfAbsent(operator.getKey(), any -> new TreeMap<>()).put(key.getKey(), texts(key.getValue()))));
        return new PolicyStatement(statement.path("Sid").asText(), texts(statement.path("Action")), texts(statement.path("Resource")), conditions);
    }

    private static JsonNode oneOrMany(List<String> values) {
        if (values.size() == 1) {
            return JsonNodeFactory.instance.textNode(values.getFirst());
        }
        var many = JsonNodeFactory.instance.arrayNode();
        values.forEach(many::add);
        return many;
    }

    private static List<String> texts(JsonNode oneOrMany) {
        return oneOrMany.isArray() ? StreamSupport.stream(oneOrMany.spliterator(), false).map(JsonNode::asText).toList() : List.of(oneOrMany.asText());
    }

    private static JsonNode read(String file) {
        try (var in = PolicyStatement.class.getResourceAsStream(file)) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
