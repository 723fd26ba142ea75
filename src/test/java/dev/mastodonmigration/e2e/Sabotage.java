package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.embedded.World;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicBoolean;

/** Damages the copy behind the operator's back, as a bug of ours or of a disk would. */
final class Sabotage {
    private static final String TARGET_DATABASE = "mastodon_production";

    private Sabotage() {}

    /** Once, as soon as the first verification starts. */
    static void ofTheFirstCopy(World world) {
        var sabotaged = new AtomicBoolean();
        world.jobRunner().onPodStarted(pod -> {
            if (pod.getMetadata().getName().contains("verify-postgres") && sabotaged.compareAndSet(false, true)) {
                deleteOneStatus(world);
            }
        });
    }

    /** As a superuser, past the gate, which stays shut for everybody else: deletes a status that a user wrote and had acknowledged. */
    static void deleteOneStatus(World world) {
        var acknowledged = world.ledger().entries().stream().filter(entry -> entry.write().table().equals("statuses") && entry.write().value().isPresent()).map(entry -> entry.write().key()).toList();
        try (var target = world.targetPostgres().superuser(TARGET_DATABASE)) {
            target.setAutoCommit(false);
            target.createStatement().execute("SET session_replication_role = replica");
            target.createStatement().execute("ALTER TABLE statuses DISABLE TRIGGER mastodon_migration_gate");
            var array = target.createArrayOf("text", acknowledged.toArray());
            try (var delete = target.prepareStatement("DELETE FROM statuses WHERE id = (SELECT max(id) FROM statuses WHERE uri = ANY (?))")) {
                delete.setArray(1, array);
                assertThat(delete.executeUpdate()).isEqualTo(1);
            }
            target.createStatement().execute("ALTER TABLE statuses ENABLE ALWAYS TRIGGER mastodon_migration_gate");
            target.commit();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }
}
