package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.api.MastodonMigrationSpec.Rds;
import dev.mastodonmigration.outside.Provisioned;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import software.amazon.awssdk.services.rds.RdsClient;
import software.amazon.awssdk.services.rds.model.DBSubnetGroup;

/** Where the instance may stand. */
final class RdsSubnetGroup implements DatabasePart {
    static final String WHAT = "DB subnet group";
    private static final Set<String> NOT_FOUND = Set.of("DBSubnetGroupNotFoundFault");
    private final RdsClient rds;
    private final AwsNames names;
    private final Rds spec;

    RdsSubnetGroup(RdsClient rds, AwsNames names, Rds spec) {
        this.rds = rds;
        this.names = names;
        this.spec = spec;
    }

    @Override
    public Optional<Provisioned> ensure() {
        if (find().isPresent()) {
            return Optional.empty();
        }
        unless(Set.of("DBSubnetGroupAlreadyExists"), () -> rds.createDBSubnetGroup(call -> call.dbSubnetGroupName(names.name())
                .dbSubnetGroupDescription("Postgres of the Mastodon migration " + names.migration()).subnetIds(spec.subnetIds()).tags(AwsTags.rds(names.tags()))));
        return Optional.of(new Provisioned.Working(WHAT + " " + names.name() + " was created"));
    }

    /** @throws dev.mastodonmigration.outside.OutsideException when the one of that name is not ours */
    Optional<DBSubnetGroup> find() {
        var found = ofThatName();
        found.map(this::tags).filter(tags -> !names.areOn(tags)).ifPresent(tags -> {
            throw names.foreign(WHAT, tags);
        });
        return found;
    }

    @Override
    public String named() {
        return WHAT + " " + names.name();
    }

    @Override
    public Optional<String> standing() {
        return ofThatName().filter(group -> names.areOn(tags(group))).map(group -> named());
    }

    @Override
    public Optional<Provisioned> release() {
        return ofThatName().filter(group -> names.areOn(tags(group))).map(group ->
                unless(Set.of("InvalidDBSubnetGroupStateFault", "DBSubnetGroupNotFoundFault"), () -> rds.deleteDBSubnetGroup(call -> call.dbSubnetGroupName(names.name())))
                        .<Provisioned>map(gone -> new Provisioned.Working(WHAT + " " + names.name() + " was removed"))
                        .orElseGet(() -> new Provisioned.Working(WHAT + " " + names.name() + " is still in use")));
    }

    private Optional<DBSubnetGroup> ofThatName() {
        return unless(NOT_FOUND, () -> rds.describeDBSubnetGroups(call -> call.dbSubnetGroupName(names.name()))).flatMap(answer -> answer.dbSubnetGroups().stream().findFirst());
    }

    private Map<String, String> tags(DBSubnetGroup group) {
        return AwsTags.ofRds(asking(() -> rds.listTagsForResource(call -> call.resourceName(group.dbSubnetGroupArn()))).tagList());
    }
}
