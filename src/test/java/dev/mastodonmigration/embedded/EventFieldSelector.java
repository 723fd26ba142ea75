package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventList;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.http.MockResponse;
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
        var events = Serialization.unmarshal(all.getBody().readUtf8(), EventList.class);
        events.setItems(events.getItems().stream().filter((Event event) -> uid.equals(event.getInvolvedObject().getUid())).toList());
        return new MockResponse().setResponseCode(200).setHeader("Content-Type", "application/json").setBody(Serialization.asJson(events));
    }
}
