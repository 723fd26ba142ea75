package dev.mastodonmigration.target.aws;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.AuthorizeSecurityGroupIngressRequest;
import software.amazon.awssdk.services.ec2.model.AuthorizeSecurityGroupIngressResponse;
import software.amazon.awssdk.services.ec2.model.CreateSecurityGroupRequest;
import software.amazon.awssdk.services.ec2.model.CreateSecurityGroupResponse;
import software.amazon.awssdk.services.ec2.model.DeleteSecurityGroupRequest;
import software.amazon.awssdk.services.ec2.model.DeleteSecurityGroupResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSecurityGroupsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSecurityGroupsResponse;
import software.amazon.awssdk.services.ec2.model.DescribeSubnetsRequest;
import software.amazon.awssdk.services.ec2.model.DescribeSubnetsResponse;
import software.amazon.awssdk.services.ec2.model.IpPermission;
import software.amazon.awssdk.services.ec2.model.SecurityGroup;
import software.amazon.awssdk.services.ec2.model.Subnet;

/** Subnets and security groups of one account. */
final class FakeEc2 implements Ec2Client {
    static final String VPC = "vpc-1";
    final Map<String, Subnet> subnets = new HashMap<>();
    /** By id. */
    final Map<String, SecurityGroup> groups = new TreeMap<>();
    /** For so many tries to delete a group, an interface of a deleted instance is still there. */
    int lingering;
    private final FakeAws aws;

    FakeEc2(FakeAws aws) {
        this.aws = aws;
        subnet("subnet-a", VPC, "eu-central-1a");
        subnet("subnet-b", VPC, "eu-central-1b");
        group("sg-nodes", "nodes", VPC);
    }

    void subnet(String id, String vpc, String zone) {
        subnets.put(id, Subnet.builder().subnetId(id).vpcId(vpc).availabilityZone(zone).build());
    }

    void group(String id, String name, String vpc) {
        groups.put(id, SecurityGroup.builder().groupId(id).groupName(name).vpcId(vpc).build());
    }

    @Override
    public DescribeSubnetsResponse describeSubnets(DescribeSubnetsRequest request) {
        return aws.read(request, () -> {
            request.subnetIds().stream().filter(id -> !subnets.containsKey(id)).findFirst().ifPresent(id -> {
                throw FakeAws.ec2Refusal("InvalidSubnetID.NotFound", "The subnet ID '" + id + "' does not exist");
            });
            return DescribeSubnetsResponse.builder().subnets(request.subnetIds().stream().map(subnets::get).toList()).build();
        });
    }

    @Override
    public DescribeSecurityGroupsResponse describeSecurityGroups(DescribeSecurityGroupsRequest request) {
        return aws.read(request, () -> {
            request.groupIds().stream().filter(id -> !groups.containsKey(id)).findFirst().ifPresent(id -> {
                throw FakeAws.ec2Refusal("InvalidGroup.NotFound", "The security group '" + id + "' does not exist");
            });
            return DescribeSecurityGroupsResponse.builder().securityGroups(groups.values().stream().filter(group -> request.groupIds().isEmpty() || request.groupIds().contains(group.groupId()))
                    .filter(group -> request.filters().stream().allMatch(filter -> filter.name().equals("group-name") && filter.values().contains(group.groupName()))).toList()).build();
        });
    }

    @Override
    public CreateSecurityGroupResponse createSecurityGroup(CreateSecurityGroupRequest request) {
        return aws.change(request, () -> {
            if (groups.values().stream().anyMatch(group -> group.groupName().equals(request.groupName()) && group.vpcId().equals(request.vpcId()))) {
                throw FakeAws.ec2Refusal("InvalidGroup.Duplicate");
            }
            var id = "sg-" + groups.size();
            groups.put(id, SecurityGroup.builder().groupId(id).groupName(request.groupName()).vpcId(request.vpcId()).tags(request.tagSpecifications().getFirst().tags()).build());
            return CreateSecurityGroupResponse.builder().groupId(id).build();
        });
    }

    @Override
    public AuthorizeSecurityGroupIngressResponse authorizeSecurityGroupIngress(AuthorizeSecurityGroupIngressRequest request) {
        return aws.change(request, () -> {
            var group = groups.get(request.groupId());
            if (group.ipPermissions().stream().anyMatch(request.ipPermissions()::contains)) {
                throw FakeAws.ec2Refusal("InvalidPermission.Duplicate");
            }
            List<IpPermission> rules = new ArrayList<>(group.ipPermissions());
            rules.addAll(request.ipPermissions());
            groups.put(request.groupId(), group.toBuilder().ipPermissions(rules).build());
            return AuthorizeSecurityGroupIngressResponse.builder().build();
        });
    }

    @Override
    public DeleteSecurityGroupResponse deleteSecurityGroup(DeleteSecurityGroupRequest request) {
        return aws.change(request, () -> {
            if (!groups.containsKey(request.groupId())) {
                throw FakeAws.ec2Refusal("InvalidGroup.NotFound");
            }
            if (aws.rds.usesGroup(request.groupId()) || lingering-- > 0) {
                throw FakeAws.ec2Refusal("DependencyViolation", "resource " + request.groupId() + " has a dependent object");
            }
            groups.remove(request.groupId());
            return DeleteSecurityGroupResponse.builder().build();
        });
    }

    @Override
    public String serviceName() {
        return "ec2";
    }

    @Override
    public void close() {}
}
