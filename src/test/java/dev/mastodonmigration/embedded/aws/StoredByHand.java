package dev.mastodonmigration.embedded.aws;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.S3Object;

/** A bucket as its owner has it before them: these calls go past the proxy, so that no fault meets them and nobody records them. */
public final class StoredByHand implements AutoCloseable {
    private final S3Client client;
    private final String bucket;

    private StoredByHand(S3Client client, String bucket) {
        this.client = client;
        this.bucket = bucket;
    }

    /** Makes it. */
    public static StoredByHand bucket(AwsFaultProxy aws, String name) {
        return bucket(aws.moto(), name);
    }

    private static StoredByHand bucket(URI moto, String name) {
        var client = S3Client.builder().region(Region.of(WireClient.REGION)).endpointOverride(moto).forcePathStyle(true).httpClient(UrlConnectionHttpClient.create())
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIABYHAND", "by hand"))).build();
        client.createBucket(call -> call.bucket(name).createBucketConfiguration(where -> where.locationConstraint(WireClient.REGION)));
        return new StoredByHand(client, name);
    }

    public void put(String key, String content) {
        put(key, content.getBytes(StandardCharsets.UTF_8));
    }

    public void put(String key, byte[] content) {
        client.putObject(call -> call.bucket(bucket).key(key), RequestBody.fromBytes(content));
    }

    public byte[] get(String key) {
        return client.getObjectAsBytes(call -> call.bucket(bucket).key(key)).asByteArray();
    }

    public void delete(String key) {
        client.deleteObject(call -> call.bucket(bucket).key(key));
    }

    public List<String> keys() {
        return client.listObjectsV2(call -> call.bucket(bucket)).contents().stream().map(S3Object::key).sorted().toList();
    }

    /** When each was written, and what is in it. */
    public Map<String, String> objects() {
        var found = new TreeMap<String, String>();
        client.listObjectsV2(call -> call.bucket(bucket)).contents().forEach(object -> found.put(object.key(), object.lastModified() + " " + object.eTag()));
        return found;
    }

    /** Begins one, and leaves it so. */
    public void upload(String key) {
        client.createMultipartUpload(call -> call.bucket(bucket).key(key));
    }

    /** Keys of those that are not finished. */
    public List<String> uploads() {
        return client.listMultipartUploads(call -> call.bucket(bucket)).uploads().stream().map(MultipartUpload::key).sorted().toList();
    }

    @Override
    public void close() {
        client.close();
    }
}
