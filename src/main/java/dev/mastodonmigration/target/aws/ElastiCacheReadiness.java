package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.outside.OutsideException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.services.elasticache.model.AutomaticFailoverStatus;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.CacheParameterGroupStatus;
import software.amazon.awssdk.services.elasticache.model.Endpoint;
import software.amazon.awssdk.services.elasticache.model.ReplicationGroup;

/**
 * What one look at a replication group and its nodes says of its being ready: available alone is not, because changes and settings may still wait.
 *
 * @param nodes ElastiCache calls each a cluster, and tells its settings of it alone
 */
record ElastiCacheReadiness(ReplicationGroup group, List<CacheCluster> nodes) {
    private static final String IN_SYNC = "in-sync";

    /** What it is busy with; empty when it can be worked on. @throws OutsideException when only the admin can help */
    static Optional<String> busy(ReplicationGroup group) {
        var word = group.status();
        return switch (ElastiCacheStatus.of(word)) {
            case READY -> Optional.empty();
            case BUSY -> Optional.of("it is " + word);
            case GOING -> Optional.of("it is " + word + ", though this migration did not ask for that; another is created when it is gone");
            case UNKNOWN -> Optional.of("its status is \"" + word + "\", which this version of the operator does not know; it waits for \"available\"");
            case DEAD -> throw new OutsideException("ElastiCache replication group " + group.replicationGroupId() + " is " + word + ". " + wayOut(group.replicationGroupId()), false);
        };
    }

    static String wayOut(String name) {
        return "It does not come back from that. Nothing was lost: see why with `aws elasticache describe-events --source-type replication-group`, delete it with"
                + " `aws elasticache delete-replication-group --replication-group-id " + name + "`, and the operator creates another; or abort the migration.";
    }

    /** Nodes that are not available, or not shown yet. */
    Optional<String> late() {
        var missing = group.memberClusters().size() - nodes.size();
        if (missing > 0) {
            return Optional.of(missing + " of its " + group.memberClusters().size() + " nodes are not shown yet");
        }
        var late = nodes.stream().filter(node -> ElastiCacheStatus.of(node.cacheClusterStatus()) != ElastiCacheStatus.READY)
                .map(node -> node.cacheClusterId() + " is " + node.cacheClusterStatus()).collect(Collectors.joining(", "));
        return late.isEmpty() ? Optional.empty() : Optional.of("its node " + late);
    }

    /** Changes that ElastiCache has accepted and not made yet. */
    Optional<String> pending() {
        var waiting = Stream.concat(Stream.ofNullable(group.pendingModifiedValues()).flatMap(values -> PendingChanges.names(values).stream()),
                nodes.stream().flatMap(node -> Stream.ofNullable(node.pendingModifiedValues())).flatMap(values -> PendingChanges.names(values).stream())).distinct().toList();
        return waiting.isEmpty() ? Optional.empty() : Optional.of("changes are pending: " + String.join(", ", waiting)
                + "; if they wait for the maintenance window, make them now with `aws elasticache modify-replication-group --apply-immediately`");
    }

    /** @param parameterGroup the one that it has to have. @throws OutsideException when somebody gave it another */
    Optional<String> parameters(String parameterGroup) {
        var states = nodes.stream().map(CacheCluster::cacheParameterGroup).toList();
        if (states.stream().anyMatch(state -> state == null || !parameterGroup.equals(state.cacheParameterGroupName()))) {
            throw new OutsideException("Somebody gave ElastiCache replication group " + group.replicationGroupId() + " another parameter group than its own. Give it " + parameterGroup
                    + " again with `aws elasticache modify-replication-group --cache-parameter-group-name " + parameterGroup + " --apply-immediately`.", false);
        }
        return states.stream().map(CacheParameterGroupStatus::parameterApplyStatus).filter(status -> !IN_SYNC.equals(status)).findFirst()
                .map(status -> "its parameter group is " + status + (status.contains("reboot") ? ": restart its nodes with `aws elasticache reboot-cache-cluster`" : ""));
    }

    /** Whether a replica takes over by itself. */
    boolean failsOver() {
        return group.automaticFailover() == AutomaticFailoverStatus.ENABLED || group.automaticFailover() == AutomaticFailoverStatus.ENABLING;
    }

    Optional<String> failover() {
        return group.automaticFailover() == AutomaticFailoverStatus.ENABLING ? Optional.of("its automatic failover is being enabled") : Optional.empty();
    }

    Optional<String> withoutEndpoint() {
        return endpoint().isEmpty() ? Optional.of("it has no address yet") : Optional.empty();
    }

    /** Of the primary, whichever node that is. */
    Optional<Endpoint> endpoint() {
        return group.nodeGroups().stream().flatMap(shard -> Stream.ofNullable(shard.primaryEndpoint())).filter(endpoint -> endpoint.address() != null).findFirst();
    }
}
