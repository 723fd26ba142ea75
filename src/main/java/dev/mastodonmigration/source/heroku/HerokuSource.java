package dev.mastodonmigration.source.heroku;

import dev.mastodonmigration.mastodon.SourceEnvironment;
import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus.DataKind;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.cost.Bill;
import dev.mastodonmigration.mastodon.DynoDatabaseUrl;
import dev.mastodonmigration.mastodon.SourceUrls;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.MissingInputException;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.source.ProxyTrust;
import dev.mastodonmigration.source.Retirement;
import dev.mastodonmigration.source.SavedSource;
import dev.mastodonmigration.source.Source;
import dev.mastodonmigration.source.heroku.HerokuApi.Dyno;
import dev.mastodonmigration.source.heroku.HerokuApi.ProcessType;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The instance as one or two Heroku apps. Each method is one operation with its own {@link Patience}. */
final class HerokuSource implements Source {
    /**
     * A dyno that is stopping has 30 s from SIGTERM to SIGKILL (devcenter.heroku.com/articles/dyno-shutdown-behavior). Whether Heroku lists it meanwhile is not
     * documented, so that we count on its not being listed.
     */
    private static final Duration SHUTDOWN = Duration.ofSeconds(30);
    /** Never kept running by Heroku, even where a Procfile, and so the formation, has a type of that name. */
    private static final Set<String> ONE_OFF = Set.of("run", "release", "scheduler");
    /** An Eco dyno that sleeps wakes up when it is asked. */
    private static final Set<String> SERVING = Set.of("up", "idle");

    private final MastodonMigration migration;
    private final String apiUrl;
    private final Optional<String> router;
    private final Supplier<String> token;
    private final KeptToken kept;

    /**
     * @param router stands in for Heroku's, where it does not
     * @param token  reads the API token, anew each time; may throw {@link MissingInputException}
     */
    HerokuSource(MastodonMigration migration, String apiUrl, Optional<String> router, Supplier<String> token, KeptToken kept) {
        this.migration = migration;
        this.apiUrl = apiUrl;
        this.router = router;
        this.token = token;
        this.kept = kept;
    }

    private HerokuApi heroku(Patience patience) {
        return new HerokuClient(HerokuHosts.of(apiUrl), token.get(), patience);
    }

    private HerokuApi heroku() {
        return heroku(Patience.INSIDE_THE_FREEZE);
    }

    /** The one that runs web and Sidekiq first. */
    private List<String> apps() {
        return SpecDefaults.apps(migration.getSpec());
    }

    private String webApp() {
        return apps().getFirst();
    }

    @Override
    public String name() {
        return (apps().size() > 1 ? "Heroku apps " : "Heroku app ") + String.join(", ", apps());
    }

    /** Where the token would go is the operator's configuration. */
    @Override
    public List<String> violations() {
        var violations = new ArrayList<String>();
        var redis = migration.getSpec().target().redis();
        if (computeStays() && redis != null && redis.existing() != null && redis.existing().caSecretRef() != null) {
            violations.add("spec.target.redis.existing.caSecretRef cannot be used while compute stays on Heroku: Mastodon verifies the Redis that it uses, and a dyno has no file with the CA. Set compute as well, or use a Redis"
                    + " whose certificate a public CA signed.");
        }
        try {
            HerokuHosts.of(apiUrl);
        } catch (HerokuException refused) {
            violations.add(refused.getMessage());
        }
        return List.copyOf(violations);
    }

    @Override
    public Findings preflight() {
        try {
            var heroku = heroku(Patience.BEFORE_ANYTHING);
            return SideBySide.all(apps(), app -> new HerokuPreflight(heroku, app).look().and(computeStays() ? new HerokuDataFirst(heroku, app, migration.getSpec().target()).look() : new HerokuLogDrains(heroku, app).look())).stream()
                    .reduce(Findings.NONE, Findings::and).and(addOns(heroku));
        } catch (OutsideException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            return new Findings(List.of(refused.getMessage()), List.of());
        }
    }

    private Findings addOns(HerokuApi heroku) {
        DataAddOns uses;
        try {
            uses = DataAddOns.read(heroku, apps());
        } catch (OutsideException refused) {
            if (refused.mayPass()) {
                throw refused;
            }
            // HerokuPreflight has told it of the app that it is about.
            return Findings.NONE;
        }
        var urls = SourceUrls.of(uses.apps().get(webApp()).config());
        return AddOnStates.look(heroku, webApp(), uses.all(urls)).and(new SharedAddOns(heroku, apps()).look(uses.moving(urls, migration.getSpec().target())))
                .and(backups(heroku, uses).map(HerokuBackups::look).orElse(Findings.NONE));
    }

    /** Of the Postgres that moves, where it is an add-on. Nothing waits long for what holds nothing up. */
    private Optional<HerokuBackups> backups(HerokuApi heroku, DataAddOns uses) {
        return uses.moving(SourceUrls.of(uses.apps().get(webApp()).config()), migration.getSpec().target()).stream().filter(addOn -> addOn.kind() == DataKind.Postgres).findFirst()
                .map(addOn -> new HerokuBackups(heroku, new HerokuCalls(HerokuHosts.of(apiUrl).data(), token.get(), Patience.INSIDE_THE_FREEZE, System.nanoTime()), webApp(), addOn));
    }

    @Override
    public OwnBackups ownBackups() {
        if (migration.getSpec().target().postgres() == null) {
            return OwnBackups.NONE;
        }
        var heroku = heroku();
        try {
            return backups(heroku, DataAddOns.read(heroku, apps())).map(HerokuBackups::now).orElse(OwnBackups.NONE);
        } catch (OutsideException refused) {
            return new OwnBackups(List.of(), Optional.of("Whether Heroku backs up the instance's Postgres just now cannot be asked, and is not waited for: see `heroku pg:backups`. " + refused.getMessage()));
        }
    }

    @Override
    public Bill bill() {
        return new HerokuBill(heroku(), apps(), LocalDate.now(ZoneOffset.UTC)).look();
    }

    @Override
    public SavedSource read() {
        var heroku = heroku();
        var uses = DataAddOns.read(heroku, apps());
        return new SavedSource(SideBySide.all(apps(), name -> {
            var app = heroku.app(name);
            return new SavedSource.App(name, Optional.of(app.id()), app.maintenance() ? SavedSource.Maintenance.ON : SavedSource.Maintenance.OFF,
                    heroku.releases(name).stream().findFirst().map(HerokuApi.Release::version), heroku.formation(name).stream().collect(Collectors.toMap(ProcessType::type, ProcessType::quantity)),
                    computeStays() ? variables(uses.apps().get(name), name) : List.of());
        }), uses.moving(SourceUrls.of(uses.apps().get(webApp()).config()), migration.getSpec().target()));
    }

    private boolean computeStays() {
        return migration.getSpec().target().compute() == null;
    }

    private List<SavedSource.Variable> variables(DataAddOns.Uses uses, String app) {
        var found = new DatabaseVariables(uses.config(), uses.attachments(), reader(app));
        var target = migration.getSpec().target();
        return Stream.concat(target.postgres() == null ? Stream.of() : found.postgres().stream(), target.redis() == null ? Stream.of() : found.redis().stream()).toList();
    }

    private DynoDatabaseUrl.Reader reader(String app) {
        return app.equals(webApp()) ? DynoDatabaseUrl.Reader.RAILS : DynoDatabaseUrl.Reader.STREAMING;
    }

    /** Maintenance mode first, so that users see its page and not the router's error. */
    @Override
    public void stop() {
        var heroku = heroku();
        var ids = takesWrites() ? savedIds() : Map.<String, String>of();
        SideBySide.each(apps(), app -> {
            refuseStranger(heroku, app, ids);
            heroku.setMaintenance(app, true);
            heroku.scaleToZero(app);
        });
    }

    /** In the freeze nobody has the time to ask; later days pass, in which a name may go to another app. */
    private static void refuseStranger(HerokuApi heroku, String app, Map<String, String> ids) {
        if (ids.containsKey(app) && !ids.get(app).equals(heroku.app(app).id())) {
            throw new OutsideException(HerokuRetirement.anothers(app) + " It is not stopped. Remove spec.retire.formation, or rename that app.", false);
        }
    }

    private Map<String, String> savedIds() {
        var ids = new TreeMap<String, String>();
        Optional.ofNullable(migration.getStatus()).flatMap(SavedSource::of).map(SavedSource::apps).orElse(List.of()).forEach(app -> app.id().ifPresent(id -> ids.put(app.name(), id)));
        return ids;
    }

    @Override
    public void stopOneOffs() {
        var heroku = heroku();
        SideBySide.each(apps(), app -> SideBySide.each(
                listed(heroku, app).entrySet().stream().filter(dyno -> dyno.getValue() == Process.Kind.ONE_OFF).map(dyno -> dyno.getKey().name()).toList(),
                dyno -> heroku.stop(app, dyno)));
    }

    @Override
    public List<Process> alive() {
        var heroku = heroku();
        return SideBySide.all(apps(), app -> listed(heroku, app).entrySet().stream()
                        .map(dyno -> new Process(dyno.getKey().name() + " of " + app + " (" + dyno.getKey().state() + ")", dyno.getValue())).toList())
                .stream().flatMap(List::stream).sorted(Comparator.comparing(Process::name)).toList();
    }

    /** The dynos of an app. What its formation does not list nobody keeps running, whatever it is called. */
    private static Map<Dyno, Process.Kind> listed(HerokuApi heroku, String app) {
        var kinds = new LinkedHashMap<Dyno, Process.Kind>();
        var dynos = heroku.dynos(app);
        if (!dynos.isEmpty()) {
            var supervised = supervised(heroku, app);
            dynos.forEach(dyno -> kinds.put(dyno, supervised.contains(dyno.type()) ? Process.Kind.SUPERVISED : Process.Kind.ONE_OFF));
        }
        return kinds;
    }

    private static Set<String> supervised(HerokuApi heroku, String app) {
        return heroku.formation(app).stream().map(ProcessType::type).filter(type -> !ONE_OFF.contains(type)).collect(Collectors.toSet());
    }

    @Override
    public Duration unseen() {
        return SHUTDOWN;
    }

    @Override
    public List<String> awake() {
        var heroku = heroku();
        return SideBySide.all(apps(), app -> heroku.formation(app).stream().filter(type -> type.quantity() > 0).map(type -> type.type() + "=" + type.quantity() + " of " + app).toList())
                .stream().flatMap(List::stream).toList();
    }

    /** Dynos first, so that they come up when maintenance mode ends. An app that is refused does not keep the other one stopped. */
    @Override
    public void start(SavedSource saved) {
        var heroku = heroku(Patience.TO_START_AGAIN);
        var apps = saved.apps().stream().collect(Collectors.toMap(SavedSource.App::name, app -> app));
        SideBySide.each(List.copyOf(apps.keySet()), name -> {
            var wanted = new LinkedHashMap<>(apps.get(name).formation());
            var now = heroku.formation(name);
            wanted.keySet().retainAll(now.stream().map(ProcessType::type).toList());
            heroku.scale(name, now, wanted);
            heroku.setMaintenance(name, apps.get(name).maintenance() == SavedSource.Maintenance.ON);
        });
    }

    @Override
    public List<String> notUp(SavedSource saved) {
        return missing(saved, dyno -> SERVING.contains(dyno.state()));
    }

    @Override
    public List<String> notThere(SavedSource saved) {
        return missing(saved, dyno -> !dyno.state().equals("down"));
    }

    private List<String> missing(SavedSource saved, Predicate<Dyno> counts) {
        var heroku = heroku();
        var formations = saved.apps().stream().collect(Collectors.toMap(SavedSource.App::name, SavedSource.App::formation));
        return SideBySide.all(saved.apps().stream().map(SavedSource.App::name).toList(), name -> {
            var missing = new ArrayList<String>();
            var dynos = heroku.dynos(name);
            var known = heroku.formation(name).stream().map(ProcessType::type).toList();
            formations.get(name).forEach((type, wanted) -> {
                if (!known.contains(type)) {
                    // A release since then has no such process: nobody can start it again.
                    return;
                }
                var there = dynos.stream().filter(dyno -> dyno.type().equals(type)).filter(counts).count();
                if (there < wanted) {
                    missing.add(type + " of " + name + ": " + there + "/" + wanted);
                }
            });
            return missing;
        }).stream().flatMap(List::stream).toList();
    }

    /** Of the web app's formation every dyno but the web dynos, and those too if their command names Sidekiq. */
    @Override
    public List<String> mayRunSidekiq() {
        var heroku = heroku();
        var supervised = supervised(heroku, webApp());
        return heroku.dynos(webApp()).stream().filter(dyno -> supervised.contains(dyno.type()) && (!dyno.type().equals("web") || dyno.command().contains("sidekiq"))).map(Dyno::name).toList();
    }

    @Override
    public List<String> restartSidekiq() {
        var heroku = heroku();
        var dynos = mayRunSidekiq();
        SideBySide.each(dynos, dyno -> heroku.restart(webApp(), dyno));
        return dynos;
    }

    @Override
    public Map<String, URI> entrances(List<String> domains) {
        var found = new HerokuEntrances(heroku(), migration.getSpec());
        var entrances = new LinkedHashMap<String, URI>();
        domains.forEach(domain -> {
            var cname = found.cname(domain);
            entrances.put(domain, URI.create(router.orElse("https://" + cname)));
        });
        return entrances;
    }

    /** @throws MissingInputException when the web app names no Postgres or no Redis, or a Redis of Sidekiq's own that cannot be read */
    @Override
    public SourceUrls urls() {
        var config = before(heroku().configVars(webApp()));
        var urls = SourceUrls.of(config);
        require(urls.postgres(), "DATABASE_URL");
        require(urls.redis(), "REDIS_URL, REDISCLOUD_URL or REDIS_HOST");
        if (SourceUrls.namesUnreadableSidekiqRedis(config)) {
            throw new MissingInputException("Heroku app " + webApp()
                    + ": SIDEKIQ_REDIS_URL or SIDEKIQ_REDIS_HOST is set and names no Redis. Correct it, or unset it if Sidekiq uses the main Redis.");
        }
        return urls;
    }

    /** The web app's config vars without what {@link #repoint} changed. */
    private Map<String, String> before(Map<String, String> config) {
        var status = Optional.ofNullable(migration.getStatus());
        // Before that it may be on the way back, and have its own again.
        return status.flatMap(SavedSource::of).map(saved -> app(saved, webApp())).map(saved -> KeptVariables.ofMigration(migration.getMetadata().getUid()).before(saved, config,
                takesWrites() ? KeptVariables.Stage.USES_OTHERS : KeptVariables.Stage.MAY_USE_ITS_OWN)).orElse(config);
    }

    private void require(Optional<?> url, String variable) {
        if (url.isEmpty()) {
            throw new MissingInputException("Heroku app " + webApp() + " has no config var " + variable + ". Is it the app that runs web and Sidekiq?");
        }
    }

    @Override
    public SourceEnvironment environment() {
        var heroku = heroku();
        var trusts = Optional.ofNullable(migration.getStatus()).map(ProxyTrust::of).orElse(List.of());
        var configs = SideBySide.all(apps(), app -> AppProxies.before(trusts, app, heroku.configVars(app)));
        return new SourceEnvironment(configs.getFirst(), configs.getLast());
    }

    /** Streaming first: what it uses is attached to it by another app, so that nothing of it can be the last. */
    @Override
    public Provisioned repoint(SavedSource saved, Databases databases) {
        if (saved.apps().stream().allMatch(app -> app.variables().isEmpty())) {
            throw new OutsideException(name() + " cannot be led to other databases: which config vars lead to their own was not written down before the freeze.", false);
        }
        // Nothing is left to be restored by then, and much to be started.
        var patience = takesWrites() ? Patience.TO_START_AGAIN : Patience.INSIDE_THE_FREEZE;
        return eachInTurn(saved.apps().reversed(), app -> databases(heroku(patience), app).use(config -> DatabaseVariables.wanted(app, databases, reader(app.name()), config)),
                name() + " will start with the new databases");
    }

    private boolean takesWrites() {
        return Optional.ofNullable(migration.getStatus()).map(known -> known.downtime).map(downtime -> downtime.targetWritableAt).isPresent();
    }

    @Override
    public List<String> cannotReach(List<String> hosts) {
        var here = PrivateHosts.isLoopback(HerokuHosts.of(apiUrl).platform().getHost());
        var unreachable = hosts.stream().filter(host -> PrivateHosts.isPrivate(host) && !(here && PrivateHosts.isLoopback(host))).toList();
        if (unreachable.isEmpty()) {
            return List.of();
        }
        var heroku = heroku();
        return SideBySide.all(apps(), app -> heroku.app(app).space().isPresent() ? List.<String>of() : unreachable.stream().map(host -> "The dynos of Heroku app " + app + " cannot reach " + host
                + ", a name or an address of a private network: they are on the Internet. Give the name by which the Internet reaches that database, or move compute in the same migration.").toList()).stream().flatMap(List::stream).toList();
    }

    /** No call tells how a one-off dyno ended but to who is attached to it, and logs may be lost (devcenter.heroku.com/articles/logplex): only the admin's own terminal shows the answer. */
    @Override
    public List<String> howToTryReaching(List<Server> servers) {
        if (servers.isEmpty()) {
            return List.of();
        }
        var heroku = heroku();
        return SideBySide.all(apps(), app -> HerokuDataFirst.howToTry(app, heroku.app(app).space(), servers));
    }

    @Override
    public Provisioned pointBack(SavedSource saved) {
        return eachInTurn(saved.apps(), app -> databases(heroku(Patience.TO_START_AGAIN), app).useOwn(), name() + " will start with the databases that it had");
    }

    @Override
    public List<String> stillUsed(SavedSource saved) {
        var heroku = heroku();
        return SideBySide.all(names(saved), name -> databases(heroku, app(saved, name)).stillUsed()).stream().flatMap(List::stream).toList();
    }

    @Override
    public List<ProxyTrust> distrusts(List<String> addresses, List<ProxyTrust> known) {
        var heroku = heroku(Patience.BEFORE_ANYTHING);
        return SideBySide.all(apps(), app -> new AppProxies(heroku, app).lacking(addresses, known)).stream().flatMap(Optional::stream).toList();
    }

    @Override
    public Provisioned trust(List<ProxyTrust> saved) {
        var heroku = heroku(Patience.BEFORE_ANYTHING);
        return saved.stream().map(one -> new AppProxies(heroku, one.app()).trust(one)).flatMap(Optional::stream).findFirst().orElseGet(() -> new Provisioned.Ready(""));
    }

    @Override
    public Provisioned trustAsBefore(List<ProxyTrust> saved) {
        return AppProxies.back(() -> heroku(Patience.BEFORE_ANYTHING), saved);
    }

    /** Each with a patience of its own. */
    private static Provisioned eachInTurn(List<SavedSource.App> apps, Function<SavedSource.App, Optional<Provisioned.Working>> act, String done) {
        return apps.stream().filter(app -> !app.variables().isEmpty()).map(act).flatMap(Optional::stream).findFirst().<Provisioned>map(working -> working).orElseGet(() -> new Provisioned.Ready(done));
    }

    private static List<String> names(SavedSource saved) {
        return saved.apps().stream().map(SavedSource.App::name).toList();
    }

    private static SavedSource.App app(SavedSource saved, String name) {
        return saved.apps().stream().filter(app -> app.name().equals(name)).findFirst().orElseThrow();
    }

    private AppDatabases databases(HerokuApi heroku, SavedSource.App app) {
        return new AppDatabases(heroku, app, KeptVariables.ofMigration(migration.getMetadata().getUid()));
    }

    @Override
    public Optional<Retirement> retirement() {
        var saved = Optional.ofNullable(migration.getStatus()).flatMap(SavedSource::of);
        var staying = computeStays() ? Optional.of(new HerokuRetirement.Staying(() -> stillUsed(saved.orElseThrow()), KeptVariables.ofMigration(migration.getMetadata().getUid()))) : Optional.<HerokuRetirement.Staying>empty();
        return Optional.of(new HerokuRetirement(apps(), saved, () -> heroku(Patience.BEFORE_ANYTHING),
                () -> new HerokuRemovals(HerokuHosts.of(apiUrl), token.get(), Patience.BEFORE_ANYTHING), this::before, staying));
    }

    @Override
    public Optional<Arrivals> arrivals(List<Retirement.Asset> apps, List<String> hosts, Instant after) {
        var log = new HerokuRouterLog(new HerokuCalls(HerokuHosts.of(apiUrl).platform(), token.get(), Patience.BEFORE_ANYTHING, System.nanoTime()));
        var names = apps.stream().collect(Collectors.toMap(Retirement.Asset::id, Retirement.Asset::name));
        var refused = new ConcurrentLinkedQueue<OutsideException>();
        var found = SideBySide.all(List.copyOf(names.keySet()), id -> {
            try {
                return log.arrivals(id, names.get(id), hosts, after);
            } catch (OutsideException unread) {
                refused.add(unread);
                return Optional.<Arrivals>empty();
            }
        }).stream().flatMap(Optional::stream).reduce(Arrivals::and);
        if (found.isEmpty() && !refused.isEmpty()) {
            throw refused.peek();
        }
        return found;
    }

    @Override
    public void keepCredentials() {
        kept.keep(migration, token.get());
    }

    @Override
    public void forgetCredentials() {
        kept.remove(migration);
    }
}
