package dev.mastodonmigration.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Does what an API server does with a structural schema and its CEL rules, so that they are tried without one. */
final class SchemaCheck {
    private static final CelCompiler COMPILER = CelCompilerFactory.standardCelCompilerBuilder().setStandardMacros(CelStandardMacro.STANDARD_MACROS)
            .addVar("self", SimpleType.DYN).addVar("oldSelf", SimpleType.DYN).build();
    private static final CelRuntime RUNTIME = CelRuntimeFactory.standardCelRuntimeBuilder().build();
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<String> findings = new ArrayList<>();

    private SchemaCheck() {}

    /** What an API server would refuse; empty when it would accept. Without an old value, rules on changes are not run. */
    static List<String> of(JsonNode schema, JsonNode value, Optional<JsonNode> old) {
        var check = new SchemaCheck();
        check.visit("", schema, value, old);
        return check.findings;
    }

    private void visit(String path, JsonNode schema, JsonNode value, Optional<JsonNode> old) {
        if (!isOfType(schema.path("type").asText(), value)) {
            findings.add(path + " is not of type " + schema.path("type").asText());
            return;
        }
        scalar(path, schema, value);
        schema.path("required").forEach(name -> {
            if (!value.has(name.asText())) {
                findings.add(path + "." + name.asText() + " is required");
            }
        });
        if (value.isObject()) {
            value.properties().forEach(field -> {
                var of = schema.path("properties").has(field.getKey()) ? schema.path("properties").get(field.getKey()) : schema.get("additionalProperties");
                if (of == null) {
                    findings.add(path + "." + field.getKey() + " is unknown");
                } else {
                    visit(path + "." + field.getKey(), of, field.getValue(), old.map(before -> before.get(field.getKey())));
                }
            });
        }
        if (value.isArray()) {
            value.forEach(item -> visit(path + "[]", schema.get("items"), item, Optional.empty()));
        }
        schema.path("x-kubernetes-validations").forEach(rule -> rule(path, rule, value, old));
    }

    private void scalar(String path, JsonNode schema, JsonNode value) {
        if (schema.has("enum") && !JSON.convertValue(schema.get("enum"), List.class).contains(value.asText())) {
            findings.add(path + " is none of " + schema.get("enum"));
        }
        if (schema.has("pattern") && !value.asText().matches(schema.get("pattern").asText() + ".*")) {
            findings.add(path + " does not match " + schema.get("pattern").asText());
        }
        if (schema.has("minimum") && value.asDouble() < schema.get("minimum").asDouble() || schema.has("maximum") && value.asDouble() > schema.get("maximum").asDouble()) {
            findings.add(path + " is out of range");
        }
        if (schema.has("minLength") && value.asText().length() < schema.get("minLength").asInt()
                || schema.has("minItems") && value.size() < schema.get("minItems").asInt() || schema.has("maxItems") && value.size() > schema.get("maxItems").asInt()) {
            findings.add(path + " is too short or too long");
        }
    }

    private void rule(String path, JsonNode rule, JsonNode value, Optional<JsonNode> old) {
        var text = rule.get("rule").asText();
        if (text.contains("oldSelf") && old.isEmpty()) {
            return;
        }
        try {
            var program = RUNTIME.createProgram(COMPILER.compile(text).getAst());
            var variables = Map.of("self", plain(value), "oldSelf", old.map(SchemaCheck::plain).orElse(Map.of()));
            if (!Boolean.TRUE.equals(program.eval(variables))) {
                findings.add(path + ": " + rule.get("message").asText());
            }
        } catch (CelValidationException | CelEvaluationException e) {
            throw new IllegalStateException(path + ": the rule " + text + " is not valid", e);
        }
    }

    private static Object plain(JsonNode value) {
        return JSON.convertValue(value, Object.class);
    }

    private static boolean isOfType(String type, JsonNode value) {
        return switch (type) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isTextual();
            case "boolean" -> value.isBoolean();
            case "integer" -> value.isIntegralNumber();
            case "number" -> value.isNumber();
            default -> false;
        };
    }
}
