package dev.mastodonmigration.source.heroku;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.source.SavedSource.AddOn;
import dev.mastodonmigration.source.Source.OwnBackups;
import dev.mastodonmigration.source.heroku.HerokuApi.User;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Looks what Heroku itself copies of the instance's Postgres, and when it does by the clock. Its backups are the billing app's (heroku/cli, commands/pg/backups/capture.ts). Whether every token may ask this host is not documented: what it
 * does not tell holds nothing up.
 */
final class HerokuBackups {
    /** Only what is as expected is shown: of the rest some leads to the database, with its password. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_/:+ .-]{1,64}");
    private static final String RESTORE = "pg_restore";
    private final HerokuApi heroku;
    private final HerokuCalls data;
    private final String app;
    private final AddOn database;

    /** @param app for messages, and whose backups are asked where nobody can say which app is billed */
    HerokuBackups(HerokuApi heroku, HerokuCalls data, String app, AddOn database) {
        this.heroku = heroku;
        this.data = data;
        this.app = app;
        this.database = database;
    }

    /** For Preflight: only notes, because it passes by itself. */
    Findings look() {
        try {
            var owner = owner();
            var notes = new ArrayList<>(running(owner));
            data.listAt(owner, "/client/v11/databases/" + database.id() + "/transfer-schedules").stream().map(schedule -> byTheClock(owner, schedule)).forEach(notes::add);
            return new Findings(List.of(), notes);
        } catch (OutsideException refused) {
            return new Findings(List.of(), List.of("The operator could not find out when Heroku backs up " + database.name() + ". Choose a time for the cutover at which it does not: `heroku pg:backups:schedules -a " + app
                    + "` tells. " + refused.getMessage()));
        }
    }

    /** Never throws for what Heroku refuses, or does not answer. */
    OwnBackups now() {
        try {
            return new OwnBackups(running(owner()), Optional.empty());
        } catch (OutsideException refused) {
            return new OwnBackups(List.of(), Optional.of("Whether Heroku backs up " + database.name() + " just now cannot be asked, and is not waited for: see `heroku pg:backups -a " + app
                    + "`. The cutover goes on all the same. While a backup runs, a way back could wait for it. " + refused.getMessage()));
        }
    }

    private String owner() {
        return heroku.users(app, database.id()).stream().filter(User::owns).map(User::app).findFirst().orElse(app);
    }

    private List<String> running(String owner) {
        var transfers = data.listAt(owner, HerokuCalls.path("/client/v11", owner) + "/transfers");
        if (!transfers.stream().allMatch(transfer -> transfer.path("num").isInt())) {
            throw HerokuCalls.unreadable(owner);
        }
        return transfers.stream().filter(HerokuBackups::isRunning).map(transfer -> words(owner, transfer)).toList();
    }

    private static boolean isRunning(JsonNode transfer) {
        return !transfer.hasNonNull("finished_at") && !transfer.hasNonNull("canceled_at") && !transfer.hasNonNull("deleted_at");
    }

    private static String words(String owner, JsonNode transfer) {
        var name = name(transfer);
        var restores = transfer.path("to_type").asText().equals(RESTORE);
        var what = plain(transfer, "from_name").map(from -> " of " + from).orElse("") + (restores ? plain(transfer, "to_name").map(to -> " to " + to).orElse("") : "");
        var since = plain(transfer, "started_at").map(at -> " since " + at).or(() -> plain(transfer, "created_at").map(at -> ", asked for at " + at)).orElse("");
        return "Heroku makes " + (restores ? "copy " : "backup ") + name + what + " (app " + owner + since + "). It ends by itself; `heroku pg:backups:cancel " + name + " -a " + owner + "` ends it now.";
    }

    /** As the CLI shows and takes it (heroku/cli, lib/pg/backups.ts). */
    private static String name(JsonNode transfer) {
        var restores = transfer.path("to_type").asText().equals(RESTORE);
        var prefix = !transfer.path("from_type").asText().equals("pg_dump") ? restores ? "r" : "b" : restores ? "c" : transfer.hasNonNull("schedule") ? "a" : "b";
        return prefix + "%03d".formatted(transfer.path("num").asInt());
    }

    private String byTheClock(String owner, JsonNode schedule) {
        return "Heroku backs up " + database.name() + " every day" + plain(schedule, "hour").map(hour -> " at " + hour + ":00 " + plain(schedule, "timezone").orElse("")).orElse("")
                + ". The cutover does not begin while a backup runs, so choose another time for it (spec.cutover.notBefore); `heroku pg:backups:schedules -a " + owner + "` lists them.";
    }

    private static Optional<String> plain(JsonNode of, String field) {
        return Optional.of(of.path(field)).filter(value -> value.isValueNode() && !value.isNull()).map(JsonNode::asText).filter(text -> PLAIN.matcher(text).matches());
    }
}
