package dev.mastodonmigration.worker.bucket;

import dev.mastodonmigration.worker.control.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.core.exception.SdkClientException;

/**
 * The AWS identity in the admin's Secret, as files. Read at each call: they are replaced while a worker runs.
 *
 * @param directory that the Secret is mounted at
 */
public record CredentialFiles(Path directory) implements AwsCredentialsProvider {
    private static final String KEY_ID = "AWS_ACCESS_KEY_ID";
    private static final String SECRET_KEY = "AWS_SECRET_ACCESS_KEY";
    private static final String SESSION_TOKEN = "AWS_SESSION_TOKEN";

    /** @throws Refusal naming the key that the Secret lacks */
    public CredentialFiles required() throws Refusal {
        for (var key : new String[] {KEY_ID, SECRET_KEY}) {
            if (read(key).isEmpty()) {
                throw new Refusal("The Secret that spec.aws.credentialsSecretRef names has no key \"" + key + "\", or it is empty. Add it.");
            }
        }
        return this;
    }

    @Override
    public AwsCredentials resolveCredentials() {
        var keyId = value(KEY_ID);
        var secretKey = value(SECRET_KEY);
        return read(SESSION_TOKEN).<AwsCredentials>map(token -> AwsSessionCredentials.create(keyId, secretKey, token)).orElseGet(() -> AwsBasicCredentials.create(keyId, secretKey));
    }

    private String value(String key) {
        return read(key).orElseThrow(() -> SdkClientException.create("the Secret that spec.aws.credentialsSecretRef names has no key \"" + key + "\""));
    }

    private Optional<String> read(String key) {
        try {
            var file = directory.resolve(key);
            return Files.isRegularFile(file) ? Optional.of(Files.readString(file).strip()).filter(text -> !text.isEmpty()) : Optional.empty();
        } catch (IOException e) {
            // As the kubelet replaces them, for one.
            throw SdkClientException.create("the AWS credentials cannot be read", e);
        }
    }
}
