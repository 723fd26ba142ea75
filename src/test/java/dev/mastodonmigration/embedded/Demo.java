package dev.mastodonmigration.embedded;

import dev.mastodonmigration.api.MastodonMigrationStatus;
import io.fabric8.kubernetes.api.model.Event;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** {@code make demo}: one whole migration of a live instance on this machine, told as it happens, and judged by the ledger in the end. */
public final class Demo {
    private static final World.Options OPTIONS = new World.Options(14, 17, 100_000, 60_000, 6, 40, 2026, World.Options.Jobs.IN_THE_MAIN_REDIS,
            Target.EXISTING, World.Options.Front.EDGE);
    private static final Target TARGET = Target.of(System.getenv().getOrDefault("TARGET", ""), System.getenv().getOrDefault("TOPOLOGY", ""));
    /** The edge passes on to pods of the cluster, so that there is none where machines on AWS are the target. */
    private static final World.Options.Front FRONT = TARGET.createsAll() || "none".equals(System.getenv("EDGE")) ? World.Options.Front.NONE : World.Options.Front.EDGE;
    /** A request is held from before the freeze until after it. */
    private static final Duration WAIT_BEYOND_FREEZE = Duration.ofSeconds(1);
    private static final boolean DATA_FIRST = "data-first".equals(System.getenv("PLAN"));
    private static final List<Part> PARTS = DATA_FIRST ? Part.DATA_FIRST : List.of(Part.ALL);
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(150);
    private static final Duration LIFE_BEFORE = Duration.ofSeconds(2);
    private static final Map<String, String> CHANGES = Map.of("/spec/strategy/inSyncFor", "3s", "/spec/soak/duration", "3s");
    /** What opens a gate. */
    private static final Map<String, String> GATES = Map.of("AwaitCutover", "cutover", "AwaitRetire", "retire");
    private static final String AWAITING_APPROVAL = "AwaitingApproval";

    private final World world;
    private final DemoScreen screen;
    private final Optional<DemoOnAws> aws;
    private final CountDownLatch never = new CountDownLatch(1);
    private final List<Moved> moved = new ArrayList<>();

    /**
     * What moves by one migration.
     *
     * @param without of the example: what does not move
     */
    private record Part(String name, Map<String, String> without) {
        private static final Part ALL = new Part("Everything", Map.of());
        private static final List<Part> DATA_FIRST = List.of(new Part("Postgres", without("redis", "compute")), new Part("Redis", without("postgres", "compute")), new Part("Compute", without("postgres", "redis")));

        private static Map<String, String> without(String... stays) {
            var fields = new TreeMap<String, String>();
            for (var part : stays) {
                fields.put("/spec/target/" + part, "");
            }
            if (fields.containsKey("/spec/target/compute")) {
                fields.put("/spec/retire/formation", "false");
            }
            return fields;
        }

        boolean movesCompute() {
            return !without.containsKey("/spec/target/compute");
        }
    }

    /**
     * One migration that is complete.
     *
     * @param closedSeconds for how long neither side took writes, or was up
     * @param failed        requests of users during it
     */
    private record Moved(Part part, double closedSeconds, long rows, long keys, long failed) {}

    private Demo(World world, DemoScreen screen) {
        this.world = world;
        this.screen = screen;
        this.aws = TARGET.createsAll() ? Optional.of(DemoOnAws.begin(world, screen)) : Optional.empty();
    }

    public static void main(String... args) throws Exception {
        quietNetty();
        var screen = new DemoScreen(System.out);
        var end = DemoEnd.register(screen);
        try {
            var succeeded = tell(screen, end);
            end.reached();
            System.exit(succeeded ? 0 : 1);
        } catch (Exception e) {
            end.awaitIfStopped();
            throw e;
        }
    }

    /** Its use of Unsafe makes newer JVMs print warnings over the first screen. */
    static void quietNetty() {
        System.setProperty("io.netty.noUnsafe", "true");
    }

    private static boolean tell(DemoScreen screen, DemoEnd end) throws Exception {
        OwnedDirectory.sweep(Path.of(System.getProperty("java.io.tmpdir")));
        var begun = Instant.now();
        screen.line("Real here:     Postgres " + OPTIONS.sourceMajor() + " and " + OPTIONS.targetMajor() + ", two Redis servers, the packaged operator and its workers as processes, every copy and every proof.");
        if (TARGET.createsAll()) {
            screen.line("Standing in:");
            DemoOnAws.introduction().forEach(screen::line);
        }
        screen.line((TARGET.createsAll() ? "            " : "Standing in:") + "   a Kubernetes API with its controllers in this program (pods take 2 to 3 s to start, and their end is seen 1 to 2 s late),");
        screen.line("               a stub of Heroku's API (dynos take 1 to 5 s to stop), and processes shaped like Mastodon's with users who write all the time.");
        screen.line(FRONT == World.Options.Front.EDGE ? "               Users come over HTTP, to where a DNS in this program leads: to Heroku's router at first, which is played, then to the edge, whose pods are processes of the packaged program."
                : "               Users come to whichever side serves, as if DNS followed at once.");
        screen.line("Starting them …");
        var world = World.start(options());
        end.closes(world);
        screen.line(String.format(Locale.ROOT, "Ready after %.1f s: Postgres %d on the source, %d on the target; users write on Heroku.",
                Duration.between(begun, Instant.now()).toMillis() / 1000.0, OPTIONS.sourceMajor(), OPTIONS.targetMajor()));
        var demo = new Demo(world, screen);
        var succeeded = demo.run();
        if ("1".equals(System.getenv("KEEP"))) {
            screen.line("KEEP=1: everything goes on running; the API server is at " + world.apiServer().url() + ". Ctrl-C ends it.");
            demo.never.await();
        }
        return succeeded;
    }

    /** DEMO_STATUSES changes the amount of data, for the curious. */
    private static World.Options options() {
        var options = FRONT == World.Options.Front.EDGE ? OPTIONS.on(TARGET).behindAnEdge() : OPTIONS.on(TARGET).withoutEdge();
        return Optional.ofNullable(System.getenv("DEMO_STATUSES")).map(Integer::parseInt).map(statuses -> options.withScale(statuses, options.redisKeys())).orElse(options);
    }

    private boolean run() throws Exception {
        if (DATA_FIRST) {
            world.attachPostgres();
        }
        TimeUnit.MILLISECONDS.sleep(LIFE_BEFORE.toMillis());
        for (var part : PARTS) {
            if (!moved.isEmpty()) {
                screen.line("");
                screen.line("$ kubectl -n " + World.NAMESPACE + " delete mmig " + World.NAME);
                world.delete();
                screen.begin();
            }
            var failedBefore = world.users().measured().refused();
            apply(part);
            var phase = follow(part);
            if (!MastodonMigrationStatus.COMPLETED.equals(phase)) {
                screen.line("The migration did not complete: it is in " + phase + ".\n" + world.describe());
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(LIFE_BEFORE.toMillis());
            var status = world.status();
            moved.add(new Moved(part, status.downtime.seconds, status.verification.postgres.rows, status.verification.redis.keys, world.users().measured().refused() - failedBefore));
        }
        return judge();
    }

    private static boolean hasEdge(Part part) {
        return FRONT == World.Options.Front.EDGE && part.movesCompute();
    }

    private void apply(Part part) {
        screen.line("$ kubectl apply -f " + TARGET.example);
        var changes = new TreeMap<>(CHANGES);
        changes.putAll(part.without());
        if (hasEdge(part)) {
            // Where compute alone moves, the proof that no dyno runs any more takes half a minute.
            changes.put("/spec/edge/hold", DATA_FIRST ? "45s" : "15s");
        }
        if (TARGET.createsAll()) {
            changes.put("/spec/target/compute/ec2/topology", TARGET.topology);
            screen.line("  made to fit here: subnets and security group, the Secret with credentials, and caSecretRef of both databases, whose certificates no public CA has signed");
        }
        changes.forEach((field, value) -> screen.line("  changed for the demo: " + field.substring(1).replace('/', '.') + ": " + (value.isEmpty() ? "(left out)" : value)));
        world.operatorSettings().forEach((setting, value) -> screen.line("  set for the operator: " + setting + "=" + value));
        world.apply(world.example(changes));
    }

    /**
     * Shows the migration until it ends, and does at the gates what the admin does; gives the last phase. Each status is shown one look late,
     * because the events that belong to it are sent after it.
     */
    private String follow(Part part) throws InterruptedException {
        var end = Instant.now().plus(PATIENCE);
        var approved = new HashSet<String>();
        var status = world.status();
        var restarts = 0;
        var pointed = false;
        while (Instant.now().isBefore(end)) {
            TimeUnit.MILLISECONDS.sleep(BETWEEN_LOOKS.toMillis());
            var events = world.events();
            screen.show(status, events);
            var shown = status;
            aws.ifPresent(one -> one.follow(shown));
            for (var all = world.operator().restarts(); restarts < all.size(); restarts++) {
                screen.line("The operator ended itself and was started again, as a kubelet does; this machine is busy. " + all.get(restarts));
            }
            if (isOver(status)) {
                return String.valueOf(status.phase);
            }
            if (!pointed && hasEdge(part) && status.findings.stream().anyMatch(finding -> finding.id.startsWith("traffic-"))) {
                pointed = true;
                screen.line("At the DNS provider: " + World.WEB_DOMAIN + " and " + World.STREAMING_DOMAIN + " now lead to the load balancer in front of the edge (of which only its Services are played here).");
                world.pointDnsAtTheEdge();
            }
            var gate = GATES.get(String.valueOf(status.phase));
            if (gate != null && hasCondition(status, AWAITING_APPROVAL) && asked(events) > approved.size() && approved.add(gate)) {
                screen.line("$ kubectl -n " + World.NAMESPACE + " patch mmig " + World.NAME + " --type merge -p '{\"spec\":{\"" + gate + "\":{\"approved\":true}}}'");
                world.edit(Map.of("/spec/" + gate + "/approved", "true"));
            }
            status = world.status();
        }
        return Optional.ofNullable(status.phase).orElse("no phase yet") + ", after " + PATIENCE.toSeconds() + " s";
    }

    /** How often the admin was asked so far. */
    private static long asked(List<Event> events) {
        return events.stream().filter(event -> event.getReason().equals(AWAITING_APPROVAL)).count();
    }

    private static boolean isOver(MastodonMigrationStatus status) {
        return MastodonMigrationStatus.COMPLETED.equals(status.phase) || MastodonMigrationStatus.ABORTED.equals(status.phase)
                || hasCondition(status, "Stalled") && !DemoOnAws.waitsForRecords(status);
    }

    private static boolean hasCondition(MastodonMigrationStatus status, String type) {
        return status.conditions.stream().anyMatch(condition -> condition.getType().equals(type) && condition.getStatus().equals("True"));
    }

    private boolean judge() throws SQLException {
        var jobs = world.jobs();
        var overlaps = world.instance().overlaps();
        var losses = withJobsThatNeverRan(world.losses(World.Side.TARGET), jobs);
        var acknowledged = world.ledger().acknowledged();
        var status = world.status();
        var measured = world.users().measured();
        var deliveries = world.deliveries();
        var downtime = measured.outage().map(outage -> outage.toMillis() / 1000.0);
        var seen = world.freeze().orElseThrow(() -> new IllegalStateException("the freeze was not seen from outside"));
        var rows = moved.stream().mapToLong(Moved::rows).sum();
        var keys = moved.stream().mapToLong(Moved::keys).sum();
        var hasEdge = hasEdge(PARTS.getLast());
        losses.stream().limit(20).forEach(loss -> screen.line("LOST: " + loss));
        overlaps.forEach(overlap -> screen.line("BOTH SIDES AT A TIME: " + overlap));
        world.jobRunner().violations().forEach(violation -> screen.line("A cluster would have refused: " + violation));
        screen.line("");
        screen.line(DATA_FIRST ? "The three migrations are complete." : "The migration is complete.");
        if (DATA_FIRST) {
            moved.forEach(one -> screen.line(String.format(Locale.ROOT, "  %-20s closed for %s s; %d rows and %d keys verified; %d requests failed", one.part().name(), decimal(one.closedSeconds()), one.rows(), one.keys(), one.failed())));
        }
        if (!DATA_FIRST) {
            screen.line(hasEdge ? "  downtime             " + downtime.map(Demo::decimal).orElse("none that users saw, 0.0") + " s; the source was closed for " + decimal(status.downtime.seconds) + " s, in which requests waited"
                    : "  downtime             " + downtime.map(Demo::decimal).orElse("none measured") + " s as users saw it, " + decimal(status.downtime.seconds) + " s as the operator says");
        }
        screen.line("  requests             " + measured.requests() + ", of which " + measured.refused() + " failed" + measured.lastFailure().map(why -> ", the last one with \"" + why.strip() + "\"").orElse("")
                + "; the longest took " + decimal(measured.longest()) + " s");
        world.users().failures().stream().limit(hasEdge && !DATA_FIRST ? 20 : 0).forEach(failure -> screen.line("FAILED: " + failure));
        if (hasEdge) {
            screen.line("  deliveries           " + deliveries.all() + " of other servers to the inbox, of which " + deliveries.refused() + " were refused for good");
        }
        screen.line((DATA_FIRST ? "  freeze of Postgres   " : "  freeze               ") + decimal(seen.freeze()) + " s from maintenance mode until the target took writes; the slowest dyno took " + decimal(seen.longestDynoStop()) + " s to stop");
        screen.line("  of which ours        " + decimal(seen.stoppedToWritable()) + " s from the moment when the last dyno was gone and the write gate up");
        screen.line("  rows verified        " + rows);
        screen.line("  keys verified        " + keys);
        screen.line("  acknowledged writes  " + acknowledged + " in " + (measured.requests() - measured.refused()) + " requests");
        screen.line("  writes lost          " + losses.size());
        screen.line("  acknowledged jobs    " + jobs.acknowledged() + ": " + jobs.due() + " were due, of which " + ran(jobs) + "; "
                + (jobs.acknowledged() - jobs.due()) + " are for later");
        screen.line("  Sidekiq              " + (overlaps.isEmpty() ? "never ran on both sides at a time" : "started " + overlaps.size() + " times while one of the other side still ran"));
        // Of three migrations each knows what it moves alone.
        Optional.ofNullable(status.cost).filter(cost -> !DATA_FIRST).map(CostTable::of).ifPresent(table -> {
            screen.line("");
            screen.line("What it costs:");
            table.forEach(screen::line);
        });
        var created = aws.map(DemoOnAws::tellWhatWasCreated).orElse(List.of());
        var astray = aws.map(DemoOnAws::tellWhereSecretsWent).orElse(List.of());
        screen.line("");
        screen.line("for scripts:");
        screen.line(String.join(" ", List.of("demo.downtime_seconds=" + decimal(DATA_FIRST ? moved.stream().mapToDouble(Moved::closedSeconds).sum() : downtime.orElse(status.downtime.seconds)), "demo.freeze_seconds=" + decimal(seen.freeze()),
                "demo.stopped_to_writable_seconds=" + decimal(seen.stoppedToWritable()), "demo.longest_dyno_stop_seconds=" + decimal(seen.longestDynoStop()), "demo.rows_verified=" + rows,
                "demo.keys_verified=" + keys, "demo.writes_acknowledged=" + acknowledged, "demo.writes_lost=" + losses.size(),
                "demo.requests_failed=" + measured.refused(), "demo.longest_request_seconds=" + decimal(measured.longest()),
                "demo.inbox_deliveries=" + deliveries.all(), "demo.inbox_refusals=" + deliveries.refused(),
                "demo.jobs_acknowledged=" + jobs.acknowledged(), "demo.jobs_due=" + jobs.due(), "demo.jobs_run=" + jobs.ran().size(),
                "demo.schedulers_overlapped=" + overlaps.size())) + (DATA_FIRST ? " demo.migrations=" + moved.size() + " demo.requests_failed_by_migration=" + moved.stream().map(one -> String.valueOf(one.failed())).collect(Collectors.joining(",")) : "") + (aws.isPresent() ? " demo.created_on_aws=" + created.size() + " demo.secrets_astray=" + astray.size() : ""));
        var nothingFailed = !hasEdge || moved.getLast().failed() == 0 && deliveries.all() > 0 && deliveries.refused() == 0;
        // Where one migration moves everything; before the last of three there is no edge.
        var nobodyWaitedLong = !hasEdge || DATA_FIRST || measured.longest().compareTo(seen.freeze().plus(WAIT_BEYOND_FREEZE)) <= 0;
        return nothingFailed && nobodyWaitedLong && losses.isEmpty() && overlaps.isEmpty() && astray.isEmpty() && world.users().broken().isEmpty();
    }

    /** A job that still waits is lost too when it was due and never ran; one that is gone is counted once. */
    private static List<String> withJobsThatNeverRan(List<String> losses, AcknowledgedJobs jobs) {
        var gone = losses.stream().filter(loss -> loss.startsWith("job ")).map(loss -> loss.split(" ")[1]).toList();
        var neverRan = jobs.complaints().stream().filter(job -> !gone.contains(job.split(" ")[1]));
        return Stream.concat(losses.stream(), neverRan).toList();
    }

    private String ran(AcknowledgedJobs jobs) throws SQLException {
        try (var source = world.source()) {
            var onSource = jobs.ran().stream().filter(LedgerCheck.executed(source)::contains).count();
            return onSource + " ran on Heroku and " + (jobs.ran().size() - onSource) + " on the target";
        }
    }

    private static String decimal(Duration time) {
        return decimal(time.toMillis() / 1000.0);
    }

    private static String decimal(double seconds) {
        return String.format(Locale.ROOT, "%.1f", seconds);
    }
}
