package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigrationSpec.Rds;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Who may connect to the instance, and which rule is missing where somebody cannot: in words, from the spec alone. */
record RdsReach(AwsNames names, Rds spec) {
    private static final String FIELD = "spec.target.postgres.rds.";

    String words() {
        return (spec.securityGroupIds() == null ? ours() : theirs()) + " The workers also need a route there: the VPC of the subnets itself, or one that is peered with it.";
    }

    private String ours() {
        return "Its security group " + names.name() + " lets in TCP " + RdsSecurityGroup.PORT + " from " + allowed() + " alone (" + FIELD + "allowFrom). If the workers come from elsewhere, add the security group"
                + " or the address range of the cluster's nodes, or of its pods where they have addresses of the VPC: in Provision to " + FIELD + "allowFrom, later as an inbound rule of that security group.";
    }

    private String theirs() {
        return "Its security groups are yours: " + String.join(", ", spec.securityGroupIds()) + " (" + FIELD + "securityGroupIds). Add an inbound rule to one of them: TCP " + RdsSecurityGroup.PORT
                + " from the security group or the address range of the cluster's nodes, or of its pods where they have addresses of the VPC.";
    }

    private String allowed() {
        return Optional.ofNullable(spec.allowFrom()).map(from -> Stream.of(Optional.ofNullable(from.securityGroupIds()), Optional.ofNullable(from.cidrs()))
                .flatMap(Optional::stream).flatMap(List::stream).collect(Collectors.joining(", "))).orElse("nobody");
    }
}
