package dev.mastodonmigration.worker.bucket;

import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/** S3 said no, or nothing at all, in words for the admin. */
public final class BucketException extends IOException {
    private static final long serialVersionUID = 1L;
    private static final String REGION = "x-amz-bucket-region";
    private static final Set<String> CREDENTIALS = Set.of("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "RequestTimeTooSkewed");
    private static final Set<String> PASSING = Set.of("RequestTimeout", "SlowDown", "ConditionalRequestConflict", "OperationAborted", "BadDigest", "IncompleteBody");
    private static final int MOVED = 301;
    private static final int TEMPORARILY_MOVED = 307;
    private static final int BAD = 400;
    private static final int DENIED = 403;
    private static final int MISSING = 404;
    private static final int PRECONDITION = 412;
    private static final int TOO_MANY = 429;
    private static final int SERVER_ERROR = 500;
    private final int status;
    private final String code;
    private final boolean mayPass;

    private BucketException(String message, SdkException cause, int status, String code, boolean mayPass) {
        super(message, cause);
        this.status = status;
        this.code = code;
        this.mayPass = mayPass;
    }

    /** @param action as a policy names it */
    static BucketException of(SdkException e, String action, BucketPlace place, String region) {
        if (!(e instanceof AwsServiceException refused)) {
            return new BucketException("S3 did not answer (" + action + " in " + place + ": " + String.valueOf(e.getMessage()).lines().findFirst().orElse("") + ").", e, 0, "", true);
        }
        var details = Optional.ofNullable(refused.awsErrorDetails());
        var code = details.map(AwsErrorDetails::errorCode).orElse("");
        var said = action + ": HTTP " + refused.statusCode() + (code.isEmpty() ? "" : ", " + code) + details.map(AwsErrorDetails::errorMessage).flatMap(text -> text.lines().findFirst()).map(text -> ": " + text.replaceAll("\\.+$", "")).orElse("");
        var mayPass = refused.statusCode() >= SERVER_ERROR || refused.statusCode() == TOO_MANY || PASSING.contains(code) || refused.isThrottlingException();
        return new BucketException(mayPass ? "S3 is busy, or could not do it just now (" + said + ")." : words(refused, code, said, place, region), e, refused.statusCode(), code, mayPass);
    }

    private static String words(AwsServiceException refused, String code, String said, BucketPlace place, String region) {
        var isIn = Optional.ofNullable(refused.awsErrorDetails()).map(AwsErrorDetails::sdkHttpResponse).flatMap(answer -> answer.firstMatchingHeader(REGION));
        if (refused.statusCode() == MOVED || refused.statusCode() == TEMPORARILY_MOVED || code.equals("AuthorizationHeaderMalformed") || refused.statusCode() == BAD && isIn.filter(other -> !other.equals(region)).isPresent()) {
            return "The bucket " + place.bucket() + " is in " + isIn.filter(other -> !other.equals(region)).map(other -> "region " + other).orElse("another region") + ", and spec.aws.region is " + region
                    + " (" + said + "). Name a bucket in " + region + " in spec.retire.backup.s3.bucket.";
        }
        if (refused.statusCode() == PRECONDITION) {
            return "In " + place + " there is something that this migration did not write, or wrote otherwise (" + said + "). It was not touched.";
        }
        if (CREDENTIALS.contains(code)) {
            return "AWS refuses the credentials for the bucket " + place.bucket() + " (" + said + "). They are wrong or have expired: renew the Secret that spec.aws.credentialsSecretRef names.";
        }
        if (code.equals("NoSuchBucket")) {
            return "There is no bucket " + place.bucket() + " (" + said + "). Create it in " + region + ", or correct spec.retire.backup.s3.bucket.";
        }
        if (refused.statusCode() == DENIED) {
            return "AWS does not let the identity in the Secret that spec.aws.credentialsSecretRef names use " + place + " (" + said + "). Allow it what deploy/examples/iam-policy-backup.json has, for this bucket and folder, and"
                    + " look at the bucket's own policy; where the bucket encrypts with a KMS key of yours, allow it kms:GenerateDataKey and kms:Decrypt on that key too. A bucket of another account answers so as well.";
        }
        return "S3 refused a request in " + place + " (" + said + ").";
    }

    /** Whether the same call may succeed later without the admin doing anything. */
    public boolean mayPass() {
        return mayPass;
    }

    /** Nothing of that name, in a bucket that is there. */
    boolean isMissing() {
        return status == MISSING && !code.equals("NoSuchBucket");
    }

    /** There is something of that name already, or not what there was. */
    boolean isPrecondition() {
        return status == PRECONDITION;
    }
}
