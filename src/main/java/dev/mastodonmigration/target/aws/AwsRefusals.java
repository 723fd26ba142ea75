package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.outside.OutsideException;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkClientException;

/** Turns what the SDK throws into words for the admin, and says whether waiting helps: the only place that knows AWS's error codes of every service. */
final class AwsRefusals {
    private static final String IDENTITY = "the Secret that spec.aws.credentialsSecretRef names, or the operator's own AWS identity where it names none";
    /** Throttling and weather of one kind or another; what the SDK itself calls throttling is added to them. */
    private static final Set<String> PASSING = Set.of("RequestLimitExceeded", "Throttling", "ThrottlingException", "TooManyRequestsException", "SlowDown", "ServiceUnavailable", "Unavailable",
            "InternalError", "InternalFailure", "RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete");
    private static final Set<String> CREDENTIALS = Set.of("ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure",
            "SignatureDoesNotMatch", "InvalidAccessKeyId", "MissingAuthenticationToken", "IncompleteSignature");
    static final Set<String> DENIED = Set.of("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized");
    private static final int TOO_MANY = 429;
    private static final int SERVER_ERROR = 500;

    private AwsRefusals() {}

    /** What the call gives. @throws AwsException when AWS refuses it or does not answer */
    static <T> T asking(Supplier<T> call) {
        try {
            return call.get();
        } catch (AwsServiceException refused) {
            throw of(refused);
        } catch (SdkClientException silent) {
            throw of(silent);
        }
    }

    /** The same; empty when AWS answers with one of these codes. */
    static <T> Optional<T> unless(Set<String> codes, Supplier<T> call) {
        try {
            return Optional.of(asking(call));
        } catch (AwsException refused) {
            if (codes.contains(refused.code())) {
                return Optional.empty();
            }
            throw refused;
        }
    }

    private static AwsException of(AwsServiceException refused) {
        var details = Optional.ofNullable(refused.awsErrorDetails());
        var code = details.map(AwsErrorDetails::errorCode).orElse("");
        var said = details.map(AwsErrorDetails::serviceName).orElse("AWS") + ", " + (code.isEmpty() ? "HTTP " + refused.statusCode() : code) + words(details);
        if (PASSING.contains(code) || refused.isThrottlingException() || refused.statusCode() == TOO_MANY || refused.statusCode() >= SERVER_ERROR) {
            return new AwsException(code, "AWS is busy or limits the calls of this account (" + said + "). The operator tries again.", true);
        }
        if (CREDENTIALS.contains(code) || refused.isClockSkewException()) {
            return new AwsException(code, "AWS refuses the credentials (" + said + "). They are wrong or have expired: renew " + IDENTITY + "; the operator reads it again by itself.", false);
        }
        if (DENIED.contains(code)) {
            return new AwsException(code, "AWS does not let the operator do this (" + said + "). Allow the action to " + IDENTITY + ".", false);
        }
        if (code.matches(".*(Quota|Limit).*Exceeded.*")) {
            return new AwsException(code, "A quota of the AWS account is used up (" + said + "). Ask AWS for more under Service Quotas, or remove what is no longer needed.", false);
        }
        if (code.startsWith("Insufficient")) {
            return new AwsException(code, "AWS has no room for this instance class there just now (" + said + "). The operator tries again; another class or other subnets may have some.", false);
        }
        return new AwsException(code, "AWS refused a request (" + said + ").", false);
    }

    /** The first line alone: EC2 adds the request, encoded, which helps nobody; a refused signature is followed by the request that was signed, session token and all. */
    private static String words(Optional<AwsErrorDetails> details) {
        return details.map(AwsErrorDetails::errorMessage).map(text -> text.lines().findFirst().orElse("")).map(text -> text.replaceFirst(" ?Encoded authorization failure message:.*", "").strip().replaceAll("\\.+$", ""))
                .filter(text -> !text.isEmpty()).map(text -> ": " + text).orElse("");
    }

    private static OutsideException of(SdkClientException silent) {
        return causes(silent).filter(OutsideException.class::isInstance).map(OutsideException.class::cast).findFirst().orElseGet(() -> {
            var message = Optional.ofNullable(silent.getMessage()).orElse(silent.getClass().getSimpleName());
            return message.contains("Unable to load credentials")
                    ? new AwsException("", "The operator has no AWS identity: give its ServiceAccount one (IRSA or Pod Identity), or name a Secret with one in spec.aws.credentialsSecretRef.", false)
                    : new AwsException("", "AWS did not answer (" + message.lines().findFirst().orElse("") + "). The operator tries again.", true);
        });
    }

    private static Stream<Throwable> causes(Throwable e) {
        return Stream.iterate(e, cause -> cause != null, Throwable::getCause).limit(10);
    }
}
