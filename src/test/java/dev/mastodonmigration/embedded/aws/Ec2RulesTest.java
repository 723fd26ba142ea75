package dev.mastodonmigration.embedded.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class Ec2RulesTest {
    @RegisterExtension
    final AwsExtension aws = new AwsExtension();
    private List<String> subnets;

    @BeforeEach
    void network() throws IOException {
        subnets = aws.client().subnets("ab");
    }

    @Test
    void aClientTokenLaunchesOnceEvenWhenTheAnswerWasLost() throws IOException {
        aws.proxy().faults().next("ec2:RunInstances", new AwsFault.LostAnswer());

        assertThatThrownBy(() -> run("token", subnets.getFirst(), "t4g.small")).isInstanceOf(IOException.class);
        var again = run("token", subnets.getFirst(), "t4g.small");

        assertThat(again.isSuccess()).as(again.body()).isTrue();
        assertThat(instances()).containsExactly(WireClient.value(again, "instanceId"));
    }

    @Test
    void aTokenWithOtherParametersIsRefusedAndInAnotherZoneItIsAnother() throws IOException {
        run("token", subnets.getFirst(), "t4g.small");

        assertThat(run("token", subnets.getFirst(), "t4g.large").code()).contains("IdempotentParameterMismatch");
        assertThat(run("token", subnets.getLast(), "t4g.small").isSuccess()).isTrue();
        assertThat(instances()).hasSize(2);
    }

    @Test
    void aTokenWhoseInstanceWasTerminatedIsUsedUp() throws IOException {
        var launched = WireClient.value(run("token", subnets.getFirst(), "t4g.small"), "instanceId");
        aws.client().ec2("TerminateInstances", "InstanceId.1", launched);

        assertThat(run("token", subnets.getFirst(), "t4g.small").code()).contains("IdempotentInstanceTerminated");
        assertThat(run("another", subnets.getFirst(), "t4g.small").isSuccess()).isTrue();
    }

    @Test
    void aSecurityGroupStaysWhileAnInstanceOrARuleRefersToIt() throws IOException {
        var network = aws.client().networkOf(subnets.getFirst());
        var web = aws.client().securityGroup("web", network);
        var database = aws.client().securityGroup("database", network);
        aws.client().ec2("AuthorizeSecurityGroupIngress", "GroupId", database, "IpPermissions.1.IpProtocol", "tcp", "IpPermissions.1.FromPort", "5432", "IpPermissions.1.ToPort", "5432",
                "IpPermissions.1.Groups.1.GroupId", web);

        assertThat(delete(web).code()).contains("DependencyViolation");
        aws.client().ec2("RevokeSecurityGroupIngress", "GroupId", database, "IpPermissions.1.IpProtocol", "tcp", "IpPermissions.1.FromPort", "5432", "IpPermissions.1.ToPort", "5432",
                "IpPermissions.1.Groups.1.GroupId", web);
        aws.client().ec2("RunInstances", "ImageId", "ami-12345678", "MinCount", "1", "MaxCount", "1", "SubnetId", subnets.getFirst(), "SecurityGroupId.1", web);
        assertThat(delete(web).code()).contains("DependencyViolation");
        assertThat(delete(database).isSuccess()).isTrue();
    }

    private AwsAnswer delete(String group) throws IOException {
        return aws.client().ec2("DeleteSecurityGroup", "GroupId", group);
    }

    private AwsAnswer run(String token, String subnet, String type) throws IOException {
        return aws.client().ec2("RunInstances", "ImageId", "ami-12345678", "MinCount", "1", "MaxCount", "1", "ClientToken", token, "SubnetId", subnet, "InstanceType", type);
    }

    private List<String> instances() throws IOException {
        return WireClient.values(aws.client().ec2("DescribeInstances"), "instanceId").stream().distinct().toList();
    }
}
