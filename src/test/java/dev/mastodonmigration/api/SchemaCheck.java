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
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/** Does what an API server does with a structural schema and its CEL rules, so that they are tried without one. */
public final class SchemaCheck {
    private static final CelCompiler COMPILER = CelCompilerFactory.standardCelCompilerBuilder().setStandardMacros(CelStandardMacro.STANDARD_MACROS)
            .addVar("self", SimpleType.DYN).addVar("oldSelf", SimpleType.DYN).build();
    private static final CelRuntime RUNTIME = CelRuntimeFactory.standardCelRuntimeBuilder().build();
    private static final Map<String, CelRuntime.Program> PROGRAMS = new ConcurrentHashMap<>();
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Kinds of mistakes, as the causes of an API server's answer name them. */
    public enum Reason { FieldValueRequired, FieldValueNotSupported, FieldValueTypeInvalid, FieldValueInvalid }

    /**
     * One mistake.
     *
     * @param path   of the field, with a point before each name
     * @param reason kind of mistake
     * @param words  what is wrong with it
     */
    public record Finding(String path, Reason reason, String words) {
        @Override
        public String toString() {
            return path + words;
        }
    }

    private final List<Finding> findings = new ArrayList<>();

    private SchemaCheck() {}

    /** What an API server would refuse; empty when it would accept. Without an old value, rules on changes are not run. */
    public static List<Finding> findings(JsonNode schema, JsonNode value, Optional<JsonNode> old) {
        var check = new SchemaCheck();
        check.visit("", schema, value, old);
        return check.findings;
    }

    /** The same, each as one line. */
    static List<String> of(JsonNode schema, JsonNode value, Optional<JsonNode> old) {
        return findings(schema, value, old).stream().map(Finding::toString).toList();
    }

    private void add(String path, Reason reason, String words) {
        findings.add(new Finding(path, reason, words));
    }

    private void visit(String path, JsonNode schema, JsonNode value, Optional<JsonNode> old) {
        if (!isOfType(schema, value)) {
            add(path, Reason.FieldValueTypeInvalid, " is not of type " + schema.path("type").asText());
            return;
        }
        scalar(path, schema, value);
        schema.path("required").forEach(name -> {
            if (!value.has(name.asText())) {
                add(path + "." + name.asText(), Reason.FieldValueRequired, " is required");
            }
        });
        if (value.isObject()) {
            value.properties().forEach(field -> {
                var of = schema.path("properties").has(field.getKey()) ? schema.path("properties").get(field.getKey()) : schema.get("additionalProperties");
                if (of != null) {
                    visit(path + "." + field.getKey(), of, field.getValue(), old.map(before -> before.get(field.getKey())));
                } else if (!SchemaShape.keepsUnknown(schema)) {
                    add(path + "." + field.getKey(), Reason.FieldValueInvalid, " is unknown");
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
            add(path, Reason.FieldValueNotSupported, " is none of " + schema.get("enum"));
        }
        if (schema.has("pattern") && !Pattern.compile(schema.get("pattern").asText()).matcher(value.asText()).find()) {
            add(path, Reason.FieldValueInvalid, " does not match " + schema.get("pattern").asText());
        }
        if (schema.has("minimum") && value.asDouble() < schema.get("minimum").asDouble() || schema.has("maximum") && value.asDouble() > schema.get("maximum").asDouble()) {
            add(path, Reason.FieldValueInvalid, " is out of range");
        }
        if (schema.has("minLength") && value.asText().length() < schema.get("minLength").asInt() || schema.has("maxLength") && value.asText().length() > schema.get("maxLength").asInt()
                || schema.has("minItems") && value.size() < schema.get("minItems").asInt() || schema.has("maxItems") && value.size() > schema.get("maxItems").asInt()) {
            add(path, Reason.FieldValueInvalid, " is too short or too long");
        }
    }

    private void rule(String path, JsonNode rule, JsonNode value, Optional<JsonNode> old) {
        var text = rule.get("rule").asText();
        if (text.contains("oldSelf") && old.isEmpty()) {
            return;
        }
        try {
            var variables = Map.of("self", plain(value), "oldSelf", old.map(SchemaCheck::plain).orElse(Map.of()));
            if (!Boolean.TRUE.equals(PROGRAMS.computeIfAbsent(text, SchemaCheck::program).eval(variables))) {
                add(path, Reason.FieldValueInvalid, ": " + rule.get("message").asText());
            }
        } catch (CelEvaluationException e) {
            throw new IllegalStateException(path + ": the rule " + text + " is not valid", e);
        }
    }

    private static CelRuntime.Program program(String rule) {
        try {
            return RUNTIME.createProgram(COMPILER.compile(rule).getAst());
        } catch (CelValidationException | CelEvaluationException e) {
            throw new IllegalStateException("the rule " + rule + " is not valid", e);
        }
    }

    private static Object plain(JsonNode value) {
        return JSON.convertValue(value, Object.class);
    }

    private static boolean isOfType(JsonNode schema, JsonNode value) {
        if (schema.path("x-kubernetes-int-or-string").asBoolean()) {
            return value.isIntegralNumber() || value.isTextual();
        }
        return switch (schema.path("type").asText()) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isTextual();
            case "boolean" -> value.isBoolean();
            case "integer" -> value.isIntegralNumber();
            case "number" -> value.isNumber();
            default -> SchemaShape.keepsUnknown(schema);
        };
    }
}
