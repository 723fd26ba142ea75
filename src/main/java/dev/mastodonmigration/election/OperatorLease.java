package dev.mastodonmigration.election;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Optional;
import java.util.function.Supplier;

/** The Lease in the API server: one GET, POST or PUT a call. */
final class OperatorLease implements Leases {
    static final String NAME = "mastodon-migration-operator";
    private final KubernetesClient client;
    private final String namespace;
    private Lease last = new Lease();

    OperatorLease(KubernetesClient client, String namespace) {
        this.client = client;
        this.namespace = namespace;
    }

    @Override
    public Optional<Seen> read() {
        return Optional.ofNullable(client.leases().inNamespace(namespace).withName(NAME).get()).map(this::seen);
    }

    @Override
    public Optional<Seen> create(String holder, Duration duration) {
        var now = ZonedDateTime.now(ZoneOffset.UTC);
        return unlessFaster(() -> client.resource(new LeaseBuilder().withNewMetadata().withName(NAME).withNamespace(namespace).endMetadata()
                .withNewSpec().withHolderIdentity(holder).withLeaseDurationSeconds((int) duration.toSeconds()).withAcquireTime(now).withRenewTime(now)
                .withLeaseTransitions(0).endSpec().build()).create());
    }

    @Override
    public Optional<Seen> hold(Seen seen, String holder, Duration duration) {
        var now = ZonedDateTime.now(ZoneOffset.UTC);
        var renewed = edited(seen).editOrNewSpec().withHolderIdentity(holder).withLeaseDurationSeconds((int) duration.toSeconds()).withRenewTime(now).endSpec();
        if (!seen.holder().equals(Optional.of(holder))) {
            var transitions = Optional.ofNullable(last.getSpec()).map(spec -> spec.getLeaseTransitions()).orElse(0);
            renewed.editSpec().withAcquireTime(now).withLeaseTransitions(transitions + 1).endSpec();
        }
        return put(renewed.build());
    }

    @Override
    public void letGo(Seen seen) {
        put(edited(seen).editOrNewSpec().withHolderIdentity(null).endSpec().build());
    }

    private LeaseBuilder edited(Seen seen) {
        return new LeaseBuilder(last).editMetadata().withResourceVersion(seen.version()).endMetadata();
    }

    private Optional<Seen> put(Lease lease) {
        return unlessFaster(() -> client.resource(lease).update());
    }

    /** A conflict is an answer: another one was faster, or the Lease was deleted. */
    private Optional<Seen> unlessFaster(Supplier<Lease> write) {
        try {
            return Optional.of(seen(write.get()));
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_CONFLICT || e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private Seen seen(Lease lease) {
        last = lease;
        var spec = Optional.ofNullable(lease.getSpec());
        return new Seen(lease.getMetadata().getResourceVersion(), spec.map(lasting -> lasting.getHolderIdentity()).filter(holder -> !holder.isEmpty()),
                spec.map(lasting -> lasting.getLeaseDurationSeconds()).map(Duration::ofSeconds).orElse(Election.LEASE));
    }
}
