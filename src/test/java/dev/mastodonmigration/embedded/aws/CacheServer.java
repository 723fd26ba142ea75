package dev.mastodonmigration.embedded.aws;

import java.net.InetSocketAddress;

/** A real Redis behind the primary endpoints of replication groups. */
@FunctionalInterface
public interface CacheServer {
    /** Makes it ask for the token that a group is created with. @return where it listens */
    InetSocketAddress create(String token);
}
