package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.Provisioned.Working;
import dev.mastodonmigration.source.SavedSource;
import dev.mastodonmigration.source.SavedSource.Absent;
import dev.mastodonmigration.source.SavedSource.Attached;
import dev.mastodonmigration.source.SavedSource.SetByHand;
import dev.mastodonmigration.source.SavedSource.Variable;
import dev.mastodonmigration.source.heroku.HerokuApi.Attachment;
import dev.mastodonmigration.source.heroku.HerokuApi.Release;
import dev.mastodonmigration.source.heroku.HerokuException.Kind;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * The config vars by which one app finds its databases: gives it others, and its own back. Each call is one look and at most one change, and goes on from whatever it finds, so that a crash or an answer
 * that got lost between two calls changes nothing.
 *
 * <p>A variable that an attachment gives cannot be set while the attachment is there, and an add-on's last attachment to the app that is billed for it cannot be taken away
 * (research/mastodon-heroku-aws.md §2.3). So the add-on is attached under a second name first, and stays attached under it: that is how the old database is found again. A value that somebody had set is
 * kept on the app itself, under the same name with our prefix, by the very call that overwrites it, which leaves a mark as well: it is a secret, which has no place in status.
 */
record AppDatabases(HerokuApi heroku, SavedSource.App saved, KeptVariables kept) {
    private static final Duration WHILE_PENDING = Duration.ofSeconds(2);
    /** Each release costs a build slot and calls of an account that has 75 a minute, and a command that failed now fails in a second's time as well. */
    private static final Duration BETWEEN_RETRIES = Duration.ofSeconds(10);
    private static final int RETRIES = 3;

    /** What the app has now. */
    private record Look(Map<String, String> config, List<Attachment> attachments) {
        Optional<Attachment> named(String name) {
            return attachments.stream().filter(one -> one.name().equals(name)).findFirst();
        }

        boolean gives(String variable) {
            return attachments.stream().anyMatch(one -> one.variable().equals(variable));
        }
    }

    private Look look() {
        return new Look(heroku.configVars(saved.name()), heroku.attachments(saved.name()));
    }

    /** @param wanted values by variable, for an app with these config vars. @return what was done or is waited for; empty once the app would start with them */
    Optional<Working> use(UnaryOperator<Map<String, String>> wanted) {
        var look = look();
        for (var variable : attached()) {
            var waiting = keep(look, variable);
            if (waiting.isPresent()) {
                return waiting;
            }
        }
        for (var variable : attached()) {
            var attachment = look.named(attachment(variable).attachment());
            if (attachment.isPresent()) {
                heroku.detach(saved.name(), own(attachment.get(), variable));
                return did("took the attachment " + attachment.get().name() + " off " + saved.name());
            }
        }
        var changes = new LinkedHashMap<String, Optional<String>>();
        wanted.apply(look.config()).forEach((name, value) -> {
            if (!value.equals(look.config().get(name))) {
                changes.put(name, Optional.of(value));
            }
        });
        if (!changes.isEmpty() && !look.config().containsKey(kept.mark())) {
            changes.putAll(kept(look));
        }
        return set(changes).or(() -> released(this::again));
    }

    /** What was not attached, as it is before the first change. A second call would find ours. */
    private Map<String, Optional<String>> kept(Look look) {
        var keeping = new LinkedHashMap<String, Optional<String>>(Map.of(kept.mark(), Optional.of("true")));
        saved.variables().stream().filter(variable -> !(variable.origin() instanceof Attached)).forEach(variable -> {
            var now = Optional.ofNullable(look.config().get(variable.name()));
            if (now.isEmpty() && variable.origin() instanceof SetByHand) {
                throw new HerokuException(Kind.REJECTED, "Heroku app " + saved.name() + " has no config var " + variable.name() + " any more, which it had before the freeze, so that it could not be given back. Somebody removed it"
                        + " meanwhile: set it again.");
            }
            now.ifPresent(value -> keeping.put(kept.of(variable.name()), now));
        });
        return keeping;
    }

    /** @return what was done or is waited for; empty once the app would start with what it had */
    Optional<Working> useOwn() {
        var look = look();
        var changes = new LinkedHashMap<String, Optional<String>>();
        var begun = look.config().containsKey(kept.mark());
        for (var variable : saved.variables()) {
            var name = variable.name();
            var before = Optional.ofNullable(look.config().get(kept.of(name)));
            var isSet = look.config().containsKey(name) && !look.gives(name);
            switch (variable.origin()) {
                case Attached attached when isSet -> changes.put(name, Optional.empty());
                case Attached untouched -> {}
                case SetByHand set when before.isEmpty() && begun -> throw new MissingInputException("Heroku app " + saved.name() + " uses other databases, and has no config var " + kept.of(name) + " any more, from which " + name
                        + " would be given back. Set it to what " + name + " was before the migration: `heroku config:set " + kept.of(name) + "=... -a " + saved.name() + "`.");
                case SetByHand set when before.isEmpty() -> {}
                case Absent absent when before.isEmpty() -> {
                    if (begun && isSet) {
                        changes.put(name, Optional.empty());
                    }
                }
                case SetByHand set -> giveBack(changes, name, before);
                case Absent setMeanwhile -> giveBack(changes, name, before);
            }
        }
        if (begun) {
            changes.put(kept.mark(), Optional.empty());
        }
        return set(changes).or(() -> attached().stream().map(variable -> attachAgain(look, variable)).flatMap(Optional::stream).findFirst())
                .or(() -> look.attachments().stream().filter(one -> isKept(one.name())).findFirst().flatMap(spare -> {
                    heroku.detach(saved.name(), spare);
                    return did("took the attachment " + spare.name() + " off " + saved.name());
                }))
                .or(() -> released(this::againWithItsOwn));
    }

    private void giveBack(Map<String, Optional<String>> changes, String name, Optional<String> before) {
        changes.put(name, before);
        changes.put(kept.of(name), Optional.empty());
    }

    /** Variables that lead to what the app used before, as "DATABASE_URL of example-web"; changes nothing. */
    List<String> stillUsed() {
        var look = look();
        return saved.variables().stream().filter(variable -> variable.name().endsWith("_URL")).filter(variable -> switch (variable.origin()) {
            case Attached attached -> look.named(attached.attachment()).filter(now -> now.addOnId().equals(attached.addOn())).isPresent() || leadsToTheSame(look, variable);
            case SetByHand set -> leadsToTheSame(look, variable);
            case Absent absent -> !look.config().containsKey(variable.name());
        }).map(variable -> variable.name() + " of " + saved.name()).toList();
    }

    /** A second attachment, before anything is taken away, and the proof that it leads to the same database. */
    private Optional<Working> keep(Look look, Variable variable) {
        var attached = attachment(variable);
        if (isAnotherAddress(variable)) {
            return Optional.empty();
        }
        var spare = kept.of(attached.attachment());
        if (look.named(spare).isEmpty()) {
            attach(attached, spare);
            return did("attached " + attached.addOnName() + " to " + saved.name() + " as " + spare);
        }
        var before = look.named(attached.attachment());
        before.ifPresent(attachment -> own(attachment, variable));
        return before.isPresent() && !leadsToTheSame(look, variable) ? Optional.of(new Working(notTheSame(spare, variable), Optional.of(WHILE_PENDING))) : Optional.empty();
    }

    private Optional<Working> attachAgain(Look look, Variable variable) {
        var attached = attachment(variable);
        var now = look.named(attached.attachment());
        if (now.isEmpty()) {
            attach(attached, attached.attachment());
            return did("attached " + attached.addOnName() + " to " + saved.name() + " as " + attached.attachment());
        }
        own(now.get(), variable);
        var spare = kept.of(attached.attachment());
        return isAnotherAddress(variable) || look.named(spare).isEmpty() || leadsToTheSame(look, variable) ? Optional.empty() : Optional.of(new Working(notTheSame(spare, variable), Optional.of(WHILE_PENDING)));
    }

    /** Heroku may do late what it gave no answer to: then the name is taken, and by what we want. */
    private void attach(Attached attached, String name) {
        try {
            heroku.attach(saved.name(), attached.addOn(), name, attached.namespace());
        } catch (HerokuException refused) {
            if (refused.kind() != Kind.REJECTED || heroku.attachments(saved.name()).stream().noneMatch(one -> one.name().equals(name) && one.addOnId().equals(attached.addOn()))) {
                throw refused;
            }
        }
    }

    private static Optional<Working> did(String what) {
        return Optional.of(new Working(what));
    }

    private boolean leadsToTheSame(Look look, Variable variable) {
        var value = look.config().get(variable.name());
        return value != null && value.equals(look.config().get(kept.of(variable.name())));
    }

    private String notTheSame(String spare, Variable variable) {
        return "waiting until " + saved.name() + " has the same URL by its attachments " + spare + " and " + attachment(variable).attachment();
    }

    /** Somebody else's hands are stronger than our plan: what was attached meanwhile is not taken away. */
    private Attachment own(Attachment now, Variable variable) {
        var attached = attachment(variable);
        if (!now.addOnId().equals(attached.addOn())) {
            throw new HerokuException(Kind.REJECTED, "Heroku app " + saved.name() + " has " + now.addOn() + " attached as " + now.name() + ", and had " + attached.addOnName()
                    + " there before the freeze. Somebody changed that meanwhile: put it back with `heroku addons:detach " + now.name() + " -a " + saved.name() + "` and `heroku addons:attach " + attached.addOnName() + " --as " + now.name() + " -a " + saved.name() + "`.");
        }
        return now;
    }

    private Optional<Working> set(Map<String, Optional<String>> changes) {
        if (changes.isEmpty()) {
            return Optional.empty();
        }
        heroku.setConfigVars(saved.name(), changes);
        return did("set " + changes.keySet().stream().filter(name -> !name.startsWith(kept.prefix())).collect(Collectors.joining(", ")) + " of " + saved.name());
    }

    /**
     * What came of those since the freeze began.
     *
     * @param retries        of failed ones
     * @param noneOfThemRuns dynos start with one from before
     */
    private record Releases(Release newest, long retries, boolean noneOfThemRuns) {}

    private interface Failed {
        Optional<Working> act(Releases releases);
    }

    /**
     * Dynos start with the last release that succeeded, whatever the config vars say. The command of a process type "release" may fail for as long as the app has no database, and once more here: then
     * it is run again. A deploy is not ours to wait for, nor to repeat: what ran before it runs on.
     */
    private Optional<Working> released(Failed failed) {
        var all = heroku.releases(saved.name());
        var since = all.stream().filter(release -> release.version() > saved.release().orElse(0)).toList();
        var running = since.stream().filter(Release::current).mapToInt(Release::version).max().orElse(0);
        var newest = since.stream().filter(release -> release.version() > running && release.isOfConfig()).max(Comparator.comparingInt(Release::version));
        return newest.flatMap(release -> switch (release.status()) {
            case "pending" -> Optional.of(new Working("waiting for the release command of " + saved.name() + " (v" + release.version() + ")", Optional.of(WHILE_PENDING)));
            case "failed", "expired" -> failed.act(new Releases(release, since.stream().filter(Release::isRetry).count(), running == 0 && all.size() > since.size()));
            default -> Optional.empty();
        });
    }

    private String words(Release release) {
        return "release v" + release.version() + " of " + saved.name() + " (" + release.description() + ") failed, and dynos do not start with it: see `heroku releases:output v" + release.version() + " -a " + saved.name() + "`";
    }

    private Optional<Working> again(Releases releases) {
        if (releases.retries() >= RETRIES) {
            throw new HerokuException(Kind.REJECTED, "Heroku app " + saved.name() + " cannot be led to the new databases: " + words(releases.newest()) + ". It was tried " + (RETRIES + 1) + " times.");
        }
        if (releases.newest().slug().isEmpty()) {
            throw new HerokuException(Kind.REJECTED, "Heroku app " + saved.name() + " cannot be led to the new databases: " + words(releases.newest()) + ". It has no slug that could be released again.");
        }
        heroku.releaseAgain(saved.name(), releases.newest());
        return slowly(words(releases.newest()) + ". It is tried again");
    }

    /** Where none of ours succeeded, dynos start with the one from before the freeze, which is what is wanted. */
    private Optional<Working> againWithItsOwn(Releases releases) {
        if (releases.noneOfThemRuns()) {
            return Optional.empty();
        }
        if (releases.newest().slug().isEmpty()) {
            return slowly(words(releases.newest()) + ". Deploy one that succeeds");
        }
        heroku.releaseAgain(saved.name(), releases.newest());
        return slowly(words(releases.newest()) + ". It is tried again; or deploy one that succeeds");
    }

    private static Optional<Working> slowly(String what) {
        return Optional.of(new Working(what, Optional.of(BETWEEN_RETRIES)));
    }

    private List<Variable> attached() {
        return saved.variables().stream().filter(variable -> variable.origin() instanceof Attached).toList();
    }

    private static Attached attachment(Variable variable) {
        return (Attached) variable.origin();
    }

    private static boolean isPooled(Attached attached) {
        return attached.namespace().filter(namespace -> namespace.startsWith(DatabaseVariables.POOLED)).isPresent();
    }

    /** One more address of a database that has a variable of its own. */
    private boolean isAnotherAddress(Variable variable) {
        var attached = attachment(variable);
        return isPooled(attached) && attached().stream().map(AppDatabases::attachment).anyMatch(other -> !isPooled(other) && other.addOn().equals(attached.addOn()));
    }

    private boolean isKept(String attachment) {
        return attached().stream().anyMatch(variable -> kept.of(attachment(variable).attachment()).equals(attachment));
    }
}
