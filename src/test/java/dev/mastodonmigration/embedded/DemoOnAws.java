package dev.mastodonmigration.embedded;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.api.MastodonMigrationStatus.PhaseState;
import dev.mastodonmigration.api.PhaseId;
import dev.mastodonmigration.embedded.aws.AwsFault;
import dev.mastodonmigration.embedded.aws.RecordedCall;
import dev.mastodonmigration.embedded.aws.TaggedThings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** What the demo has more to tell when the target is created on AWS: the admin's step for the certificate, what stands there in the end, and where secrets went. */
final class DemoOnAws {
    private static final String WAITS_FOR_RECORDS = "add to the domain's DNS";
    private static final Pattern RECORD = Pattern.compile("CNAME (\\S+) with the value (\\S+?)(?=[,.]? )");
    private static final List<String> LOST = List.of("rds:CreateDBInstance", "ec2:RunInstances");
    private static final List<String> THROTTLED = List.of("elasticache:CreateReplicationGroup", "elasticloadbalancing:CreateLoadBalancer", "ssm:PutParameter");
    private static final Set<String> CREATING = Set.of("Provision", "DeployCompute");
    private static final Duration BETWEEN_MESSAGES = Duration.ofSeconds(3);
    private final World world;
    private final DemoScreen screen;
    private boolean recordsAdded;
    private String lastMessage = "";
    private Instant lastSaid = Instant.EPOCH;

    private DemoOnAws(World world, DemoScreen screen) {
        this.world = world;
        this.screen = screen;
    }

    /** From here on AWS is as unkind as {@link #introduction} says. */
    static DemoOnAws begin(World world, DemoScreen screen) {
        LOST.forEach(call -> world.aws().faults().next(call, new AwsFault.LostAnswer()));
        THROTTLED.forEach(call -> world.aws().faults().next(call, new AwsFault.Throttled()));
        return new DemoOnAws(world, screen);
    }

    /** What is real, and what is not. */
    static List<String> introduction() {
        return List.of("               AWS: moto behind a proxy that takes its time, loses the answers to the first " + String.join(" and ", LOST) + ", throttles the first",
                "               " + String.join(", ", THROTTLED) + ", and has a list of prices whose figures are made up,",
                "               machines on EC2: their program, out of the user-data that they are launched with, runs here; systemd, podman and nginx do not;");
    }

    /** Whether what stalls is the admin's to do, and not the end. */
    static boolean waitsForRecords(MastodonMigrationStatus status) {
        return request(status).isPresent();
    }

    private void say(String message) {
        lastMessage = message;
        lastSaid = Instant.now();
        screen.line("    … " + message);
    }

    private static Optional<String> request(MastodonMigrationStatus status) {
        return status.conditions.stream().filter(condition -> condition.getType().equals("Stalled") && condition.getStatus().equals("True")).map(condition -> condition.getMessage())
                .filter(message -> message.contains(WAITS_FOR_RECORDS)).findFirst();
    }

    /** Shows what the operator waits for while AWS takes its time, and does what the admin does when records for the certificate are asked for. */
    void follow(MastodonMigrationStatus status) {
        status.phases.stream().filter(phase -> phase.name.equals(status.phase) && CREATING.contains(phase.name) && phase.state == PhaseState.Running && phase.message != null).map(phase -> phase.message)
                .filter(message -> !message.equals(lastMessage) && !message.equals(PhaseId.valueOf(status.phase).caption()) && Instant.now().isAfter(lastSaid.plus(BETWEEN_MESSAGES))).findFirst().ifPresent(this::say);
        var request = request(status);
        if (request.isPresent() && !recordsAdded) {
            recordsAdded = true;
            screen.line("At the domain's DNS provider, the admin adds for the certificate:");
            RECORD.matcher(request.get()).results().forEach(record -> screen.line("  " + record.group(1) + " CNAME " + record.group(2)));
            world.aws().certificates().addRecords();
        }
    }

    /** @return what stands on AWS with the migration's tag */
    List<TaggedThings.Thing> tellWhatWasCreated() {
        var things = world.created();
        screen.line("");
        screen.line("What was created on AWS, each with the tag " + TaggedThings.TAG + "=" + world.migration().getMetadata().getUid() + ":");
        var part = "";
        for (var thing : things) {
            screen.line(String.format(Locale.ROOT, "  %-24s %-30s %s", thing.part().equals(part) ? "" : thing.part(), thing.kind(), thing.name()));
            part = thing.part();
        }
        var calls = world.aws().calls().all();
        var lost = calls.stream().filter(call -> call.outcome() == RecordedCall.Outcome.ANSWER_LOST).count();
        var throttled = calls.stream().filter(call -> call.outcome() == RecordedCall.Outcome.NOT_REACHED).count();
        screen.line("  It took " + calls.size() + " calls, machines' own included, of which " + lost + " had no answer and " + throttled + " were throttled.");
        return things;
    }

    /** @return a line for each secret that stands where it does not belong */
    List<String> tellWhereSecretsWent() {
        var astray = new ArrayList<>(world.secretsAstray());
        screen.line("");
        screen.line(astray.isEmpty() ? "No secret went astray: " + world.secrets().count() + " were looked for in every request to AWS and in the machines' user-data. Each stands only in the call that creates what it opens,"
                + " and encrypted in Parameter Store." : "SECRETS WENT ASTRAY: " + String.join("; ", astray));
        return astray;
    }
}
