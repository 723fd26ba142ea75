package dev.mastodonmigration.probe;

import java.net.URI;

/**
 * Where an instance is asked, which need not be where its names lead.
 *
 * @param web       as {@code http://example-social-web.mastodon.svc:3000}; with https the certificate must be the domain's that is asked for, whatever the host here
 * @param streaming likewise
 */
public record Endpoint(URI web, URI streaming) {
    /** The same for both, over TLS. */
    public static Endpoint overTls(String host) {
        return overTls(host, host);
    }

    /** @param web name or address, as {@code streaming} */
    public static Endpoint overTls(String web, String streaming) {
        return new Endpoint(https(web), https(streaming));
    }

    private static URI https(String host) {
        return URI.create("https://" + (host.contains(":") ? "[" + host + "]" : host));
    }
}
