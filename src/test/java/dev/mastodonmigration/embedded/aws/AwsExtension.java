package dev.mastodonmigration.embedded.aws;

import dev.mastodonmigration.embedded.Moto;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** An empty AWS for each test, as a {@code @RegisterExtension} field. The test is skipped where moto is missing. */
public final class AwsExtension implements BeforeEachCallback, AfterEachCallback {
    private AwsFaultProxy proxy;
    private WireClient client;

    public AwsFaultProxy proxy() {
        return proxy;
    }

    WireClient client() {
        return client;
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        Moto.require();
        proxy = AwsFaultProxy.before(Moto.shared());
        client = new WireClient(proxy.address());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (proxy != null) {
            client.close();
            proxy.close();
        }
    }
}
