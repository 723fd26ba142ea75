package dev.mastodonmigration.target.aws;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Map;

/** The login of an RDS instance. */
final class RdsSecret extends DatabaseSecret {
    static final String USERNAME = "username";
    static final String PASSWORD = "password";
    static final String DATABASE = "database";
    private static final String USER = "mastodon";
    private static final String DATABASE_NAME = "mastodon_production";

    RdsSecret(KubernetesClient client, AwsNames names) {
        super(client, names, names.name() + "-rds");
    }

    @Override
    Map<String, String> made(String password) {
        return Map.of(USERNAME, USER, PASSWORD, password, DATABASE, DATABASE_NAME);
    }

    @Override
    String url(Map<String, String> values) {
        return "postgres://" + values.get(USERNAME) + ":" + values.get(PASSWORD) + "@" + values.get(HOST) + ":" + values.get(PORT) + "/" + values.get(DATABASE) + "?sslmode=verify-full";
    }

    @Override
    String what() {
        return "RDS instance";
    }

    @Override
    String field() {
        return "spec.target.postgres.rds";
    }

    @Override
    String repair() {
        return "set a new password with `aws rds modify-db-instance` and write the Secret anew, with the keys username, password, database, host and port and the label of this migration's uid";
    }
}
