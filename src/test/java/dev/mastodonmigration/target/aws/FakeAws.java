package dev.mastodonmigration.target.aws;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.ec2.model.Ec2Exception;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.rds.model.RdsException;
import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.model.GetCallerIdentityRequest;
import software.amazon.awssdk.services.sts.model.GetCallerIdentityResponse;

/** An AWS account in memory that behaves as research/aws.md says of the real one, records each request, and loses the answer, or the request, of a chosen one. */
final class FakeAws {
    final List<Object> requests = new ArrayList<>();
    /** Names of the requests that change something, in order. */
    final List<String> changes = new ArrayList<>();
    final FakeEc2 ec2 = new FakeEc2(this);
    final FakeRds rds = new FakeRds(this);
    private OptionalInt loseAnswerOf = OptionalInt.empty();
    private OptionalInt loseRequest = OptionalInt.empty();

    AwsApi api() {
        return new AwsApi("eu-central-1", rds, ec2, new StsClient() {
            @Override
            public GetCallerIdentityResponse getCallerIdentity(GetCallerIdentityRequest request) {
                return GetCallerIdentityResponse.builder().account("123456789012").arn("arn:aws:iam::123456789012:user/operator").build();
            }

            @Override
            public String serviceName() {
                return "sts";
            }

            @Override
            public void close() {}
        }, new SsmClient() {
            @Override
            public String serviceName() {
                return "ssm";
            }

            @Override
            public void close() {}
        }, new IamClient() {
            @Override
            public String serviceName() {
                return "iam";
            }

            @Override
            public void close() {}
        });
    }

    /** Of the changes, counted from 0: it is made, and its answer does not arrive. */
    void loseAnswerOf(int change) {
        loseAnswerOf = OptionalInt.of(change);
    }

    /** It does not arrive at all. */
    void loseRequest(int change) {
        loseRequest = OptionalInt.of(change);
    }

    <T> T read(Object request, Supplier<T> answer) {
        requests.add(request);
        return answer.get();
    }

    <T> T change(Object request, Supplier<T> answer) {
        requests.add(request);
        var number = changes.size();
        changes.add(request.getClass().getSimpleName().replace("Request", ""));
        if (loseRequest.equals(OptionalInt.of(number))) {
            throw SdkClientException.create("Unable to execute HTTP request: Connection refused");
        }
        var given = answer.get();
        if (loseAnswerOf.equals(OptionalInt.of(number))) {
            throw SdkClientException.create("Unable to execute HTTP request: Connection reset");
        }
        return given;
    }

    static AwsServiceException rdsRefusal(String code, String... message) {
        return (AwsServiceException) RdsException.builder().statusCode(400).awsErrorDetails(details("Rds", code, message)).build();
    }

    static AwsServiceException ec2Refusal(String code, String... message) {
        return (AwsServiceException) Ec2Exception.builder().statusCode(400).awsErrorDetails(details("Ec2", code, message)).build();
    }

    private static AwsErrorDetails details(String service, String code, String... message) {
        return AwsErrorDetails.builder().serviceName(service).errorCode(code).errorMessage(String.join(" ", Arrays.asList(message))).build();
    }
}
