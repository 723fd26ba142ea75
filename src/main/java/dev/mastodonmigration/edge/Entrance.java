package dev.mastodonmigration.edge;

import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * By what users will come to an edge of ours, and how the operator is known there: what it asks at these paths, the edge answers itself, and no side sees it. The paths begin as those do for which controllers are
 * told to let large bodies, event streams and websockets through.
 *
 * @param name      for messages, as "Ingress example-social-front"
 * @param addresses where the world reaches it, by domain of the instance; without those of which that is not known
 * @param web       domain of the instance's pages
 * @param streaming domain of its streaming API; often web's
 * @param key       what {@link #KEY} has to be
 */
public record Entrance(String name, Map<String, FrontAddress> addresses, String web, String streaming, String key) {
    /** Header. */
    public static final String KEY = "X-Edge-Key";
    /** Takes a POST, and answers with {@link #RECEIVED} and how many bytes came, in a line. */
    public static final String BODY = "/api/v2/media/mastodon-migration-edge";
    public static final String RECEIVED = "bytes received: ";
    /** Answers with a stream of two events, and between them says nothing for {@link #SILENCE} milliseconds. */
    public static final String EVENTS = "/api/v1/streaming/mastodon-migration-edge/events";
    public static final String SILENCE = "silence";
    public static final String FIRST_EVENT = "event: first";
    public static final String LAST_EVENT = "event: last";
    /** A websocket that says what it is told. */
    public static final String WEBSOCKET = "/api/v1/streaming/mastodon-migration-edge/websocket";
    private static final String HMAC = "HmacSHA256";

    public Entrance {
        addresses = addresses.entrySet().stream().collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, entry -> inOrder(entry.getValue())));
    }

    /** Whoever tells several does so now in this order, now in that. */
    private static FrontAddress inOrder(FrontAddress address) {
        return switch (address) {
            case FrontAddress.Named named -> named;
            case FrontAddress.Fixed fixed -> new FrontAddress.Fixed(fixed.addresses().stream().sorted().toList());
        };
    }

    /** What an edge that was given this token takes for a key: whoever stands in front sees it, and must not be able to govern the edge by it. */
    public static String key(String token) {
        try {
            var mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(token.getBytes(StandardCharsets.UTF_8), HMAC));
            return HexFormat.of().formatHex(mac.doFinal("entrance".getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException | InvalidKeyException e) {
            throw new IllegalStateException("every Java has " + HMAC, e);
        }
    }

    /** Its addresses in words, the same as long as they are; empty while one is not known. */
    public Optional<String> where() {
        return Stream.of(web, streaming).allMatch(addresses::containsKey) ? Optional.of(new TreeMap<>(addresses).values().stream().map(FrontAddress::words).distinct().collect(Collectors.joining(", "))) : Optional.empty();
    }

    /** Without the key. */
    @Override
    public String toString() {
        return name + " " + addresses;
    }
}
