package dev.mastodonmigration.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Finds what an API server did not keep of what it was sent: a CustomResourceDefinition of an older version prunes fields that it does not know, in silence. */
final class LostFields {
    private LostFields() {}

    /** Paths such as {@code status.internal.standby}; empty when everything was kept. */
    static List<String> between(JsonNode sent, JsonNode kept) {
        var lost = new ArrayList<String>();
        collect("status", sent, kept, lost);
        return lost.stream().distinct().toList();
    }

    private static void collect(String path, JsonNode sent, JsonNode kept, List<String> lost) {
        if (sent.isObject()) {
            sent.properties().forEach(field -> {
                if (kept.has(field.getKey())) {
                    collect(path + "." + field.getKey(), field.getValue(), kept.get(field.getKey()), lost);
                } else if (!isNothing(field.getValue())) {
                    lost.add(path + "." + field.getKey());
                }
            });
        } else if (sent.isArray()) {
            for (int i = 0; i < Math.min(sent.size(), kept.size()); i++) {
                collect(path + "[]", sent.get(i), kept.get(i), lost);
            }
        }
    }

    private static boolean isNothing(JsonNode value) {
        return value.isNull() || value.isContainerNode() && value.isEmpty();
    }
}
