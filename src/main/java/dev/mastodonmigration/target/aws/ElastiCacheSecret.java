package dev.mastodonmigration.target.aws;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Map;

/** The AUTH token of an ElastiCache replication group. */
final class ElastiCacheSecret extends DatabaseSecret {
    static final String TOKEN = "token";

    ElastiCacheSecret(KubernetesClient client, AwsNames names) {
        super(client, names, names.name() + "-elasticache");
    }

    @Override
    Map<String, String> made(String password) {
        return Map.of(TOKEN, password);
    }

    /** The token is the default user's password. */
    @Override
    String url(Map<String, String> values) {
        return "rediss://:" + values.get(TOKEN) + "@" + values.get(HOST) + ":" + values.get(PORT);
    }

    @Override
    String what() {
        return "ElastiCache replication group";
    }

    @Override
    String field() {
        return "spec.target.redis.elastiCache";
    }

    @Override
    String repair() {
        return "set a new token with `aws elasticache modify-replication-group --auth-token … --auth-token-update-strategy ROTATE --apply-immediately` and write the Secret anew, with the keys token,"
                + " host and port and the label of this migration's uid";
    }
}
