package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.embedded.PostgresServer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** One server of each major version for all tests of a run, stopped with the run. */
final class SharedPostgres implements BeforeAllCallback {
    private static final Map<Integer, PostgresServer> SERVERS = new ConcurrentHashMap<>();

    static PostgresServer of(int major) {
        return SERVERS.computeIfAbsent(major, PostgresServer::start);
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        context.getRoot().getStore(ExtensionContext.Namespace.GLOBAL).getOrComputeIfAbsent(SharedPostgres.class, key -> (ExtensionContext.Store.CloseableResource) () -> {
            SERVERS.values().forEach(PostgresServer::close);
            SERVERS.clear();
        });
    }
}
