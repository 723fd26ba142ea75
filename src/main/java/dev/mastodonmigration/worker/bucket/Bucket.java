package dev.mastodonmigration.worker.bucket;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompletedPart;

/**
 * A folder of the admin's bucket. Nothing in it is overwritten or deleted: an object is only created where there is none, which S3 itself looks to (If-None-Match), and of what is there only
 * uploads are ended that a killed worker of ours left unfinished. How it is encrypted and kept is the bucket's own affair.
 */
public final class Bucket implements AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final Duration SILENCE = Duration.ofMinutes(1);
    private static final Duration ATTEMPT = Duration.ofMinutes(10);
    /** Of each call, before anyone hears of it: a dump of hours ends with one part that cannot be sent. */
    private static final int ATTEMPTS = 8;
    private static final String TRIED = "tried";
    private static final String BINARY = "application/octet-stream";
    private final S3Client client;
    private final String region;
    private final BucketPlace place;

    /** @param region of the client's */
    public Bucket(S3Client client, String region, BucketPlace place) {
        this.client = client;
        this.region = region;
        this.place = place;
    }

    /** @param endpoint instead of AWS's own of the region, in tests */
    public static Bucket at(BucketPlace place, String region, Optional<URI> endpoint, AwsCredentialsProvider credentials) {
        var builder = S3Client.builder().region(Region.of(region)).credentialsProvider(credentials).httpClient(UrlConnectionHttpClient.builder().connectionTimeout(CONNECT).socketTimeout(SILENCE).build())
                // Each part has a checksum of ours, and what is read back is compared as a whole.
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED).responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                .overrideConfiguration(calls -> calls.retryStrategy(AwsRetryStrategy.standardRetryStrategy().toBuilder().maxAttempts(ATTEMPTS).build()).apiCallAttemptTimeout(ATTEMPT));
        endpoint.ifPresent(stand -> builder.endpointOverride(stand).forcePathStyle(true));
        return new Bucket(builder.build(), region, place);
    }

    public BucketPlace place() {
        return place;
    }

    /** The same bucket; who closes one closes both. */
    public Bucket below(String name) {
        return new Bucket(client, region, place.below(name));
    }

    /** What is there. */
    public record Stored(long bytes, String etag) {}

    /** Tries what a backup needs, and leaves nothing behind. @throws BucketException with the first thing that is refused */
    public void tryOut() throws BucketException {
        objects();
        abortUnfinished();
        abort(TRIED, begin(TRIED));
        find(TRIED);
    }

    /** Bytes of each object, by its name in this folder, those of folders in it too. */
    public Map<String, Long> objects() throws BucketException {
        return asking("s3:ListBucket", () -> {
            var found = new TreeMap<String, Long>();
            client.listObjectsV2Paginator(call -> call.bucket(place.bucket()).prefix(place.folder())).contents()
                    .forEach(object -> found.put(object.key().substring(place.folder().length()), object.size()));
            return found;
        });
    }

    /** Ends uploads in this folder that are not finished; who still sends one is refused. */
    public void abortUnfinished() throws BucketException {
        for (var upload : unfinished().entrySet()) {
            abort(upload.getValue(), upload.getKey());
        }
    }

    /** Names by upload. */
    private Map<String, String> unfinished() throws BucketException {
        return asking("s3:ListBucketMultipartUploads", () -> {
            var found = new TreeMap<String, String>();
            client.listMultipartUploadsPaginator(call -> call.bucket(place.bucket()).prefix(place.folder())).uploads()
                    .forEach(upload -> found.put(upload.uploadId(), upload.key().substring(place.folder().length())));
            return found;
        });
    }

    public Optional<Stored> find(String name) throws BucketException {
        try {
            var head = asking("s3:GetObject", () -> client.headObject(call -> call.bucket(place.bucket()).key(place.key(name))));
            return Optional.of(new Stored(head.contentLength(), head.eTag()));
        } catch (BucketException missing) {
            if (missing.isMissing()) {
                return Optional.empty();
            }
            throw missing;
        }
    }

    /** All of a small object. */
    public byte[] get(String name) throws BucketException {
        return asking("s3:GetObject", () -> client.getObject(call -> call.bucket(place.bucket()).key(place.key(name)), ResponseTransformer.toBytes()).asByteArrayUnsafe());
    }

    /** A large one, fetched piece by piece while it is read, each of them tried again for itself. */
    public InputStream read(String name, Stored stored) {
        return new BucketStream(this, name, stored);
    }

    byte[] piece(String name, Stored stored, long from, long until) throws BucketException {
        return asking("s3:GetObject", () -> client.getObject(call -> call.bucket(place.bucket()).key(place.key(name)).range("bytes=" + from + "-" + (until - 1)).ifMatch(stored.etag()), ResponseTransformer.toBytes())
                .asByteArrayUnsafe());
    }

    /** @throws IOException also when there is another object of that name */
    public void create(String name, byte[] content) throws IOException {
        try {
            asking("s3:PutObject", () -> client.putObject(call -> call.bucket(place.bucket()).key(place.key(name)).ifNoneMatch("*").checksumSHA256(sha256(content, content.length)), RequestBody.fromBytes(content)));
        } catch (BucketException refused) {
            // The answer to what created it may have been lost, and the call been repeated.
            if (!refused.isPrecondition() || !MessageDigest.isEqual(get(name), content)) {
                throw refused;
            }
        }
    }

    /** @return the id of the upload */
    String begin(String name) throws BucketException {
        return asking("s3:PutObject", () -> client.createMultipartUpload(call -> call.bucket(place.bucket()).key(place.key(name)).checksumAlgorithm(ChecksumAlgorithm.SHA256)).uploadId());
    }

    /** @param length of what is in the buffer, from its beginning */
    CompletedPart send(String name, String upload, int number, byte[] buffer, int length) throws BucketException {
        var checksum = sha256(buffer, length);
        var body = RequestBody.fromContentProvider(ContentStreamProvider.fromInputStreamSupplier(() -> new ByteArrayInputStream(buffer, 0, length)), length, BINARY);
        var sent = asking("s3:PutObject", () -> client.uploadPart(call -> call.bucket(place.bucket()).key(place.key(name)).uploadId(upload).partNumber(number).checksumSHA256(checksum), body));
        return CompletedPart.builder().partNumber(number).eTag(sent.eTag()).checksumSHA256(checksum).build();
    }

    /** @throws IOException also when there is an object of that name by now */
    void complete(String name, String upload, List<CompletedPart> parts, long bytes) throws IOException {
        try {
            asking("s3:PutObject", () -> client.completeMultipartUpload(call -> call.bucket(place.bucket()).key(place.key(name)).uploadId(upload).ifNoneMatch("*").multipartUpload(all -> all.parts(parts))));
        } catch (BucketException refused) {
            // As with create; what it holds is read back anyway.
            if (!refused.isPrecondition() && !refused.isMissing() || find(name).filter(stored -> stored.bytes() == bytes).isEmpty()) {
                throw refused;
            }
        }
    }

    void abort(String name, String upload) throws BucketException {
        try {
            asking("s3:AbortMultipartUpload", () -> client.abortMultipartUpload(call -> call.bucket(place.bucket()).key(place.key(name)).uploadId(upload)));
        } catch (BucketException gone) {
            if (!gone.isMissing()) {
                throw gone;
            }
        }
    }

    private <T> T asking(String action, Supplier<T> call) throws BucketException {
        try {
            return call.get();
        } catch (SdkException e) {
            throw BucketException.of(e, action, place, region);
        }
    }

    private static String sha256(byte[] buffer, int length) {
        var digest = sha256();
        digest.update(buffer, 0, length);
        return Base64.getEncoder().encodeToString(digest.digest());
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
