package dev.mastodonmigration.played;

import dev.mastodonmigration.api.MastodonMigrationStatus.DataKind;
import dev.mastodonmigration.cost.Bill;
import dev.mastodonmigration.mastodon.SourceEnvironment;
import dev.mastodonmigration.mastodon.SourceUrls;
import dev.mastodonmigration.mastodon.TrustedProxies;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.source.DoesNotStartException;
import dev.mastodonmigration.source.ProxyTrust;
import dev.mastodonmigration.source.Retirement;
import dev.mastodonmigration.source.SavedSource;
import dev.mastodonmigration.source.Source;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A source of one app, whose processes take a few looks to stop and to start. Every method may fail as the test says. */
public final class PlayedSource implements Source {
    private static final Map<String, String> ENVIRONMENT = Map.of("LOCAL_DOMAIN", "example.social", "SECRET_KEY_BASE", "s", "DATABASE_URL", "postgres://u:p@source:5432/db", "REDIS_URL", "redis://source:6379",
            "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", "a", "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY", "b", "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT", "c", "S3_ENABLED", "true", "S3_BUCKET", "media");
    public static final Map<String, Integer> BEFORE = Map.of("web", 2, "worker", 1);
    private final Trouble trouble;
    public final Map<String, Integer> formation = new TreeMap<>(BEFORE);
    public final List<Databases> repointed = new ArrayList<>();
    public final List<String> violations = new ArrayList<>();
    public final List<String> blockers = new ArrayList<>();
    public boolean maintenance;
    /** Its Sidekiq takes no jobs. */
    public boolean quiet;
    public boolean credentialsKept;
    /** Somebody runs a one-off process. */
    public boolean oneOff;
    /** As variables of both apps: set where an edge stands in front. */
    public Map<String, String> trustedProxies = Map.of();
    /** How often its processes were restarted because that was set for the edge, or set back. */
    public int restarts;
    public int looksUntilRestarted = 2;
    /** Its platform refuses for good to set that back. */
    public boolean trustStays;
    private int looksUntilItRuns;
    /** Whether its web processes crash with what it has to trust, or hang. */
    public boolean crashes;
    public boolean staysDown;
    private List<ProxyTrust> trust = List.of();
    public String postgresHost = "source";
    public Bill bill = Bill.unknown("the played source", "it tells no prices");
    public int bills;
    public int stops;
    /** Only its databases move. */
    public boolean stays;
    /** Its processes would start with the databases that it always had. */
    public boolean usesItsOwn = true;
    public int looksUntilRepointed = 2;
    /** Who came lately. */
    public Optional<Arrivals> arrivals = Optional.empty();
    public int logsRead;
    /** What its platform copies just now. */
    public OwnBackups ownBackups = OwnBackups.NONE;
    private int looksUntilGone;
    private int looksUntilUp;
    public final PlayedRetirement retirement;

    public PlayedSource(Trouble trouble) {
        this.trouble = trouble;
        this.retirement = new PlayedRetirement(trouble, () -> stays ? usesItsOwn ? List.of("It was led back.") : List.of() : awakeNow().isEmpty() && !oneOff ? List.of() : List.of("Something runs there again."));
    }

    /** Whether users are served by it, as far as its platform is concerned. */
    public boolean serves() {
        return !maintenance && formation.equals(BEFORE);
    }

    /** Whether a process of it may still write. */
    public boolean lives() {
        return formation.values().stream().anyMatch(count -> count > 0) || looksUntilGone > 0 || oneOff;
    }

    @Override
    public String name() {
        return "the played source";
    }

    @Override
    public List<String> violations() {
        return violations;
    }

    @Override
    public Findings preflight() {
        trouble.may("source.preflight");
        return new Findings(blockers, List.of());
    }

    @Override
    public Bill bill() {
        bills++;
        trouble.may("source.bill");
        return bill;
    }

    @Override
    public OwnBackups ownBackups() {
        trouble.may("source.ownBackups");
        return ownBackups;
    }

    @Override
    public SavedSource read() {
        trouble.may("source.read");
        return new SavedSource(List.of(new SavedSource.App("example-web", Optional.of(PlayedRetirement.APP.id()), maintenance ? SavedSource.Maintenance.ON : SavedSource.Maintenance.OFF, Optional.of(7), formation,
                stays ? List.of(new SavedSource.Variable("DATABASE_URL", new SavedSource.SetByHand())) : List.of())),
                List.of(new SavedSource.AddOn(DataKind.Redis, PlayedRetirement.REDIS.id(), PlayedRetirement.REDIS.name()), new SavedSource.AddOn(DataKind.Postgres, PlayedRetirement.POSTGRES.id(), PlayedRetirement.POSTGRES.name())));
    }

    @Override
    public void stop() {
        trouble.may("source.stop");
        maintenance = true;
        if (formation.values().stream().anyMatch(count -> count > 0)) {
            looksUntilGone = 2;
            stops++;
        }
        trouble.may("source.stop, halfway");
        formation.replaceAll((type, count) -> 0);
    }

    @Override
    public void stopOneOffs() {}

    @Override
    public List<Process> alive() {
        trouble.may("source.alive");
        looksUntilGone = Math.max(0, looksUntilGone - 1);
        return lives() ? List.of(new Process("web.1 of example-web (up)", Process.Kind.SUPERVISED)) : List.of();
    }

    @Override
    public Duration unseen() {
        return Duration.ofSeconds(30);
    }

    @Override
    public List<String> awake() {
        trouble.may("source.awake");
        return awakeNow();
    }

    private List<String> awakeNow() {
        return formation.entrySet().stream().filter(type -> type.getValue() > 0).map(type -> type.getKey() + "=" + type.getValue() + " of example-web").toList();
    }

    @Override
    public void start(SavedSource saved) {
        trouble.may("source.start");
        if (!formation.equals(saved.apps().getFirst().formation())) {
            looksUntilUp = 2;
            formation.putAll(saved.apps().getFirst().formation());
            quiet = false;
        }
        trouble.may("source.start, halfway");
        maintenance = saved.apps().getFirst().maintenance() == SavedSource.Maintenance.ON;
    }

    @Override
    public List<String> notUp(SavedSource saved) {
        trouble.may("source.notUp");
        return looksUntilUp-- > 0 ? List.of("web of example-web: 0/2") : List.of();
    }

    @Override
    public List<String> notThere(SavedSource saved) {
        return List.of();
    }

    @Override
    public List<String> mayRunSidekiq() {
        trouble.may("source.mayRunSidekiq");
        return List.of("worker.1");
    }

    @Override
    public List<String> restartSidekiq() {
        trouble.may("source.restartSidekiq");
        quiet = false;
        return List.of("worker.1");
    }

    @Override
    public Map<String, URI> entrances(List<String> domains) {
        trouble.may("source.entrances");
        return domains.stream().collect(Collectors.toMap(domain -> domain, domain -> URI.create("https://router.example")));
    }

    @Override
    public SourceUrls urls() {
        trouble.may("source.urls");
        return new SourceUrls(Optional.of(URI.create("postgres://u:p@" + postgresHost + ":5432/db")), Optional.of(URI.create("redis://source:6379")), Optional.empty());
    }

    @Override
    public SourceEnvironment environment() {
        trouble.may("source.environment");
        var before = trust.stream().findFirst().map(saved -> saved.before(trustedProxies)).orElse(trustedProxies);
        var web = new TreeMap<>(ENVIRONMENT);
        web.putAll(before);
        return new SourceEnvironment(web, before);
    }

    @Override
    public List<ProxyTrust> distrusts(List<String> addresses, List<ProxyTrust> known) {
        trouble.may("source.distrusts");
        return ProxyTrust.lacking("example-web", trustedProxies, addresses, known, 7).stream().toList();
    }

    @Override
    public Provisioned trust(List<ProxyTrust> saved) {
        trouble.may("source.trust");
        trust = saved;
        var now = ProxyTrust.now(trustedProxies);
        var one = saved.getFirst();
        if (!now.equals(Optional.of(one.wanted())) && (now.equals(one.was()) || one.isOurs(now))) {
            setTrusted(Optional.of(one.wanted()));
            trouble.may("source.trust, halfway");
            return new Provisioned.Working("set TRUSTED_PROXY_IP of example-web");
        }
        if (crashes && one.isOurs(now)) {
            throw new DoesNotStartException("no web dyno of Heroku app example-web is up");
        }
        if (staysDown && one.isOurs(now)) {
            return new Provisioned.Left("no web dyno of Heroku app example-web is up");
        }
        return looksUntilItRuns-- > 0 ? new Provisioned.Working("waiting until example-web runs with TRUSTED_PROXY_IP") : new Provisioned.Ready("");
    }

    /** Whether its processes run with what they have to trust for the edge. */
    public boolean trusts(List<String> addresses) {
        return TrustedProxies.lacking(ProxyTrust.now(trustedProxies), addresses).isEmpty() && looksUntilItRuns <= 0;
    }

    @Override
    public Provisioned trustAsBefore(List<ProxyTrust> saved) {
        trouble.may("source.trustAsBefore");
        var now = ProxyTrust.now(trustedProxies);
        var one = saved.getFirst();
        if (now.equals(one.was())) {
            return new Provisioned.Ready("");
        }
        if (trustStays || !one.isOurs(now)) {
            return new Provisioned.Left("TRUSTED_PROXY_IP of example-web is '" + now.orElse("") + "', and it " + one.before() + ".");
        }
        setTrusted(one.was());
        trouble.may("source.trustAsBefore, halfway");
        return new Provisioned.Working("set TRUSTED_PROXY_IP of example-web back");
    }

    private void setTrusted(Optional<String> value) {
        trustedProxies = value.map(set -> Map.of(ProxyTrust.VARIABLE, set)).orElse(Map.of());
        restarts++;
        looksUntilItRuns = looksUntilRestarted;
    }

    @Override
    public Provisioned repoint(SavedSource saved, Databases databases) {
        trouble.may("source.repoint");
        if (looksUntilRepointed-- > 0) {
            return new Provisioned.Working("being repointed");
        }
        repointed.add(databases);
        usesItsOwn = false;
        return new Provisioned.Ready("repointed");
    }

    @Override
    public List<String> howToTryReaching(List<Server> servers) {
        if (!servers.isEmpty()) {
            trouble.may("source.howToTryReaching");
        }
        return servers.stream().map(server -> "Try to reach " + server.name() + " at " + server.host() + ":" + server.port() + ".").toList();
    }

    @Override
    public Provisioned pointBack(SavedSource saved) {
        trouble.may("source.pointBack");
        usesItsOwn = true;
        return new Provisioned.Ready("pointed back");
    }

    @Override
    public List<String> stillUsed(SavedSource saved) {
        trouble.may("source.stillUsed");
        return usesItsOwn ? List.of("DATABASE_URL of example-web") : List.of();
    }

    @Override
    public Optional<Retirement> retirement() {
        return Optional.of(retirement);
    }

    @Override
    public Optional<Arrivals> arrivals(List<Retirement.Asset> apps, List<String> hosts, Instant after) {
        logsRead++;
        trouble.may("source.arrivals");
        return arrivals.filter(came -> came.last().isAfter(after));
    }

    @Override
    public void keepCredentials() {
        trouble.may("source.keepCredentials");
        credentialsKept = true;
    }

    @Override
    public void forgetCredentials() {
        trouble.may("source.forgetCredentials");
        credentialsKept = false;
    }
}
