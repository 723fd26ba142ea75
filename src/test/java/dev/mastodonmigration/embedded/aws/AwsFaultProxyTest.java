package dev.mastodonmigration.embedded.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class AwsFaultProxyTest {
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();

    @Test
    void everyCallIsRecordedByTheNameThatAPolicyUses() throws IOException {
        aws.client().ec2("DescribeVpcs");
        aws.client().rds("DescribeDBInstances", "DBInstanceIdentifier", "none");
        aws.client().route53("GET", "hostedzone", "");
        aws.client().json("acm", "CertificateManager.ListCertificates", "{}");

        assertThat(aws.proxy().calls().all()).extracting(RecordedCall::toString).containsExactly("ec2:DescribeVpcs ANSWERED 200", "rds:DescribeDBInstances ANSWERED 404 DBInstanceNotFound",
                "route53:ListHostedZones ANSWERED 200", "acm:ListCertificates ANSWERED 200");
        assertThat(aws.proxy().calls().names()).containsExactly("acm:ListCertificates", "ec2:DescribeVpcs", "rds:DescribeDBInstances", "route53:ListHostedZones");
    }

    @Test
    void aSecretIsFoundInTheCallsThatCarryIt() throws IOException {
        aws.client().ec2("CreateSecurityGroup", "GroupName", "a b/c", "GroupDescription", "hunter2&co");
        aws.client().json("secretsmanager", "secretsmanager.CreateSecret", "{\"Name\":\"one\",\"SecretString\":\"hunter2\"}");
        aws.client().ec2("DescribeVpcs");

        assertThat(aws.proxy().calls().containing("hunter2")).extracting(found -> found.call().name()).containsExactly("ec2:CreateSecurityGroup", "secretsmanager:CreateSecret");
        assertThat(aws.proxy().calls().containing("hunter2&co")).hasSize(1);
    }

    @Test
    void aLostAnswerIsOfACallThatWasDone() throws IOException {
        aws.proxy().faults().nth(2, "ec2:CreateVpc", new AwsFault.LostAnswer());

        aws.client().ec2("CreateVpc", "CidrBlock", "10.1.0.0/16");
        assertThatThrownBy(() -> aws.client().ec2("CreateVpc", "CidrBlock", "10.2.0.0/16")).isInstanceOf(IOException.class);

        assertThat(WireClient.values(aws.client().ec2("DescribeVpcs"), "cidrBlock")).contains("10.1.0.0/16", "10.2.0.0/16");
        assertThat(aws.proxy().calls().last("ec2:CreateVpc")).hasToString("Optional[ec2:CreateVpc ANSWER_LOST 200]");
    }

    @Test
    void aCallThatWasCutBeforeIsNotDone() throws IOException {
        aws.proxy().faults().next("ec2:CreateVpc", new AwsFault.CutBefore());

        assertThatThrownBy(() -> aws.client().ec2("CreateVpc", "CidrBlock", "10.1.0.0/16")).isInstanceOf(IOException.class);

        assertThat(WireClient.values(aws.client().ec2("DescribeVpcs"), "cidrBlock")).doesNotContain("10.1.0.0/16");
        assertThat(aws.proxy().calls().last("ec2:CreateVpc")).hasToString("Optional[ec2:CreateVpc NOT_REACHED connection cut]");
    }

    @Test
    void refusalsAreInTheWordsOfEachProtocol() throws IOException {
        aws.proxy().faults().next("ec2:DescribeVpcs", new AwsFault.Throttled());
        aws.proxy().faults().next("rds:DescribeDBInstances", new AwsFault.Throttled());
        aws.proxy().faults().next("acm:ListCertificates", new AwsFault.Throttled());
        aws.proxy().faults().next("route53:ListHostedZones", new AwsFault.Refused(403, "ExpiredToken", "The security token included in the request is expired"));
        aws.proxy().faults().nth(2, "ec2:DescribeVpcs", new AwsFault.Refused(500, "InternalError", "An internal error has occurred"));

        assertThat(aws.client().ec2("DescribeVpcs")).returns(503, AwsAnswer::status).extracting(AwsAnswer::code).hasToString("Optional[RequestLimitExceeded]");
        assertThat(aws.client().rds("DescribeDBInstances")).returns(400, AwsAnswer::status).extracting(AwsAnswer::code).hasToString("Optional[Throttling]");
        assertThat(aws.client().json("acm", "CertificateManager.ListCertificates", "{}")).returns(400, AwsAnswer::status).extracting(AwsAnswer::code).hasToString("Optional[ThrottlingException]");
        assertThat(aws.client().route53("GET", "hostedzone", "")).returns(403, AwsAnswer::status).extracting(AwsAnswer::code).hasToString("Optional[ExpiredToken]");
        assertThat(aws.client().ec2("DescribeVpcs")).returns(500, AwsAnswer::status).extracting(AwsAnswer::code).hasToString("Optional[InternalError]");
        assertThat(aws.client().ec2("DescribeVpcs").isSuccess()).isTrue();
        assertThat(aws.proxy().faults().waiting()).isZero();
    }

    @Test
    void theNthChangeIsCountedWithoutLooks() throws IOException {
        aws.proxy().faults().nthChange(2, new AwsFault.CutBefore());

        aws.client().ec2("CreateVpc", "CidrBlock", "10.1.0.0/16");
        aws.client().ec2("DescribeVpcs");
        assertThatThrownBy(() -> aws.client().ec2("CreateVpc", "CidrBlock", "10.2.0.0/16")).isInstanceOf(IOException.class);
    }

    @Test
    void aStaleLookSeesNothingOnce() throws IOException {
        var group = aws.client().securityGroup("mine", WireClient.value(aws.client().ec2("CreateVpc", "CidrBlock", "10.1.0.0/16"), "vpcId"));
        aws.proxy().faults().next("ec2:DescribeVpcs", new AwsFault.Stale());
        aws.proxy().faults().next("ec2:DescribeSecurityGroups", new AwsFault.Stale());
        aws.proxy().faults().next("rds:DescribeDBInstances", new AwsFault.Stale());

        assertThat(WireClient.values(aws.client().ec2("DescribeVpcs"), "vpcId")).isEmpty();
        assertThat(WireClient.values(aws.client().ec2("DescribeVpcs"), "vpcId")).isNotEmpty();
        assertThat(aws.client().ec2("DescribeSecurityGroups", "GroupId.1", group).code()).contains("InvalidGroup.NotFound");
        assertThat(aws.client().ec2("DescribeSecurityGroups", "GroupId.1", group).isSuccess()).isTrue();
        assertThat(aws.client().rds("DescribeDBInstances", "DBInstanceIdentifier", "any").code()).contains("DBInstanceNotFound");
    }

    @Test
    void aResetEmptiesTheAccountAndForgetsFaultsAndCalls() throws IOException {
        aws.proxy().faults().next("ec2:DescribeVpcs", new AwsFault.CutBefore());
        aws.client().ec2("CreateVpc", "CidrBlock", "10.1.0.0/16");

        aws.proxy().reset();

        assertThat(aws.proxy().calls().all()).isEmpty();
        assertThat(WireClient.values(aws.client().ec2("DescribeVpcs"), "cidrBlock")).doesNotContain("10.1.0.0/16");
    }
}
