package dev.mastodonmigration.embedded.aws;

import java.util.Map;

/** A security group cannot go while a network interface or another group's rule refers to it. moto lets it go. */
final class SecurityGroupsInUse {
    private final RdsInstances instances;
    private final CacheReplicationGroups caches;
    private final LoadBalancers balancers;

    SecurityGroupsInUse(RdsInstances instances, CacheReplicationGroups caches, LoadBalancers balancers) {
        this.instances = instances;
        this.caches = caches;
        this.balancers = balancers;
    }

    AwsAnswer delete(AwsCall call, Upstream moto) throws AwsRefusal {
        var group = call.parameter("GroupId");
        if (group.isPresent() && (instances.hold(call, moto, group.get()) || caches.hold(call, group.get()) || balancers.hold(call, moto, group.get()) || isThere(call, moto, "DescribeNetworkInterfaces", "group-id", group.get(), "networkInterfaceId") || isNamedByAnother(call, moto, group.get()))) {
            throw new AwsRefusal("DependencyViolation", "resource " + group.get() + " has a dependent object");
        }
        return moto.pass(call);
    }

    private static boolean isThere(AwsCall call, Upstream moto, String action, String filter, String value, String element) {
        return !Xml.all(moto.ask(call, "ec2", action, Map.of("Filter.1.Name", filter, "Filter.1.Value.1", value)), element).isEmpty();
    }

    /** A rule of the group that names the group itself is no hindrance. */
    private static boolean isNamedByAnother(AwsCall call, Upstream moto, String group) {
        var infos = Xml.all(moto.ask(call, "ec2", "DescribeSecurityGroups", Map.of()), "securityGroupInfo");
        return infos.stream().flatMap(info -> Xml.children(info).stream()).filter(item -> !Xml.value(item, "groupId").orElse("").equals(group))
                .flatMap(item -> Xml.all(item, "groups").stream()).flatMap(groups -> Xml.all(groups, "groupId").stream()).anyMatch(named -> named.getTextContent().strip().equals(group));
    }
}
