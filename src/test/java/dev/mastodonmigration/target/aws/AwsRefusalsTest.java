package dev.mastodonmigration.target.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mastodonmigration.outside.MissingInputException;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.rds.model.RdsException;

class AwsRefusalsTest {
    @ParameterizedTest
    @CsvSource(textBlock = """
            Throttling, 400, true, tries again
            RequestLimitExceeded, 503, true, tries again
            InternalFailure, 500, true, tries again
            ServiceUnavailable, 503, true, tries again
            AccessDenied, 403, false, does not let the operator do this
            UnauthorizedOperation, 403, false, does not let the operator do this
            ExpiredToken, 403, false, reads it again by itself
            InvalidClientTokenId, 403, false, reads it again by itself
            InstanceQuotaExceeded, 400, false, quota
            NodeQuotaForCustomerExceeded, 400, false, quota
            SecurityGroupLimitExceeded, 400, false, quota
            InsufficientDBInstanceCapacity, 400, false, another class
            InvalidParameterCombination, 400, false, refused a request
            """)
    void whatMayPassIsTriedAgainAndTheRestSaysWhatToDo(String code, int status, boolean mayPass, String words) {
        assertThatThrownBy(() -> AwsRefusals.asking(() -> {
            throw refusal(code, status, "User: arn:aws:iam::1:user/o is not authorized to perform: rds:CreateDBInstance. Encoded authorization failure message: abcdef");
        })).isInstanceOfSatisfying(AwsException.class, e -> {
            assertThat(e.code()).isEqualTo(code);
            assertThat(e.mayPass()).isEqualTo(mayPass);
            assertThat(e).hasMessageContaining(words).hasMessageContaining("Rds, " + code).hasMessageContaining("rds:CreateDBInstance").hasMessageNotContaining("abcdef");
        });
    }

    @Test
    void silenceMayPassAndNoIdentityDoesNot() {
        assertThatThrownBy(() -> AwsRefusals.asking(() -> {
            throw SdkClientException.create("Unable to execute HTTP request: Connect timed out");
        })).isInstanceOfSatisfying(AwsException.class, e -> assertThat(e.mayPass()).isTrue()).hasMessageContaining("Connect timed out");
        assertThatThrownBy(() -> AwsRefusals.asking(() -> {
            throw SdkClientException.create("Unable to load credentials from any of the providers in the chain");
        })).isInstanceOfSatisfying(AwsException.class, e -> assertThat(e.mayPass()).isFalse()).hasMessageContaining("credentialsSecretRef");
    }

    @Test
    void aRefusedSignatureTellsNothingOfTheRequest() {
        assertThatThrownBy(() -> AwsRefusals.asking(() -> {
            throw refusal("SignatureDoesNotMatch", 403, "The signature does not match.\n\nThe Canonical String for this request should have been\n'POST\nx-amz-security-token:geheim'");
        })).isInstanceOf(AwsException.class).hasMessageContaining("The signature does not match").hasMessageNotContaining("geheim");
    }

    @Test
    void aMissingSecretIsToldAsSuchThoughTheSdkWrapsIt() {
        assertThatThrownBy(() -> AwsRefusals.asking(() -> {
            throw SdkClientException.create("wrapped", new MissingInputException("Secret mastodon/aws does not exist."));
        })).isInstanceOf(MissingInputException.class).hasMessage("Secret mastodon/aws does not exist.");
    }

    @Test
    void anExpectedRefusalIsNoneAndOthersAre() {
        assertThat(AwsRefusals.unless(Set.of("DBInstanceNotFound"), () -> {
            throw refusal("DBInstanceNotFound", 404, "");
        })).isEmpty();
        assertThat(AwsRefusals.unless(Set.of(), () -> 1)).contains(1);
        assertThatThrownBy(() -> AwsRefusals.unless(Set.of("DBInstanceNotFound"), () -> {
            throw refusal("AccessDenied", 403, "");
        })).isInstanceOf(AwsException.class);
    }

    private static RuntimeException refusal(String code, int status, String message) {
        return RdsException.builder().statusCode(status).awsErrorDetails(AwsErrorDetails.builder().serviceName("Rds").errorCode(code).errorMessage(message).build()).build();
    }
}
