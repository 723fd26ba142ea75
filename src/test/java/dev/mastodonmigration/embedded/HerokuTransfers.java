package dev.mastodonmigration.embedded;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/** What Heroku copies of the databases that one app of the stub is billed for, in the shape in which its data service tells it (heroku/cli, lib/pg/types.ts, and its tests of pg:backups). */
public final class HerokuTransfers {
    private static final String AT = "2026-11-22 03:00:12 +0000";
    private final List<Map<String, Object>> transfers = new CopyOnWriteArrayList<>();
    private final List<Map<String, Object>> schedules = new CopyOnWriteArrayList<>();

    /** Begins a backup, as {@code heroku pg:backups:capture} does; answers what ends it. */
    public Runnable backup() {
        return begin("gof3r", Map.of("started_at", AT));
    }

    /** One that the schedule asked for, and that waits for its turn. */
    public Runnable pending() {
        return begin("gof3r", Map.of("schedule", Map.of("uuid", uuid("schedule"))));
    }

    /** Begins what {@code heroku pg:copy} does. */
    public Runnable copy(String to) {
        return begin("pg_restore", Map.of("started_at", AT, "to_name", to));
    }

    /** One that was cancelled, and has not ended yet. */
    public void cancelled() {
        begin("gof3r", Map.of("started_at", AT, "canceled_at", AT));
    }

    public void finished() {
        backup().run();
    }

    /** A backup every day. */
    public void schedule(int hour, String timezone) {
        schedules.add(Map.of("uuid", uuid("schedule"), "name", "DATABASE_URL", "hour", hour, "timezone", timezone, "retain_weeks", 1, "retain_months", 0));
    }

    private Runnable begin(String toType, Map<String, Object> more) {
        var number = transfers.size() + 1;
        var transfer = new LinkedHashMap<String, Object>(Map.of("uuid", uuid("transfer " + number), "num", number, "from_name", "DATABASE", "from_type", "pg_dump", "from_url", "postgres://u:p4ss@old.example.net:5432/d",
                "to_type", toType, "created_at", AT, "processed_bytes", 1437, "warnings", 0, "options", Map.of()));
        for (var name : List.of("started_at", "finished_at", "canceled_at", "deleted_at", "succeeded", "source_bytes")) {
            transfer.put(name, null);
        }
        transfer.putAll(more);
        transfers.add(transfer);
        return () -> {
            var ended = new LinkedHashMap<>(transfer);
            ended.put("finished_at", AT);
            ended.put("succeeded", true);
            transfers.set(number - 1, ended);
        };
    }

    List<Map<String, Object>> json() {
        return List.copyOf(transfers);
    }

    List<Map<String, Object>> schedulesJson() {
        return List.copyOf(schedules);
    }

    private static String uuid(String of) {
        return UUID.nameUUIDFromBytes(of.getBytes(StandardCharsets.UTF_8)).toString();
    }
}
