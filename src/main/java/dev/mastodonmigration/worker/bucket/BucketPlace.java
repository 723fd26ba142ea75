package dev.mastodonmigration.worker.bucket;

import java.util.regex.Pattern;

/**
 * A folder of a bucket.
 *
 * @param folder begins every key in it: empty, or with a slash at its end
 */
public record BucketPlace(String bucket, String folder) {
    private static final Pattern URL = Pattern.compile("s3://([^/]+)/(|.*/)");

    /** @throws IllegalArgumentException when it is not as {@link #toString} writes it */
    public static BucketPlace of(String url) {
        var match = URL.matcher(url);
        if (!match.matches()) {
            throw new IllegalArgumentException("\"" + url + "\" is not as s3://bucket/ or s3://bucket/folder/");
        }
        return new BucketPlace(match.group(1), match.group(2));
    }

    /** Everything of a migration's is in there, and nothing of anybody else's. */
    public BucketPlace ofMigration(String uid) {
        return below("mastodon-migration-" + uid);
    }

    BucketPlace below(String name) {
        return new BucketPlace(bucket, folder + name + "/");
    }

    String key(String name) {
        return folder + name;
    }

    @Override
    public String toString() {
        return "s3://" + bucket + "/" + folder;
    }
}
