package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.api.MastodonMigrationSpec.Target;
import dev.mastodonmigration.mastodon.SourceUrls;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.source.Source.Server;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Looks at one app that stays while its databases move: what would keep its dynos from using them, and what a new config var sets off. */
final class HerokuDataFirst {
    private static final String PEERED = " Its Private Space has to be peered with the VPC, or its outbound addresses let in.";
    private static final String STATIC_ADDRESS = " From Heroku's Common Runtime dynos come from addresses that change, so that a firewall cannot let in them alone. An add-on such as QuotaGuard Static or Fixie Socks gives them"
            + " addresses that stay; a Private Space has some of its own, and can be peered with a VPC.";
    /** With one of these Rails reads from a replica (mastodon config/database.yml). */
    private static final List<String> REPLICAS = List.of("REPLICA_DATABASE_URL", "REPLICA_DB_HOST", "REPLICA_DB_NAME");
    private final HerokuApi heroku;
    private final String name;
    private final Target target;

    HerokuDataFirst(HerokuApi heroku, String name, Target target) {
        this.heroku = heroku;
        this.name = name;
        this.target = target;
    }

    /** @throws HerokuException when Heroku gives no answer now; what it refuses is a finding */
    Findings look() {
        try {
            return found();
        } catch (HerokuException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            return new Findings(List.of(refused.getMessage()), List.of());
        }
    }

    private Findings found() {
        var blockers = new ArrayList<String>();
        var notes = new ArrayList<String>();
        var inSpace = heroku.app(name).space().isPresent();
        var onlyInVpc = onlyInVpc();
        if (!onlyInVpc.isEmpty() && !inSpace) {
            blockers.add("The dynos of Heroku app " + name + " cannot reach " + String.join(" and ", onlyInVpc) + ", which only its VPC reaches: " + name + " is in the Common Runtime, which cannot be peered with a VPC."
                    + " Move compute in the same migration, or take a database that the Internet reaches, as spec.target.postgres.existing.");
        } else if (!onlyInVpc.isEmpty()) {
            notes.add("Whether the dynos of Heroku app " + name + " reach " + String.join(" and ", onlyInVpc) + " is not known: nothing runs on them before the cutover. If they do not, the instance is down after it until they do." + PEERED);
        }
        if (heroku.formation(name).stream().anyMatch(type -> type.type().equals("release"))) {
            notes.add("Heroku app " + name + " has a process type release. Its command runs at each of some changes of config vars and attachments while the instance is down, at least once without a database, and"
                    + " then with one that takes no writes yet. The last one has to succeed before the new database is opened: a command that writes, such as a migration that has not run yet, makes the cutover go back.");
        }
        // What going on will need and has not asked for until now.
        heroku.attachments(name);
        var config = heroku.configVars(name);
        var urls = SourceUrls.of(config);
        if (target.postgres() != null) {
            replicas(config).ifPresent(blockers::add);
            unreadable(config, "DATABASE_URL", urls.postgres()).ifPresent(blockers::add);
        }
        if (target.redis() != null) {
            unreadable(config, "REDIS_URL", urls.redis()).ifPresent(blockers::add);
        }
        if (target.postgres() == null && heroku.addOns(name).stream().anyMatch(addOn -> addOn.service().equals("scheduler"))) {
            blockers.add("Heroku app " + name + " has Heroku Scheduler. Where Redis alone moves, no write gate keeps a task that begins during the freeze from working on, and its jobs would be lost with the old Redis. Remove its tasks until"
                    + " the migration is Completed, or move Postgres in the same migration.");
        }
        return new Findings(blockers, notes);
    }

    /** It would go on to use the old one, and nobody would know. */
    private Optional<String> unreadable(Map<String, String> config, String variable, Optional<?> url) {
        return Optional.of("Heroku app " + name + ": " + variable + " is set and names no database that the operator can read. Correct it: characters such as # and % in a password have to be written as %23 and %25.")
                .filter(blocker -> url.isEmpty() && !config.getOrDefault(variable, "").isBlank());
    }

    private Optional<String> replicas(Map<String, String> config) {
        return REPLICAS.stream().filter(config::containsKey).findFirst().map(variable -> "Heroku app " + name + ": " + variable + " is set, so that Mastodon reads from a replica of the old database, which nothing writes to any"
                + " more after the move. Unset it first.");
    }

    private List<String> onlyInVpc() {
        return Stream.of(target.postgres() != null && target.postgres().rds() != null ? "an RDS instance (spec.target.postgres.rds)" : "",
                target.redis() != null && target.redis().elastiCache() != null ? "ElastiCache (spec.target.redis.elastiCache)" : "").filter(words -> !words.isEmpty()).toList();
    }

    /** Bash opens the connection itself, so that nothing has to be installed on the dyno. */
    static String howToTry(String app, Optional<String> space, List<Server> servers) {
        return "Whether the dynos of Heroku app " + app + " reach " + servers.stream().map(server -> "the new " + server.name() + " at " + server.host() + ":" + server.port()).collect(Collectors.joining(" and "))
                + " is not known before the cutover, and if they do not, the instance is down after it until they do. Try it from a one-off dyno, which prints yes or no: "
                + servers.stream().map(server -> "`heroku run -a " + app + " -- \"timeout 10 bash -c '</dev/tcp/" + server.host().replaceAll("[\\[\\]]", "") + "/" + server.port() + "' && echo yes || echo no\"`").collect(Collectors.joining(" and "))
                + "." + (space.isPresent() ? PEERED : STATIC_ADDRESS);
    }
}
