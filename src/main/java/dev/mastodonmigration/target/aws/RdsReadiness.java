package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.outside.OutsideException;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.services.rds.model.DBInstance;
import software.amazon.awssdk.services.rds.model.DBParameterGroupStatus;

/** What one look at an instance says of its being ready: available alone is not, because changes and settings may still wait. */
record RdsReadiness(DBInstance instance) {
    private static final String IN_SYNC = "in-sync";
    private static final String PENDING_REBOOT = "pending-reboot";

    /** What it is busy with, in a sentence; empty when it can be worked on. @throws OutsideException when only the admin can help */
    Optional<String> busy() {
        var word = instance.dbInstanceStatus();
        return switch (RdsStatus.of(word)) {
            case READY -> Optional.empty();
            case BUSY -> Optional.of(word.equals("creating") ? "RDS creates instance " + name() + ", which takes it 5 to 15 minutes" : says(word) + " and is waited for");
            case GOING -> Optional.of(says(word) + ", though this migration did not ask for that; another is created when it is gone");
            case UNKNOWN -> Optional.of(says(word) + ", which this version of the operator does not know; it waits for \"available\"");
            case REPAIRABLE, DEAD -> throw new OutsideException(says(word) + ". " + RdsStatus.wayOut(word, name()), false);
        };
    }

    /** What matters comes first: STATUS of {@code kubectl get} has room for a few words. */
    private String says(String word) {
        return "RDS says \"" + word + "\" of instance " + name();
    }

    /** Changes that RDS has accepted and not made yet. */
    Optional<String> pending() {
        var waiting = Optional.ofNullable(instance.pendingModifiedValues()).map(PendingChanges::names).orElse(List.of());
        return waiting.isEmpty() ? Optional.empty() : Optional.of("changes are pending: " + String.join(", ", waiting)
                + "; if they wait for the maintenance window, make them now with `aws rds modify-db-instance --apply-immediately`");
    }

    /** @throws OutsideException when somebody gave it another parameter group */
    boolean waitsForRestart() {
        return PENDING_REBOOT.equals(applyStatus());
    }

    Optional<String> parameters() {
        return IN_SYNC.equals(applyStatus()) ? Optional.empty() : Optional.of("its parameter group is " + applyStatus());
    }

    private String applyStatus() {
        return instance.dbParameterGroups().stream().filter(group -> name().equals(group.dbParameterGroupName())).map(DBParameterGroupStatus::parameterApplyStatus).findFirst()
                .orElseThrow(() -> new OutsideException("Somebody gave RDS instance " + name() + " another parameter group than its own. Give it " + name()
                        + " again with `aws rds modify-db-instance --db-parameter-group-name " + name() + " --apply-immediately`, and reboot it.", false));
    }

    Optional<String> withoutEndpoint() {
        return instance.endpoint() == null || instance.endpoint().address() == null ? Optional.of("it has no address yet") : Optional.empty();
    }

    private String name() {
        return instance.dbInstanceIdentifier();
    }
}
