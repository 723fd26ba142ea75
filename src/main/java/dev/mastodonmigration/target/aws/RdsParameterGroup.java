package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.api.MastodonMigrationSpec.Rds;
import dev.mastodonmigration.outside.Provisioned;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import software.amazon.awssdk.services.rds.RdsClient;
import software.amazon.awssdk.services.rds.model.ApplyMethod;
import software.amazon.awssdk.services.rds.model.DBParameterGroup;
import software.amazon.awssdk.services.rds.model.Parameter;

/**
 * The server's settings. All of them are dynamic, so that none needs a restart. It is the instance's from its creation on, because one that is given later waits for a restart.
 *
 * <p>There is one set, for the load and for the years after it, so that nothing has to be taken back before the cutover, which could fail there. What AWS advises to set while data is imported
 * (Amazon RDS User Guide, Importing data into PostgreSQL) is either good for good, or the loading sessions' own matter, or not safe while the source is followed:
 * <ul>
 * <li>{@code max_wal_size}, {@code checkpoint_timeout}: few checkpoints. They stay: recovery after a crash has up to 4 GiB of log to replay then, which is a matter of a minute, and full-page images
 * are written more rarely, which an instance in use gains from too.</li>
 * <li>{@code maintenance_work_mem}, {@code synchronous_commit = off}: set by each session that copies rows and builds indexes, and by no other. For the whole server the first would be each
 * autovacuum worker's too, and the second would make positions, behind which the source's log is pruned, be forgotten in a crash.</li>
 * <li>{@code autovacuum = off}: never. A copy may take days, in which the rounds delete and insert the rows that change; without vacuum and statistics they become ever slower, and one that is forgotten
 * in this state harms the instance for months.</li>
 * <li>{@code wal_buffers}: waits for a restart, and by default has all that it can use.</li>
 * <li>No backups and no standby: switching either on later brings write latency, or a pause (Multi-AZ, retention), just when the lag should shrink. They are on from the creation.</li>
 * </ul>
 */
final class RdsParameterGroup implements DatabasePart {
    /** RDS's defaults differ by version. max_wal_size in MiB and checkpoint_timeout in seconds: fewer checkpoints while much is written. */
    static final Map<String, String> SETTINGS = Map.of("rds.force_ssl", "1", "max_wal_size", "4096", "checkpoint_timeout", "900");
    static final String WHAT = "DB parameter group";
    private static final Set<String> NOT_FOUND = Set.of("DBParameterGroupNotFound");
    private final RdsClient rds;
    private final AwsNames names;
    private final Rds spec;

    RdsParameterGroup(RdsClient rds, AwsNames names, Rds spec) {
        this.rds = rds;
        this.names = names;
        this.spec = spec;
    }

    @Override
    public Optional<Provisioned> ensure() {
        if (find().isEmpty()) {
            unless(Set.of("DBParameterGroupAlreadyExists"), () -> rds.createDBParameterGroup(call -> call.dbParameterGroupName(names.name()).dbParameterGroupFamily("postgres" + PostgresVersion.major(spec))
                    .description("Postgres of the Mastodon migration " + names.migration()).tags(AwsTags.rds(names.tags()))));
            return Optional.of(new Provisioned.Working(WHAT + " " + names.name() + " was created"));
        }
        var missing = new TreeMap<>(SETTINGS);
        asking(() -> rds.describeDBParametersPaginator(call -> call.dbParameterGroupName(names.name()).source("user")).stream().flatMap(page -> page.parameters().stream()).toList())
                .forEach(parameter -> missing.remove(parameter.parameterName(), parameter.parameterValue()));
        return missing.isEmpty() ? Optional.empty() : set(missing);
    }

    private Optional<Provisioned> set(Map<String, String> settings) {
        return Optional.of(unless(Set.of("InvalidDBParameterGroupState"), () -> rds.modifyDBParameterGroup(call -> call.dbParameterGroupName(names.name()).parameters(settings.entrySet().stream()
                .map(setting -> Parameter.builder().parameterName(setting.getKey()).parameterValue(setting.getValue()).applyMethod(ApplyMethod.IMMEDIATE).build()).toList())))
                .<Provisioned>map(done -> new Provisioned.Working(WHAT + " " + names.name() + " was given " + String.join(", ", settings.keySet())))
                .orElseGet(() -> new Provisioned.Working(WHAT + " " + names.name() + " is being changed")));
    }

    /** @throws dev.mastodonmigration.outside.OutsideException when the one of that name is not ours */
    Optional<DBParameterGroup> find() {
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
                unless(Set.of("InvalidDBParameterGroupState", "DBParameterGroupNotFound"), () -> rds.deleteDBParameterGroup(call -> call.dbParameterGroupName(names.name())))
                        .<Provisioned>map(gone -> new Provisioned.Working(WHAT + " " + names.name() + " was removed"))
                        .orElseGet(() -> new Provisioned.Working(WHAT + " " + names.name() + " is still in use")));
    }

    private Optional<DBParameterGroup> ofThatName() {
        return unless(NOT_FOUND, () -> rds.describeDBParameterGroups(call -> call.dbParameterGroupName(names.name()))).flatMap(answer -> answer.dbParameterGroups().stream().findFirst());
    }

    private Map<String, String> tags(DBParameterGroup group) {
        return AwsTags.ofRds(asking(() -> rds.listTagsForResource(call -> call.resourceName(group.dbParameterGroupArn()))).tagList());
    }
}
