package dev.mastodonmigration.target.aws.ec2;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mastodonmigration.mastodon.MastodonEnvironment;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import dev.mastodonmigration.outside.OutsideException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The environment as parameters: JSON objects of several variables each, because a parameter holds 4 KB and AWS takes three of them a second. A variable that is longer goes on in the next one.
 *
 * @param revision  changes with any variable
 * @param documents the parameters' values, in their order
 */
public record EnvironmentParameters(String revision, List<String> documents) {
    /** Of a parameter of the standard tier (docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html). */
    static final int LONGEST_DOCUMENT = 4096;
    /** Written before a variable's name that streaming has otherwise than the others. */
    static final String STREAMING = "streaming/";
    private static final int LONGEST_PIECE = 3500;
    /** MAX_ARG_STRLEN of Linux, name and both ends included. */
    private static final int LONGEST_VARIABLE = 128 * 1024 - 2;
    private static final int REVISION = 12;
    /** ASCII, so that its length is its size. */
    private static final JsonMapper JSON = JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    /**
     * Packs the environment.
     *
     * @param environment of {@link MastodonEnvironment}
     * @throws OutsideException when a value cannot be in any process's environment; the value is not quoted
     */
    public static EnvironmentParameters of(SortedMap<String, String> environment) {
        environment.forEach(EnvironmentParameters::check);
        var all = new TreeMap<>(environment);
        MastodonProcesses.streamingEnvironment(environment).forEach((name, value) -> all.put(STREAMING + name, value));
        var documents = packed(all);
        return new EnvironmentParameters(digest(documents), documents);
    }

    private static void check(String name, String value) {
        if (value.indexOf('\0') >= 0) {
            throw new OutsideException("The variable " + name + " contains a NUL character, which no process can have in its environment. Correct it on the source.", false);
        }
        if (!name.equals(MastodonEnvironment.CA_CERTIFICATES) && name.length() + value.getBytes(StandardCharsets.UTF_8).length > LONGEST_VARIABLE) {
            throw new OutsideException("The variable " + name + " is longer than the 128 KiB that Linux allows a variable. Shorten it on the source.", false);
        }
    }

    private static List<String> packed(Map<String, String> variables) {
        var documents = new ArrayList<String>();
        var open = new LinkedHashMap<String, String>();
        variables.forEach((name, value) -> pieces(value).forEach(piece -> {
            var grown = new LinkedHashMap<>(open);
            if (grown.put(name, piece) != null || json(grown).length() > LONGEST_DOCUMENT) {
                documents.add(json(open));
                open.clear();
            }
            open.put(name, piece);
        }));
        documents.add(json(open));
        return List.copyOf(documents);
    }

    /** At least one, of which none is longer than {@link #LONGEST_PIECE} as JSON. */
    private static List<String> pieces(String value) {
        var pieces = new ArrayList<String>();
        var piece = new StringBuilder();
        var size = 0;
        for (var letter : value.codePoints().toArray()) {
            var text = Character.toString(letter);
            var own = json(text).length() - 2;
            if (size + own > LONGEST_PIECE) {
                pieces.add(piece.toString());
                piece.setLength(0);
                size = 0;
            }
            piece.append(text);
            size += own;
        }
        pieces.add(piece.toString());
        return pieces;
    }

    /** Parameter Store takes two opening braces for the name of another parameter, and refuses them. */
    private static String json(Object value) {
        try {
            return JSON.writeValueAsString(value).replace("{{", "\\u007b\\u007b");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("maps of strings are always JSON", e);
        }
    }

    private static String digest(List<String> documents) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(String.join("\n", documents).getBytes(StandardCharsets.UTF_8))).substring(0, REVISION);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The record's own text would show every secret of the instance. */
    @Override
    public String toString() {
        return "EnvironmentParameters[" + revision + ", " + documents.size() + " documents]";
    }
}
