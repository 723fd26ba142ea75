package dev.mastodonmigration.embedded.aws;

import java.net.InetSocketAddress;

/** A real database server behind the endpoints of instances. */
@FunctionalInterface
public interface RdsServer {
    /** Makes what an instance is created with. @return where it listens */
    InetSocketAddress create(String database, String user, String password);
}
