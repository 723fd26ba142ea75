package dev.mastodonmigration.target.aws;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import software.amazon.awssdk.services.rds.RdsClient;
import software.amazon.awssdk.services.rds.model.*;
import software.amazon.awssdk.services.rds.paginators.DescribeDBParametersIterable;
import software.amazon.awssdk.services.rds.paginators.DescribeOrderableDBInstanceOptionsIterable;

/** RDS of one account: statuses change a step with each look, names are one, and what is in use cannot be deleted. */
final class FakeRds implements RdsClient {
    static final String HOST = "example.abc.eu-central-1.rds.amazonaws.com";
    final Map<String, DBInstance> instances = new TreeMap<>();
    final Map<String, DBSubnetGroup> subnetGroups = new TreeMap<>();
    final Map<String, DBParameterGroup> parameterGroups = new TreeMap<>();
    final Map<String, Map<String, String>> parameters = new HashMap<>();
    final Map<String, List<Tag>> tags = new HashMap<>();
    final List<OrderableDBInstanceOption> orderable = new ArrayList<>();
    /** What a new instance goes through, a word for each look. */
    List<String> creation = List.of("creating", "creating", "available", "backing-up", "modifying", "available");
    String password = "";
    /** For so many looks an instance that is there is not shown: RDS is eventually consistent. */
    int hidden;
    private final Deque<String> coming = new ArrayDeque<>();
    private final FakeAws aws;

    FakeRds(FakeAws aws) {
        this.aws = aws;
        for (var version : List.of("16.9", "17.4", "17.5")) {
            orderable.add(OrderableDBInstanceOption.builder().engine("postgres").engineVersion(version).dbInstanceClass("db.t4g.small").storageType("gp3").multiAZCapable(true)
                    .minStorageSize(20).maxStorageSize(65536).availabilityZones(zone("eu-central-1a"), zone("eu-central-1b")).build());
        }
    }

    private static AvailabilityZone zone(String name) {
        return AvailabilityZone.builder().name(name).build();
    }

    boolean usesGroup(String id) {
        return instances.values().stream().anyMatch(instance -> instance.vpcSecurityGroups().stream().anyMatch(group -> group.vpcSecurityGroupId().equals(id)));
    }

    void edit(String name, UnaryOperator<DBInstance.Builder> edit) {
        instances.compute(name, (key, instance) -> edit.apply(instance.toBuilder()).build());
    }

    void status(String name, String word) {
        coming.clear();
        edit(name, instance -> instance.dbInstanceStatus(word));
    }

    @Override
    public DescribeDbInstancesResponse describeDBInstances(DescribeDbInstancesRequest request) {
        return aws.read(request, () -> {
            var name = request.dbInstanceIdentifier();
            if (!instances.containsKey(name) || hidden-- > 0) {
                throw FakeAws.rdsRefusal("DBInstanceNotFound", "DBInstance " + name + " not found.");
            }
            if (!coming.isEmpty()) {
                step(name, coming.poll());
            }
            if (!instances.containsKey(name)) {
                throw FakeAws.rdsRefusal("DBInstanceNotFound");
            }
            return DescribeDbInstancesResponse.builder().dbInstances(instances.get(name)).build();
        });
    }

    private void step(String name, String word) {
        if (word.equals("gone")) {
            instances.remove(name);
            return;
        }
        edit(name, instance -> word.equals("available") ? instance.dbInstanceStatus(word).endpoint(Endpoint.builder().address(HOST).port(5432).build()) : instance.dbInstanceStatus(word));
    }

    @Override
    public CreateDbInstanceResponse createDBInstance(CreateDbInstanceRequest request) {
        return aws.change(request, () -> {
            var name = request.dbInstanceIdentifier();
            refuseUnless(!instances.containsKey(name), "DBInstanceAlreadyExists");
            refuseUnless(subnetGroups.containsKey(request.dbSubnetGroupName()), "DBSubnetGroupNotFoundFault");
            refuseUnless(parameterGroups.containsKey(request.dbParameterGroupName()), "DBParameterGroupNotFound");
            refuseUnless(name.equals(name.toLowerCase(Locale.ROOT)) && name.length() <= 63 && !name.contains("--"), "InvalidParameterValue");
            refuseUnless(request.masterUserPassword().matches("[^/\"@ ]{8,128}") && request.masterUsername().length() <= 16, "InvalidParameterValue");
            refuseUnless(request.allocatedStorage() >= 400 || request.iops() == null && request.storageThroughput() == null, "InvalidParameterCombination");
            password = request.masterUserPassword();
            instances.put(name, DBInstance.builder().dbInstanceIdentifier(name).dbInstanceArn("arn:" + name).dbInstanceStatus("creating").engineVersion("17.5")
                    .deletionProtection(request.deletionProtection()).backupRetentionPeriod(request.backupRetentionPeriod()).tagList(request.tags())
                    .vpcSecurityGroups(request.vpcSecurityGroupIds().stream().map(id -> VpcSecurityGroupMembership.builder().vpcSecurityGroupId(id).build()).toList())
                    .dbParameterGroups(DBParameterGroupStatus.builder().dbParameterGroupName(request.dbParameterGroupName()).parameterApplyStatus("in-sync").build())
                    .pendingModifiedValues(PendingModifiedValues.builder().build()).build());
            coming.addAll(creation);
            return CreateDbInstanceResponse.builder().build();
        });
    }

    @Override
    public ModifyDbInstanceResponse modifyDBInstance(ModifyDbInstanceRequest request) {
        return aws.change(request, () -> {
            var name = request.dbInstanceIdentifier();
            refuseUnless(instances.containsKey(name), "DBInstanceNotFound");
            refuseUnless(instances.get(name).dbInstanceStatus().equals("available"), "InvalidDBInstanceState");
            if (request.masterUserPassword() != null) {
                password = request.masterUserPassword();
            }
            edit(name, instance -> {
                if (request.deletionProtection() != null) {
                    instance.deletionProtection(request.deletionProtection());
                }
                return request.backupRetentionPeriod() != null && Boolean.TRUE.equals(request.applyImmediately()) ? instance.backupRetentionPeriod(request.backupRetentionPeriod()) : instance;
            });
            coming.addAll(List.of("modifying", "available"));
            return ModifyDbInstanceResponse.builder().build();
        });
    }

    @Override
    public RebootDbInstanceResponse rebootDBInstance(RebootDbInstanceRequest request) {
        return aws.change(request, () -> {
            edit(request.dbInstanceIdentifier(), instance -> instance.dbParameterGroups(DBParameterGroupStatus.builder().dbParameterGroupName(request.dbInstanceIdentifier()).parameterApplyStatus("in-sync").build()));
            coming.addAll(List.of("rebooting", "available"));
            return RebootDbInstanceResponse.builder().build();
        });
    }

    @Override
    public AddTagsToResourceResponse addTagsToResource(AddTagsToResourceRequest request) {
        return aws.change(request, () -> {
            edit(request.resourceName().replace("arn:", ""), instance -> {
                var all = new TreeMap<>(AwsTags.ofRds(instance.build().tagList()));
                all.putAll(AwsTags.ofRds(request.tags()));
                return instance.tagList(AwsTags.rds(all));
            });
            return AddTagsToResourceResponse.builder().build();
        });
    }

    @Override
    public DeleteDbInstanceResponse deleteDBInstance(DeleteDbInstanceRequest request) {
        return aws.change(request, () -> {
            var name = request.dbInstanceIdentifier();
            refuseUnless(instances.containsKey(name), "DBInstanceNotFound");
            refuseUnless(!Boolean.TRUE.equals(instances.get(name).deletionProtection()), "InvalidParameterCombination");
            refuseUnless(!instances.get(name).dbInstanceStatus().equals("deleting"), "InvalidDBInstanceState");
            refuseUnless(Boolean.TRUE.equals(request.skipFinalSnapshot()) || request.finalDBSnapshotIdentifier() != null, "InvalidParameterCombination");
            step(name, "deleting");
            coming.clear();
            coming.addAll(List.of("deleting", "deleting", "gone"));
            return DeleteDbInstanceResponse.builder().build();
        });
    }

    @Override
    public DescribeDbSubnetGroupsResponse describeDBSubnetGroups(DescribeDbSubnetGroupsRequest request) {
        return aws.read(request, () -> {
            refuseUnless(subnetGroups.containsKey(request.dbSubnetGroupName()), "DBSubnetGroupNotFoundFault");
            return DescribeDbSubnetGroupsResponse.builder().dbSubnetGroups(subnetGroups.get(request.dbSubnetGroupName())).build();
        });
    }

    @Override
    public CreateDbSubnetGroupResponse createDBSubnetGroup(CreateDbSubnetGroupRequest request) {
        return aws.change(request, () -> {
            refuseUnless(!subnetGroups.containsKey(request.dbSubnetGroupName()), "DBSubnetGroupAlreadyExists");
            subnetGroup(request.dbSubnetGroupName(), request.tags());
            return CreateDbSubnetGroupResponse.builder().build();
        });
    }

    void subnetGroup(String name, List<Tag> with) {
        subnetGroups.put(name, DBSubnetGroup.builder().dbSubnetGroupName(name).dbSubnetGroupArn("arn:subgrp:" + name).build());
        tags.put("arn:subgrp:" + name, with);
    }

    @Override
    public DeleteDbSubnetGroupResponse deleteDBSubnetGroup(DeleteDbSubnetGroupRequest request) {
        return aws.change(request, () -> {
            refuseUnless(subnetGroups.containsKey(request.dbSubnetGroupName()), "DBSubnetGroupNotFoundFault");
            refuseUnless(instances.isEmpty(), "InvalidDBSubnetGroupStateFault");
            subnetGroups.remove(request.dbSubnetGroupName());
            return DeleteDbSubnetGroupResponse.builder().build();
        });
    }

    @Override
    public DescribeDbParameterGroupsResponse describeDBParameterGroups(DescribeDbParameterGroupsRequest request) {
        return aws.read(request, () -> {
            refuseUnless(parameterGroups.containsKey(request.dbParameterGroupName()), "DBParameterGroupNotFound");
            return DescribeDbParameterGroupsResponse.builder().dbParameterGroups(parameterGroups.get(request.dbParameterGroupName())).build();
        });
    }

    @Override
    public CreateDbParameterGroupResponse createDBParameterGroup(CreateDbParameterGroupRequest request) {
        return aws.change(request, () -> {
            refuseUnless(!parameterGroups.containsKey(request.dbParameterGroupName()), "DBParameterGroupAlreadyExists");
            parameterGroup(request.dbParameterGroupName(), request.dbParameterGroupFamily(), request.tags());
            return CreateDbParameterGroupResponse.builder().build();
        });
    }

    void parameterGroup(String name, String family, List<Tag> with) {
        parameterGroups.put(name, DBParameterGroup.builder().dbParameterGroupName(name).dbParameterGroupFamily(family).dbParameterGroupArn("arn:pg:" + name).build());
        parameters.put(name, new TreeMap<>());
        tags.put("arn:pg:" + name, with);
    }

    @Override
    public DescribeDbParametersResponse describeDBParameters(DescribeDbParametersRequest request) {
        return aws.read(request, () -> DescribeDbParametersResponse.builder().parameters(parameters.get(request.dbParameterGroupName()).entrySet().stream()
                .map(one -> Parameter.builder().parameterName(one.getKey()).parameterValue(one.getValue()).build()).toList()).build());
    }

    @Override
    public DescribeDBParametersIterable describeDBParametersPaginator(DescribeDbParametersRequest request) {
        return new DescribeDBParametersIterable(this, request);
    }

    @Override
    public ModifyDbParameterGroupResponse modifyDBParameterGroup(ModifyDbParameterGroupRequest request) {
        return aws.change(request, () -> {
            refuseUnless(request.parameters().size() <= 20, "InvalidParameterValue");
            request.parameters().forEach(one -> parameters.get(request.dbParameterGroupName()).put(one.parameterName(), one.parameterValue()));
            return ModifyDbParameterGroupResponse.builder().build();
        });
    }

    @Override
    public DeleteDbParameterGroupResponse deleteDBParameterGroup(DeleteDbParameterGroupRequest request) {
        return aws.change(request, () -> {
            refuseUnless(parameterGroups.containsKey(request.dbParameterGroupName()), "DBParameterGroupNotFound");
            refuseUnless(instances.isEmpty(), "InvalidDBParameterGroupState");
            parameterGroups.remove(request.dbParameterGroupName());
            return DeleteDbParameterGroupResponse.builder().build();
        });
    }

    @Override
    public ListTagsForResourceResponse listTagsForResource(ListTagsForResourceRequest request) {
        return aws.read(request, () -> ListTagsForResourceResponse.builder().tagList(tags.get(request.resourceName())).build());
    }

    @Override
    public DescribeOrderableDbInstanceOptionsResponse describeOrderableDBInstanceOptions(DescribeOrderableDbInstanceOptionsRequest request) {
        return aws.read(request, () -> DescribeOrderableDbInstanceOptionsResponse.builder()
                .orderableDBInstanceOptions(orderable.stream().filter(option -> option.dbInstanceClass().equals(request.dbInstanceClass())).toList()).build());
    }

    @Override
    public DescribeOrderableDBInstanceOptionsIterable describeOrderableDBInstanceOptionsPaginator(DescribeOrderableDbInstanceOptionsRequest request) {
        return new DescribeOrderableDBInstanceOptionsIterable(this, request);
    }

    private static void refuseUnless(boolean fine, String code) {
        if (!fine) {
            throw FakeAws.rdsRefusal(code, "as RDS says");
        }
    }

    @Override
    public String serviceName() {
        return "rds";
    }

    @Override
    public void close() {}
}
