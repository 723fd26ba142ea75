package dev.mastodonmigration.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.Target;
import dev.mastodonmigration.embedded.World;
import dev.mastodonmigration.embedded.aws.AwsCall;
import dev.mastodonmigration.embedded.aws.AwsFault;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

@Tag("thorough")
@EnabledIfSystemProperty(named = "aws.kills", matches = "\\d+", disabledReason = "takes ten minutes with -Daws.kills=1, and half an hour with 10")
class KilledOnAwsIT {
    /** At how many of ten kinds of calls, chosen by chance, the operator is killed; 10: at every one. */
    private static final int KILLS = Integer.getInteger("aws.kills", 0);
    private static final int ALL = 10;
    /** Of one phase: each kill costs a start of the operator. */
    private static final Duration PATIENCE = Duration.ofMinutes(20);
    /** Of these a second one costs most, or a forgotten one. */
    private static final Set<String> ALWAYS = Set.of("rds:CreateDBInstance", "ec2:RunInstances", "rds:DeleteDBInstance");
    private final Map<String, Boolean> chosen = new ConcurrentHashMap<>();
    private final Set<String> before = new TreeSet<>();
    private final Set<String> after = new TreeSet<>();

    /** The process ends with SIGKILL: at the first call of a kind before it arrives, and at the next after it was done. */
    @Test
    void killedBeforeAndAfterCallsToAwsItMakesNothingTwiceAndItsAbortLeavesTheAccountAsItWas() throws Exception {
        try (var world = World.start(World.Options.SMALL.on(Target.AWS_SINGLE))) {
            var listing = world.aws().account().listing();
            world.aws().certificates().addRecords();
            world.aws().faults().whenever(call -> isChosen(call) && before.add(call.name()) && killed(world), new AwsFault.CutBefore());
            world.aws().faults().whenever(call -> isChosen(call) && after.add(call.name()) && killed(world), new AwsFault.LostAnswer());
            var changes = new TreeMap<>(EndToEnd.LIVE);
            changes.putAll(Map.of("/spec/cutover/approved", "false", "/spec/rehearsal/enabled", "false"));
            EndToEnd.applyUnattended(world, changes);
            EndToEnd.await(world, "the gate", PATIENCE, status -> "AwaitCutover".equals(status.phase));
            assertThat(AwsMigrationIT.kinds(world)).as("killed at %s", after).isEqualTo(AwsMigrationIT.created(1));

            world.edit(Map.of("/spec/state", "Aborted"));
            EndToEnd.await(world, "aborted", PATIENCE, status -> MastodonMigrationStatus.ABORTED.equals(status.phase));

            assertThat(world.created()).as("killed at %s", after).isEmpty();
            assertThat(world.aws().account().listing()).as("killed at %s", after).isEqualTo(listing);
            assertThat(before).containsAll(ALWAYS).isEqualTo(after);
            EndToEnd.assertNothingLost(world, World.Side.SOURCE);
        }
    }

    /** Of the operator's: machines call too. */
    private boolean isChosen(AwsCall call) {
        return call.isChange() && call.accessKey().equals(World.AWS_KEY) && chosen.computeIfAbsent(call.name(), name -> ALWAYS.contains(name) || ThreadLocalRandom.current().nextInt(ALL) < KILLS);
    }

    private static boolean killed(World world) {
        world.operator().restart();
        return true;
    }
}
