package dev.mastodonmigration.embedded;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.http.MockResponse;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Lists events by the uid of what they are about, as an API server does; Fabric8's CRUD server selects by no field of an event. */
final class EventFieldSelector {
    private static final Pattern SELECTOR = Pattern.compile("(/events)\\?fieldSelector=(involvedObject\\.uid(?:%3D|=)([^&]*))$");

    private EventFieldSelector() {}

    /** @param get answers a path without it */
    static MockResponse answer(String path, Function<String, MockResponse> get) {
        var selector = SELECTOR.matcher(path);
        if (!selector.find()) {
            return get.apply(path);
        }
        var uid = URLDecoder.decode(selector.group(3), StandardCharsets.UTF_8);
        var all = get.apply(selector.replaceFirst("$1"));
        try {
            var events = Serialization.jsonMapper().readTree(all.getBody().readUtf8());
            for (var items = events.path("items").elements(); items.hasNext();) {
                if (!uid.equals(items.next().at("/involvedObject/uid").asText())) {
                    items.remove();
                }
            }
            return new MockResponse().setResponseCode(200).setHeader("Content-Type", "application/json").setBody(events.toString());
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
