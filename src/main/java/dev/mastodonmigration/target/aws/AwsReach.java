package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.target.aws.AwsSecurityGroup.Access;
import java.util.stream.Collectors;

/** Who may connect to a database, and which rule is missing where somebody cannot: in words, from the spec alone. */
record AwsReach(Access access) {
    String words() {
        return access.given().map(groups -> theirs(String.join(", ", groups))).orElseGet(this::ours) + " The workers also need a route there: the VPC of the subnets itself, or one that is peered with it.";
    }

    private String ours() {
        return "Its security group " + access.name() + " lets in TCP " + access.port() + " from " + allowed() + " alone (" + access.field() + ".allowFrom). If the workers come from elsewhere, add the security"
                + " group or the address range of the cluster's nodes, or of its pods where they have addresses of the VPC: in Provision to " + access.field()
                + ".allowFrom, later as an inbound rule of that security group.";
    }

    private String theirs(String groups) {
        return "Its security groups are yours: " + groups + " (" + access.field() + ".securityGroupIds). Add an inbound rule to one of them: TCP " + access.port()
                + " from the security group or the address range of the cluster's nodes, or of its pods where they have addresses of the VPC.";
    }

    private String allowed() {
        var allowed = access.allowed().collect(Collectors.joining(", "));
        return allowed.isEmpty() ? "nobody" : allowed;
    }
}
