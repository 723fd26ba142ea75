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
    /** For the message of one that is not there. */
    static final String WANTED = KEY_ID + " and " + SECRET_KEY;
    private static final String SESSION_TOKEN = "AWS_SESSION_TOKEN";
    private final SecretReader secrets;
    private final String namespace;
    private final String name;
    private final Optional<String> kept;

    /** @param kept name of the Secret with a copy of them, which is read where the other is gone; empty where none may be used */
    SecretCredentials(SecretReader secrets, String namespace, String name, Optional<String> kept) {
        this.secrets = secrets;
        this.namespace = namespace;
        this.name = name;
        this.kept = kept;
    }

    @Override
    public AwsCredentials resolveCredentials() {
        var values = values();
        var keyId = required(values, KEY_ID);
        var secretKey = required(values, SECRET_KEY);
        return Optional.ofNullable(values.get(SESSION_TOKEN)).<AwsCredentials>map(token -> AwsSessionCredentials.create(keyId, secretKey, token))
                .orElseGet(() -> AwsBasicCredentials.create(keyId, secretKey));
    }

    private Map<String, String> values() {
        try {
            return secrets.readAll(namespace, name, WANTED);
        } catch (MissingInputException missing) {
            return kept.flatMap(this::copy).orElseThrow(() -> missing);
        }
    }

    private Optional<Map<String, String>> copy(String from) {
        try {
            return Optional.of(secrets.readAll(namespace, from, WANTED));
        } catch (MissingInputException missingToo) {
            return Optional.empty();
        }
    }

    private String required(Map<String, String> values, String key) {
        return Optional.ofNullable(values.get(key)).orElseThrow(() -> new MissingInputException("Secret " + namespace + "/" + name + " has no key \"" + key + "\", or it is empty. Add it."));
    }
}
