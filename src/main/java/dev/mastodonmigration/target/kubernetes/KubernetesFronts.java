package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.OperatorConfig;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.edge.FrontProbe;
import dev.mastodonmigration.edge.ObservedFront;
import dev.mastodonmigration.edge.proxy.EdgeClient;
import dev.mastodonmigration.outside.KeptSecret;
import dev.mastodonmigration.source.Source;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;

/** Makes the front of a migration whose spec says {@code edge}: of the operator's own image, as its workers are. */
@Singleton
public class KubernetesFronts {
    private final KubernetesClient client;
    private final OperatorConfig config;
    private final EdgeClient edges = new EdgeClient();

    public KubernetesFronts(KubernetesClient client, OperatorConfig config) {
        this.client = client;
        this.config = config;
    }

    /** @param probe asks what the admin has in front of it */
    public ObservedFront of(MastodonMigration migration, Source source, FrontProbe probe) {
        var names = WorkloadNames.of(migration);
        var image = Optional.ofNullable(migration.getStatus()).map(status -> status.internal).map(internal -> internal.workerImage).orElseGet(config::workerImage);
        var plan = new EdgeObjects(migration, names, image, config.workerImagePullSecrets().orElse(List.of()));
        var objects = new OwnedObjects(client, names);
        return new EdgeFront(migration, plan, objects, new EdgePods(objects, new KeptSecret(client, names.namespace(), plan.secret(), names.uid()), edges), probe, source::entrances);
    }
}
