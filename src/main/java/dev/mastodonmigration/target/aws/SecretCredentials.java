package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.SecretReader;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;

/** The AWS identity that the admin put into a Secret. Read at each call and kept nowhere, so that an expired or refused one is replaced by writing the Secret anew. */
final class SecretCredentials implements AwsCredentialsProvider {
    private static final String KEY_ID = "AWS_ACCESS_KEY_ID";
    private static final String SECRET_KEY = "AWS_SECRET_ACCESS_KEY";
    private static final String SESSION_TOKEN = "AWS_SESSION_TOKEN";
    private final SecretReader secrets;
    private final String namespace;
    private final String name;

    SecretCredentials(SecretReader secrets, String namespace, String name) {
        this.secrets = secrets;
        this.namespace = namespace;
        this.name = name;
    }

    @Override
    public AwsCredentials resolveCredentials() {
        var values = secrets.readAll(namespace, name, KEY_ID + " and " + SECRET_KEY);
        var keyId = required(values, KEY_ID);
        var secretKey = required(values, SECRET_KEY);
        return Optional.ofNullable(values.get(SESSION_TOKEN)).<AwsCredentials>map(token -> AwsSessionCredentials.create(keyId, secretKey, token))
                .orElseGet(() -> AwsBasicCredentials.create(keyId, secretKey));
    }

    private String required(Map<String, String> values, String key) {
        return Optional.ofNullable(values.get(key)).orElseThrow(() -> new MissingInputException("Secret " + namespace + "/" + name + " has no key \"" + key + "\", or it is empty. Add it."));
    }
}
