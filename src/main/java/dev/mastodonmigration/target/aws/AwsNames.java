package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.outside.OutsideException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Under which name and with which tags a migration's things stand on AWS: made from it alone, so that they are found again after a crash at any moment. The name
 * finds a thing, the tag with the uid proves that it is ours.
 */
record AwsNames(String namespace, String migration, String uid) {
    static final String UID_TAG = MastodonMigration.GROUP + "/uid";
    static final String MIGRATION_TAG = MastodonMigration.GROUP + "/migration";
    /** RDS allows 63 characters, a letter first, and no two hyphens in a row; a security group's must not begin with "sg-". */
    private static final String PREFIX = "mastodon-";
    private static final int LONGEST = 44;
    /** ElastiCache allows a replication group 40 characters, with the same rules. */
    private static final String CACHE_PREFIX = "mastodon-redis-";
    private static final int LONGEST_OF_CACHE = 16;
    /** A load balancer and a target group have 32 at most, and must not begin with "internal-". */
    private static final int LONGEST_OF_BALANCER = 14;
    private static final int UID_DIGITS = 8;

    static AwsNames of(MastodonMigration migration) {
        var metadata = migration.getMetadata();
        return new AwsNames(metadata.getNamespace(), metadata.getName(), metadata.getUid());
    }

    /** Of the instance, its groups and its Secret. Lower-case, because RDS stores it so. */
    String name() {
        return name(PREFIX, LONGEST);
    }

    /** Of the replication group and its groups. Lower-case, because ElastiCache stores it so. */
    String cacheName() {
        return name(CACHE_PREFIX, LONGEST_OF_CACHE);
    }

    /** Of the load balancer and its target group. */
    String balancerName() {
        return name(PREFIX, LONGEST_OF_BALANCER);
    }

    private String name(String prefix, int longest) {
        var letters = migration.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
        return prefix + letters.substring(0, Math.min(longest, letters.length())).replaceAll("^-|-$", "") + "-" + digest(uid).substring(0, UID_DIGITS);
    }

    Map<String, String> tags() {
        return new TreeMap<>(Map.of(UID_TAG, uid, MIGRATION_TAG, namespace + "/" + migration));
    }

    boolean areOn(Map<String, String> tags) {
        return uid.equals(tags.get(UID_TAG));
    }

    /** For what stands under our name and lacks our tag: it is neither adopted nor changed nor deleted. @param what as "RDS instance" */
    OutsideException foreign(String what, Map<String, String> tags) {
        return foreign(what, name(), tags);
    }

    /** The same, of a name that is made from ours. */
    static OutsideException foreign(String what, String name, Map<String, String> tags) {
        return new OutsideException(what + " " + name + " exists on AWS and was not made by this migration (its tag " + UID_TAG + " is "
                + Optional.ofNullable(tags.get(UID_TAG)).map(other -> "another's: " + other).orElse("missing")
                + "). It was left as it is. Delete or rename it if nobody needs it, or create the migration under another name.", false);
    }

    /** SHA-256 in hex. */
    static String digest(String text) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
