package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.api.MastodonMigrationSpec.Rds;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import software.amazon.awssdk.services.rds.RdsClient;
import software.amazon.awssdk.services.rds.model.DBInstance;

/** The RDS instance itself: found by its name, ours by its tag, and changed by one call at a time. */
final class RdsInstance {
    /** Which password it was given: a digest, that tells nothing of 40 random characters, so that a Secret that was lost and made again is noticed. */
    static final String PASSWORD_TAG = "mastodonmigration.dev/password-digest";
    private static final String WHAT = "RDS instance";
    private static final Set<String> NOT_FOUND = Set.of("DBInstanceNotFound", "DBInstanceNotFoundFault");
    private static final Set<String> BUSY = Set.of("InvalidDBInstanceState", "InvalidDBInstanceStateFault");
    /** Its groups were made a moment ago, and not every machine of AWS knows them yet. */
    private static final Set<String> EXISTS_OR_TOO_EARLY = Set.of("DBInstanceAlreadyExists", "DBSubnetGroupNotFoundFault", "DBParameterGroupNotFound");
    private static final int DIGEST_DIGITS = 32;
    private final RdsClient rds;
    private final AwsNames names;
    private final Rds spec;

    RdsInstance(RdsClient rds, AwsNames names, Rds spec) {
        this.rds = rds;
        this.names = names;
        this.spec = spec;
    }

    /** @throws dev.mastodonmigration.outside.OutsideException when the one of that name is not ours */
    Optional<DBInstance> find() {
        var found = named();
        found.filter(instance -> !isOurs(instance)).ifPresent(instance -> {
            throw names.foreign(WHAT, AwsTags.ofRds(instance.tagList()));
        });
        return found;
    }

    /** Somebody took our tag off it: it stays, and with it what it uses, and its password, which nobody else has. */
    Optional<Provisioned> untouchable() {
        return named().filter(instance -> !isOurs(instance)).map(instance -> new Provisioned.Ready(WHAT + " " + names.name() + " lacks this migration's tag " + AwsNames.UID_TAG
                + ", so it stays, with its subnet group, parameter group, security group and Secret, and costs money"));
    }

    /** Asks for it. Whether an answer comes or not, the next look finds what became of it; a second instance cannot come of a second call, because the name is one. */
    Provisioned create(Map<String, String> secret, List<String> securityGroupIds) {
        return unless(EXISTS_OR_TOO_EARLY, () -> rds.createDBInstance(call -> call
                .dbInstanceIdentifier(names.name()).engine("postgres").engineVersion(spec.engineVersion()).dbInstanceClass(spec.instanceClass())
                // Iops and StorageThroughput are refused under 400 GiB, and the base of gp3 does for more.
                .allocatedStorage(spec.allocatedStorageGiB()).storageType("gp3").storageEncrypted(true)
                .masterUsername(secret.get(RdsSecret.USERNAME)).masterUserPassword(secret.get(RdsSecret.PASSWORD)).dbName(secret.get(RdsSecret.DATABASE))
                .dbSubnetGroupName(names.name()).vpcSecurityGroupIds(securityGroupIds).publiclyAccessible(false).port(AwsSecurityGroup.POSTGRES)
                .dbParameterGroupName(names.name())
                .multiAZ(Boolean.TRUE.equals(spec.multiAz())).backupRetentionPeriod(retentionDays()).deletionProtection(true).copyTagsToSnapshot(true)
                // The default is Extended Support, which is paid for.
                .engineLifecycleSupport("open-source-rds-extended-support-disabled")
                .tags(AwsTags.rds(tags(secret)))))
                .<Provisioned>map(answer -> new Provisioned.Working("RDS creates instance " + names.name() + ", which takes it 5 to 15 minutes"))
                .orElseGet(() -> new Provisioned.Working(WHAT + " " + names.name() + ": RDS does not show yet what was made a moment ago"));
    }

    /** Gives it the Secret's password, when that is another than it was given last. */
    Optional<Provisioned> password(DBInstance instance, Map<String, String> secret) {
        var digest = digest(secret);
        if (digest.equals(AwsTags.ofRds(instance.tagList()).get(PASSWORD_TAG))) {
            return Optional.empty();
        }
        return Optional.of(changed("is given the password of its Secret", () -> {
            rds.modifyDBInstance(call -> call.dbInstanceIdentifier(names.name()).masterUserPassword(secret.get(RdsSecret.PASSWORD)).applyImmediately(true));
            // Noted only after: what has no answer in between is done again, which changes nothing.
            return rds.addTagsToResource(call -> call.resourceName(instance.dbInstanceArn()).tags(AwsTags.rds(Map.of(PASSWORD_TAG, digest))));
        }));
    }

    /** Switches on again what was asked for at its creation, and is off; at once, because otherwise RDS would wait for the maintenance window. */
    Optional<Provisioned> protection(DBInstance instance) {
        if (Boolean.TRUE.equals(instance.deletionProtection()) && Integer.valueOf(retentionDays()).equals(instance.backupRetentionPeriod())) {
            return Optional.empty();
        }
        return Optional.of(changed("is told to keep backups for " + retentionDays() + " days and to refuse deletion",
                () -> rds.modifyDBInstance(call -> call.dbInstanceIdentifier(names.name()).deletionProtection(true).backupRetentionPeriod(retentionDays()).applyImmediately(true))));
    }

    /** For a setting that waits for a restart. Only while nothing is on it yet. */
    Provisioned reboot() {
        return changed("is restarted, because a setting of its parameter group waits for that", () -> rds.rebootDBInstance(call -> call.dbInstanceIdentifier(names.name())));
    }

    /** Without a last snapshot: only ABORT releases, before the target took writes, when all that is here is a copy; and ABORT leaves the account as it was. */
    Optional<Provisioned> release() {
        return named().filter(this::isOurs).map(instance -> {
            if (RdsStatus.of(instance.dbInstanceStatus()) == RdsStatus.GOING) {
                return new Provisioned.Working(WHAT + " " + names.name() + " is being deleted, which takes RDS 3 to 10 minutes");
            }
            var word = instance.dbInstanceStatus();
            return switch (RdsStatus.of(word)) {
                case DEAD, REPAIRABLE -> removed(instance, () -> {
                    throw new OutsideException("RDS says \"" + word + "\" of instance " + names.name() + ", and lets it be neither changed nor deleted. " + RdsStatus.wayOut(word, names.name()), false);
                });
                default -> removed(instance, () -> new Provisioned.Working(WHAT + " " + names.name() + " is busy (" + word + "), and changes nothing just now"));
            };
        });
    }

    private Provisioned removed(DBInstance instance, Supplier<Provisioned> refused) {
        if (Boolean.TRUE.equals(instance.deletionProtection())) {
            return changed("is to be deleted: its deletion protection goes first (it is " + instance.dbInstanceStatus() + ")",
                    () -> rds.modifyDBInstance(call -> call.dbInstanceIdentifier(names.name()).deletionProtection(false).applyImmediately(true)), refused);
        }
        return changed("is being deleted", () -> rds.deleteDBInstance(call -> call.dbInstanceIdentifier(names.name()).skipFinalSnapshot(true).deleteAutomatedBackups(true)), refused);
    }

    private <T> Provisioned changed(String what, Supplier<T> call) {
        return changed(what, call, () -> new Provisioned.Working(WHAT + " " + names.name() + " is busy, and changes nothing just now"));
    }

    private <T> Provisioned changed(String what, Supplier<T> call, Supplier<Provisioned> busy) {
        return unless(BUSY, call).<Provisioned>map(answer -> new Provisioned.Working(WHAT + " " + names.name() + " " + what)).orElseGet(busy);
    }

    private Optional<DBInstance> named() {
        return unless(NOT_FOUND, () -> rds.describeDBInstances(call -> call.dbInstanceIdentifier(names.name()))).flatMap(answer -> answer.dbInstances().stream().findFirst());
    }

    private boolean isOurs(DBInstance instance) {
        return names.areOn(AwsTags.ofRds(instance.tagList()));
    }

    private int retentionDays() {
        return spec.backupRetentionDays() == null ? 7 : spec.backupRetentionDays();
    }

    private Map<String, String> tags(Map<String, String> secret) {
        var tags = new TreeMap<>(names.tags());
        tags.put(PASSWORD_TAG, digest(secret));
        return tags;
    }

    private String digest(Map<String, String> secret) {
        return AwsNames.digest(names.uid() + ":" + secret.get(RdsSecret.PASSWORD)).substring(0, DIGEST_DIGITS);
    }
}
