package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.aws.ec2.Machine;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClient;
import software.amazon.awssdk.services.cloudwatchlogs.model.LogGroup;

/** Where the machines' logs go, a stream for each program of each machine. Made by us, because what a machine made would have no tag, no end, and would stay. */
final class MachineLogs implements Part {
    private static final String WHAT = "Log group";
    private final CloudWatchLogsClient logs;
    private final AwsNames names;

    MachineLogs(CloudWatchLogsClient logs, AwsNames names) {
        this.logs = logs;
        this.names = names;
    }

    private String name() {
        return Machine.logGroup(names.name());
    }

    @Override
    public Optional<Provisioned> ensure() {
        var found = find();
        if (found.isEmpty()) {
            unless(Set.of("ResourceAlreadyExistsException"), () -> logs.createLogGroup(call -> call.logGroupName(name()).tags(names.tags())));
            return working("was created");
        }
        if (!Integer.valueOf(Machine.LOG_DAYS).equals(found.get().retentionInDays())) {
            asking(() -> logs.putRetentionPolicy(call -> call.logGroupName(name()).retentionInDays(Machine.LOG_DAYS)));
            return working("was told to keep logs for " + Machine.LOG_DAYS + " days");
        }
        return Optional.empty();
    }

    /** @throws dev.mastodonmigration.outside.OutsideException when the one of that name is not ours */
    Optional<LogGroup> find() {
        var found = named();
        found.map(this::tags).filter(tags -> !names.areOn(tags)).ifPresent(tags -> {
            throw AwsNames.foreign(WHAT, name(), tags);
        });
        return found;
    }

    @Override
    public Optional<Provisioned> release() {
        return named().filter(group -> names.areOn(tags(group))).flatMap(group -> {
            unless(Set.of("ResourceNotFoundException"), () -> logs.deleteLogGroup(call -> call.logGroupName(name())));
            return working("was removed");
        });
    }

    private Optional<LogGroup> named() {
        return asking(() -> logs.describeLogGroups(call -> call.logGroupNamePrefix(name()))).logGroups().stream().filter(group -> name().equals(group.logGroupName())).findFirst();
    }

    private Map<String, String> tags(LogGroup group) {
        var arn = group.arn().endsWith(":*") ? group.arn().substring(0, group.arn().length() - 2) : group.arn();
        return unless(Set.of("ResourceNotFoundException"), () -> logs.listTagsForResource(call -> call.resourceArn(arn))).map(answer -> answer.tags()).orElse(Map.of());
    }

    private Optional<Provisioned> working(String what) {
        return Optional.of(new Provisioned.Working("log group " + name() + " " + what));
    }
}
