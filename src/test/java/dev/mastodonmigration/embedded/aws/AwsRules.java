package dev.mastodonmigration.embedded.aws;

import java.util.HashMap;
import java.util.Map;

/**
 * The table of everything in which AWS differs from moto, by action. What is not in it moto answers alone.
 * Each rule's source is research/aws.md, §3 (what AWS refuses) and §11 (what moto lets pass).
 */
final class AwsRules {
    private final Map<String, AwsRule> rules = new HashMap<>();
    final RdsInstances instances = new RdsInstances();
    final CacheReplicationGroups caches = new CacheReplicationGroups();
    final Certificates certificates = new Certificates();
    final LoadBalancers balancers = new LoadBalancers(certificates);
    final Callers callers = new Callers();
    private final SentOnce launches = new SentOnce();
    private final Route53Changes changes = new Route53Changes();

    AwsRules() {
        rds();
        elasticache();
        ec2();
        balancing();
        route53();
        on("sts:GetCallerIdentity", callers::identity);
        on("iam:SimulatePrincipalPolicy", (call, moto) -> callers.simulate(call));
        on("pricing:GetProducts", (call, moto) -> PriceList.products(call));
    }

    private void rds() {
        var groups = new RdsGroups(instances);
        on("rds:CreateDBSubnetGroup", groups::createSubnetGroup);
        on("rds:ModifyDBSubnetGroup", groups::modifySubnetGroup);
        on("rds:DeleteDBSubnetGroup", groups::deleteSubnetGroup);
        on("rds:CreateDBParameterGroup", groups::createParameterGroup);
        on("rds:DescribeDBParameterGroups", groups::describeParameterGroups);
        on("rds:ModifyDBParameterGroup", groups::modifyParameterGroup);
        on("rds:DeleteDBParameterGroup", groups::deleteParameterGroup);
        on("rds:CreateDBInstance", instances::create);
        on("rds:DescribeDBInstances", instances::describe);
        on("rds:ModifyDBInstance", instances::modify);
        on("rds:RebootDBInstance", instances::reboot);
        on("rds:DeleteDBInstance", instances::delete);
        on("rds:DescribeOrderableDBInstanceOptions", (call, moto) -> RdsOfferings.orderable(call));
        on("rds:DescribeDBEngineVersions", (call, moto) -> RdsOfferings.versions(call));
    }

    private void elasticache() {
        var groups = caches.parts();
        on("elasticache:CreateCacheSubnetGroup", groups::createSubnetGroup);
        on("elasticache:DescribeCacheSubnetGroups", (call, moto) -> groups.describe(CacheGroups.SUBNETS, call));
        on("elasticache:DeleteCacheSubnetGroup", (call, moto) -> groups.delete(CacheGroups.SUBNETS, call));
        on("elasticache:CreateCacheParameterGroup", (call, moto) -> groups.createParameterGroup(call));
        on("elasticache:DescribeCacheParameterGroups", (call, moto) -> groups.describe(CacheGroups.PARAMETERS, call));
        on("elasticache:ModifyCacheParameterGroup", (call, moto) -> groups.modifyParameters(call));
        on("elasticache:ResetCacheParameterGroup", (call, moto) -> groups.resetParameters(call));
        on("elasticache:DescribeCacheParameters", (call, moto) -> groups.describeParameters(call));
        on("elasticache:DeleteCacheParameterGroup", (call, moto) -> groups.delete(CacheGroups.PARAMETERS, call));
        on("elasticache:CreateReplicationGroup", caches::create);
        on("elasticache:DescribeReplicationGroups", caches::describe);
        on("elasticache:ModifyReplicationGroup", caches::modify);
        on("elasticache:DeleteReplicationGroup", caches::delete);
        on("elasticache:DescribeCacheClusters", (call, moto) -> caches.clusters(call));
        on("elasticache:ListTagsForResource", caches::tags);
        on("elasticache:AddTagsToResource", caches::changeTags);
        on("elasticache:RemoveTagsFromResource", caches::changeTags);
        on("elasticache:DescribeCacheEngineVersions", (call, moto) -> CacheOfferings.versions(call));
    }

    private void ec2() {
        on("ec2:DeleteSecurityGroup", new SecurityGroupsInUse(instances, caches, balancers)::delete);
        on("ec2:RunInstances", launches::run);
        on("ec2:TerminateInstances", TerminatedAgain::terminate);
    }

    private void balancing() {
        on("elasticloadbalancing:CreateLoadBalancer", balancers::create);
        on("elasticloadbalancing:CreateTargetGroup", balancers::createTargetGroup);
        on("elasticloadbalancing:CreateListener", balancers::createListener);
        on("elasticloadbalancing:DescribeLoadBalancers", balancers::describe);
        on("elasticloadbalancing:DeleteLoadBalancer", balancers::delete);
        on("elasticloadbalancing:RegisterTargets", balancers::register);
        on("elasticloadbalancing:DeregisterTargets", balancers::deregister);
        on("elasticloadbalancing:DescribeTargetHealth", balancers::health);
        on("acm:DescribeCertificate", certificates::describe);
        on("acm:DeleteCertificate", certificates::delete);
    }

    private void route53() {
        on("route53:ChangeResourceRecordSets", changes::change);
        on("route53:ListResourceRecordSets", changes::list);
        on("route53:GetChange", changes::get);
    }

    private void on(String name, AwsRule rule) {
        rules.put(name, rule);
    }

    AwsAnswer answer(AwsCall call, Upstream moto) {
        try {
            return call.isDryRun() ? callers.dryRun(call) : rules.getOrDefault(call.name(), (asked, other) -> other.pass(asked)).answer(call, moto);
        } catch (AwsRefusal refusal) {
            return call.protocol().error(refusal.status, refusal.code, refusal.getMessage());
        }
    }

    void clear() {
        instances.clear();
        caches.clear();
        launches.clear();
        balancers.clear();
        certificates.clear();
        changes.clear();
        callers.clear();
    }
}
