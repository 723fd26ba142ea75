package dev.mastodonmigration.embedded;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationStatus;
import dev.mastodonmigration.embedded.aws.AwsFaultProxy;
import dev.mastodonmigration.embedded.aws.NameServer;
import dev.mastodonmigration.embedded.aws.TaggedThings;
import dev.mastodonmigration.mastodon.MastodonProcesses;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/** Everything a migration needs, on this machine alone: the demo and the end-to-end tests each start one, and closing it leaves nothing. */
public final class World implements AutoCloseable {
    public static final String NAMESPACE = "mastodon";
    public static final String NAME = "example-social";
    public static final String WEB_APP = "example-web";
    public static final String STREAMING_APP = "example-streaming";
    static final String WEB_DOMAIN = "www.example.social";
    static final String STREAMING_DOMAIN = "streaming.example.social";
    /** What both apps trust where an edge stands in front: private networks, and where requests of the cluster come from. */
    private static final String TRUSTED = "127.0.0.1/32 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fd00::/8 203.0.113.7/32";
    /** Both domains' record: the world forgets it after a second. */
    private static final String AT_HEROKU = " CNAME 1 calm-sea-1.herokudns.com";
    private static final String AT_THE_EDGE = " CNAME 1 lb.example.net";
    /** The operator's calls to AWS are signed with it. */
    public static final String AWS_KEY = "AKIAOPERATOR";
    private static final String SOURCE_DATABASE = "d4f1heroku";
    private static final String SOURCE_ROLE = "u7c2heroku";
    private static final String TARGET_DATABASE = "mastodon_production";
    private static final String TARGET_ROLE = "mastodon";
    private static final Duration DYNO_START = Duration.ofMillis(500);
    private static final Duration SHORTEST_DYNO_STOP = Duration.ofSeconds(1);
    private static final Duration LONGEST_DYNO_STOP = Duration.ofSeconds(5);

    /**
     * How large and how busy.
     *
     * @param sourceMajor       Postgres version of the source
     * @param targetMajor       Postgres version of the target
     * @param statuses          seeded posts
     * @param redisKeys         seeded keys
     * @param users             writing at the same time
     * @param requestsPerSecond of all users together
     * @param seed              repeats content and behaviour
     * @param jobs              where Sidekiq on the source has them
     * @param target            what the target stands on
     * @param front             how users come
     */
    public record Options(int sourceMajor, int targetMajor, int statuses, int redisKeys, int users, int requestsPerSecond, long seed, Jobs jobs, Target target, Front front) {
        /** Directly: to whichever side serves, as if DNS followed at once. Or over HTTP, by way of DNS, which an admin points at the edge. */
        public enum Front { NONE, EDGE }

        /** In which Redis. */
        public enum Jobs { IN_THE_MAIN_REDIS, IN_A_REDIS_OF_SIDEKIQS_OWN }

        /** Small enough for a test. */
        public static final Options SMALL = new Options(15, 15, 1000, 400, 4, 30, 1, Jobs.IN_THE_MAIN_REDIS, Target.EXISTING, Front.NONE);

        public Options withMajors(int newSource, int newTarget) {
            return new Options(newSource, newTarget, statuses, redisKeys, users, requestsPerSecond, seed, jobs, target, front);
        }

        public Options withScale(int newStatuses, int newRedisKeys) {
            return new Options(sourceMajor, targetMajor, newStatuses, newRedisKeys, users, requestsPerSecond, seed, jobs, target, front);
        }

        public Options withSeed(long newSeed) {
            return new Options(sourceMajor, targetMajor, statuses, redisKeys, users, requestsPerSecond, newSeed, jobs, target, front);
        }

        public Options on(Target newTarget) {
            return new Options(sourceMajor, targetMajor, statuses, redisKeys, users, requestsPerSecond, seed, jobs, newTarget, front);
        }

        public Options behindAnEdge() {
            return new Options(sourceMajor, targetMajor, statuses, redisKeys, users, requestsPerSecond, seed, jobs, target, Front.EDGE);
        }

        public Options withoutEdge() {
            return new Options(sourceMajor, targetMajor, statuses, redisKeys, users, requestsPerSecond, seed, jobs, target, Front.NONE);
        }

        public Options withRedisOfSidekiq() {
            return new Options(sourceMajor, targetMajor, statuses, redisKeys, users, requestsPerSecond, seed, Jobs.IN_A_REDIS_OF_SIDEKIQS_OWN, target, front);
        }
    }

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final TemporaryDirectory directory = opened(TemporaryDirectory.create("world-"));
    private final PostgresServer sourcePostgres;
    private final PostgresServer targetPostgres;
    private final RedisServer sourceRedis;
    /** The one above, unless Sidekiq has its own. */
    private final RedisServer sourceSidekiqRedis;
    private final RedisServer targetRedis;
    private final Target target;
    private final Optional<AwsOfTheWorld> aws;
    private final Optional<MachinesOfTheWorld> machines;
    private final Ledger ledger;
    private final EmbeddedApiServer apiServer;
    private final HerokuStub heroku;
    private final Options.Front front;
    private final SiteHttp http;
    private final InetSocketAddress router;
    /** What users come by, once DNS leads them away from Heroku. */
    private final InetSocketAddress entrance;
    /** By which the operator's JVM finds Services, as by the cluster's DNS. */
    private final Path hosts;
    private final NameServer nameServer;
    private final AtomicReference<String> dns = new AtomicReference<>(AT_HEROKU);
    private final JobRunner jobRunner;
    private final LiveInstance instance;
    private final OperatorProcess operator;
    private final Users users;
    private final FreezeWatch freezeWatch;

    /** Starts all of it, on a slow cluster; when this returns, users write on the stub Heroku and the operator is ready. */
    public static World start(Options options) {
        return start(options, ClusterSettings.slow().withSeed(options.seed()));
    }

    /** The same on a cluster of which a test says how slow and how unkind it is. */
    public static World start(Options options, ClusterSettings cluster) {
        return new World(options, cluster);
    }

    private World(Options options, ClusterSettings cluster) {
        target = options.target();
        front = options.front();
        router = new InetSocketAddress("127.0.0.1", FreePort.find());
        entrance = new InetSocketAddress("127.0.0.1", FreePort.find());
        hosts = onlyLocalhost(directory.resolve("hosts"));
        try {
            var source = CompletableFuture.supplyAsync(() -> opened(PostgresServer.start(options.sourceMajor())));
            var destination = CompletableFuture.supplyAsync(() -> opened(PostgresServer.start(options.targetMajor())));
            apiServer = opened(EmbeddedApiServer.startWithOlderCrd(cluster.unknownFields().toArray(String[]::new)));
            heroku = opened(HerokuStub.start());
            http = opened(new SiteHttp());
            nameServer = opened(NameServer.with(this::records));
            aws = target.createsPostgres() ? Optional.of(opened(AwsOfTheWorld.start(target))) : Optional.empty();
            operator = opened(OperatorProcess.start(apiServer, NAMESPACE, operatorSettings(), directory.resolve("operator.log")).keptRunning());
            sourceRedis = opened(RedisServer.start());
            sourceSidekiqRedis = options.jobs() == Options.Jobs.IN_A_REDIS_OF_SIDEKIQS_OWN ? opened(RedisServer.start()) : sourceRedis;
            targetRedis = opened(target.createsAll() ? RedisServer.startTls() : RedisServer.start());
            sourcePostgres = source.join();
            targetPostgres = destination.join();
            aws.ifPresent(created -> created.postgres(targetPostgres));
            aws.filter(created -> target.createsAll()).ifPresent(created -> created.redis(targetRedis));
            seed(options);
            ledger = opened(Ledger.open(directory.resolve("ledger")));
            instance = opened(new LiveInstance(heroku, WEB_APP, client(), ledger, http));
            jobRunner = opened(JobRunner.start(client(), NAMESPACE, cluster, Optional.of(hosts)));
            jobRunner.runtime(instance);
            heroku.runtime(instance);
            machines = aws.filter(created -> target.createsAll()).map(created -> opened(MachinesOfTheWorld.start(created.proxy(), instance)));
            ExampleApps.start(heroku, dataUrls());
            http.listen(router.getHostString(), router.getPort(), instance.router());
            List.of(WEB_DOMAIN, STREAMING_DOMAIN).forEach(domain -> http.point(domain, router));
            if (front == Options.Front.EDGE) {
                http.front(entrance, WEB_DOMAIN);
                List.of(WEB_APP, STREAMING_APP).forEach(app -> heroku.app(app).config("TRUSTED_PROXY_IP", TRUSTED));
            } else {
                http.listen(entrance.getHostString(), entrance.getPort(), instance.balancer());
            }
            heroku.delays(DYNO_START, SHORTEST_DYNO_STOP, LONGEST_DYNO_STOP, options.seed());
            createSecrets();
            var serving = instance.router();
            // Dynos start beside everything else, and nobody has used the instance before.
            Awaitility.await("web and streaming of the instance").atMost(Duration.ofMinutes(1)).until(() -> serving.web().get().isPresent() && serving.streaming().get().isPresent());
            try (var connection = source()) {
                users = opened(Users.start(front == Options.Front.EDGE ? Users.over(http, WEB_DOMAIN) : Users.directly(instance), ledger, connection, options.users(), options.requestsPerSecond(), options.seed()));
            }
            if (front == Options.Front.EDGE) {
                users.listening(http, STREAMING_DOMAIN);
            }
            freezeWatch = opened(FreezeWatch.start(heroku, () -> sourcePostgres.superuser(SOURCE_DATABASE), () -> targetPostgres.superuser(TARGET_DATABASE)));
            operator.awaitReady();
            stopFirst(operator);
        } catch (SQLException e) {
            close();
            throw new IllegalStateException("the databases did not start", e);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private static Path onlyLocalhost(Path file) {
        try {
            return Files.writeString(file, "127.0.0.1 localhost\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private synchronized <T extends AutoCloseable> T opened(T part) {
        parts.push(part);
        return part;
    }

    /** The operator starts early, because it takes longest, and stops first, because it would speak of everything else that goes. */
    private synchronized void stopFirst(AutoCloseable part) {
        parts.remove(part);
        parts.push(part);
    }

    private void seed(Options options) throws SQLException {
        sourcePostgres.createDatabase(SOURCE_DATABASE, SOURCE_ROLE);
        if (!target.createsPostgres()) {
            targetPostgres.createDatabase(TARGET_DATABASE, TARGET_ROLE);
            targetPostgres.allowCreateDatabase(TARGET_ROLE);
        }
        try (var owner = source(); var superuser = sourcePostgres.superuser(SOURCE_DATABASE); var redis = sourceRedis.connect(); var sidekiqRedis = sourceSidekiqRedis.connect()) {
            MastodonSchema.create(owner, superuser);
            MastodonSchema.seed(owner, options.statuses(), options.seed());
            LiveTables.create(owner);
            LiveRedis.seed(redis, sidekiqRedis, options.redisKeys(), options.seed());
        }
    }

    private Map<String, String> dataUrls() {
        var urls = new TreeMap<>(Map.of("DATABASE_URL", sourcePostgres.url(SOURCE_DATABASE, SOURCE_ROLE), "REDIS_URL", sourceRedis.url()));
        if (sourceSidekiqRedis != sourceRedis) {
            urls.put("SIDEKIQ_REDIS_URL", sourceSidekiqRedis.url());
        }
        return urls;
    }

    private void createSecrets() {
        createSecret("heroku", "token", heroku.token());
        aws.ifPresent(created -> created.secrets().forEach(secret -> client().resource(secret).create()));
        if (!target.createsPostgres()) {
            createSecret("target-postgres", "url", targetPostgres.url(TARGET_DATABASE, TARGET_ROLE));
        }
        if (!target.createsAll()) {
            createSecret("target-redis", "url", targetRedis.url());
        }
    }

    private void createSecret(String name, String key, String value) {
        client().resource(new SecretBuilder().withNewMetadata().withName(name).withNamespace(NAMESPACE).endMetadata()
                .addToData(key, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8))).build()).create();
    }

    /**
     * The example that the README shows, made to fit this machine.
     *
     * @param changes JSON pointers to new values
     */
    public MastodonMigration example(Map<String, String> changes) {
        var all = new TreeMap<>(changes);
        // An edge passes on to compute on the target.
        if (front == Options.Front.EDGE && !"".equals(all.get("/spec/target/compute"))) {
            all.putIfAbsent("/spec/edge/hold", "15s");
        }
        return aws.map(created -> created.example(all)).orElseGet(() -> Manifest.example(all));
    }

    /** What an operator must be told to work in this world. */
    public Map<String, String> operatorSettings() {
        var settings = new TreeMap<>(Map.of("MASTODON_MIGRATION_HEROKU_API_URL", heroku.url().toString(), "MASTODON_MIGRATION_FRONT_URL", "http://" + entrance.getHostString() + ":" + entrance.getPort(),
                "JAVA_TOOL_OPTIONS", "-Djdk.net.hosts.file=" + hosts + " -Dsun.net.inetaddr.ttl=1 -Dsun.net.inetaddr.negative.ttl=0"));
        if (front == Options.Front.EDGE) {
            settings.put("MASTODON_MIGRATION_NAME_SERVER", nameServer.address());
            settings.put("MASTODON_MIGRATION_HEROKU_ROUTER_URL", "http://" + router.getHostString() + ":" + router.getPort());
        }
        aws.ifPresent(created -> settings.putAll(created.operatorSettings()));
        return settings;
    }

    /** The zone's own name server. */
    private List<String> records() {
        return List.of("example.social NS 60 ns1.example.social", WEB_DOMAIN + dns.get(), STREAMING_DOMAIN + dns.get());
    }

    /** What an admin does at the DNS provider when the operator asks for it: both domains lead to the edge from now on, by the load balancer, which is not played. */
    public void pointDnsAtTheEdge() {
        dns.set(AT_THE_EDGE);
        http.point(WEB_DOMAIN, new InetSocketAddress(frontService("-front-web"), MastodonProcesses.WEB_PORT));
        http.point(STREAMING_DOMAIN, new InetSocketAddress(frontService("-front-streaming"), MastodonProcesses.STREAMING_PORT));
    }

    private String frontService(String ending) {
        return jobRunner.service(NAME + ending).orElseThrow(() -> new IllegalStateException("Service " + NAME + ending + " is not there"));
    }

    /** And back. */
    public void pointDnsAtHeroku() {
        dns.set(AT_HEROKU);
        List.of(WEB_DOMAIN, STREAMING_DOMAIN).forEach(domain -> http.point(domain, router));
    }

    /** As most apps have it: an add-on gives DATABASE_URL to both, and what was set by hand is gone. */
    public void attachPostgres() {
        var web = heroku.app(WEB_APP);
        var streaming = heroku.app(STREAMING_APP);
        streaming.attach(web.attached("heroku-postgresql", "standard-0", web.configVars().get("DATABASE_URL"), "DATABASE"), "DATABASE");
        List.of(web, streaming).forEach(app -> app.config("DATABASE_URL", null));
    }

    /** Deletes the resource of a migration that is over, if there is one, as {@code kubectl delete} does, and waits until it is gone. */
    public void delete() {
        found().ifPresent(over -> client().resource(over).delete());
        Awaitility.await("the finished migration is gone").atMost(Duration.ofMinutes(1)).until(() -> found().isEmpty());
    }

    private Optional<MastodonMigration> found() {
        return Optional.ofNullable(client().resources(MastodonMigration.class).inNamespace(NAMESPACE).withName(NAME).get());
    }

    /** Creates the resource, as {@code kubectl apply} does. */
    public MastodonMigration apply(MastodonMigration migration) {
        return client().resource(migration).create();
    }

    /** Edits the spec as an admin does: the current object read, changed and put back. */
    public void edit(Map<String, String> changes) {
        while (true) {
            try {
                client().resource(Manifest.edited(migration(), changes)).update();
                return;
            } catch (KubernetesClientException changedMeanwhile) {
                if (changedMeanwhile.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                    throw changedMeanwhile;
                }
            }
        }
    }

    public MastodonMigration migration() {
        return client().resources(MastodonMigration.class).inNamespace(NAMESPACE).withName(NAME).require();
    }

    public MastodonMigrationStatus status() {
        return Optional.ofNullable(migration().getStatus()).orElseGet(MastodonMigrationStatus::new);
    }

    /** Waits until the migration is in that phase. */
    public void awaitPhase(String phase, Duration atMost) {
        Awaitility.await("phase " + phase).atMost(atMost).pollInterval(Duration.ofMillis(100)).until(() -> phase.equals(status().phase));
    }

    /** Events of the migration so far, oldest first: not of one before it that had its name. */
    public List<Event> events() {
        var uid = found().map(migration -> migration.getMetadata().getUid());
        return events(MastodonMigration.KIND::equals).stream().filter(event -> uid.filter(other -> !other.equals(event.getInvolvedObject().getUid())).isEmpty()).toList();
    }

    private List<Event> events(Predicate<String> kinds) {
        return client().v1().events().inNamespace(NAMESPACE).list().getItems().stream().filter(event -> kinds.test(event.getInvolvedObject().getKind()))
                .sorted(Comparator.comparing((Event event) -> Objects.requireNonNullElse(event.getLastTimestamp(), ""))
                        .thenComparing(event -> Long.parseLong(event.getMetadata().getResourceVersion())))
                .toList();
    }

    /**
     * Stops the writers for a moment and holds the ledger against the side that serves.
     *
     * @return one line for each acknowledged write that is not there
     */
    public List<String> losses(Side side) throws SQLException {
        users.pause();
        instance.sidekiqs().forEach(SidekiqProcess::quiet);
        try {
            Awaitility.await("Sidekiq idle").until(() -> instance.sidekiqs().stream().allMatch(SidekiqProcess::isIdle));
            try (var postgres = side == Side.TARGET ? target() : source(); var redis = (side == Side.TARGET ? targetRedis : sourceRedis).connect();
                    var sidekiqRedis = (side == Side.TARGET ? targetRedis : sourceSidekiqRedis).connect()) {
                return LedgerCheck.losses(ledger, postgres, redis, sidekiqRedis);
            }
        } finally {
            instance.sidekiqs().forEach(SidekiqProcess::resume);
            users.resume();
        }
    }

    /** Stops the writers for a moment and waits until every acknowledged job that is due has run, on either side. */
    public AcknowledgedJobs jobs() {
        users.pause();
        try {
            return AcknowledgedJobs.awaitDue(ledger);
        } finally {
            users.resume();
        }
    }

    /** Which databases. */
    public enum Side { SOURCE, TARGET }

    /** What a reader of a failed run needs: status, last events, the operator's last words. */
    public String describe() {
        var text = new StringBuilder("--- status\n").append(Serialization.asYaml(status())).append("--- events\n");
        Consumer<Event> append = event -> text.append(event.getType()).append(' ').append(event.getReason()).append(": ").append(event.getMessage()).append('\n');
        var events = events();
        events.subList(Math.max(0, events.size() - 20), events.size()).forEach(append);
        text.append("--- events of the cluster\n");
        events(kind -> !kind.equals(MastodonMigration.KIND)).forEach(append);
        text.append("--- what a cluster would have refused\n").append(jobRunner.violations()).append('\n');
        text.append("--- users\n").append(users.measured()).append(' ').append(users.broken()).append('\n');
        machines.ifPresent(running -> text.append("--- machines\n").append(running.describe()));
        text.append("--- last workers\n").append(jobRunner.lastLogs(3, 15));
        return text.append("--- operator\n").append(operator.logTail(40)).toString();
    }

    public Connection source() throws SQLException {
        return sourcePostgres.connect(SOURCE_DATABASE, SOURCE_ROLE);
    }

    public Connection target() throws SQLException {
        return targetPostgres.connect(TARGET_DATABASE, TARGET_ROLE);
    }

    public KubernetesClient client() {
        return apiServer.client();
    }

    public EmbeddedApiServer apiServer() {
        return apiServer;
    }

    public HerokuStub heroku() {
        return heroku;
    }

    public PostgresServer sourcePostgres() {
        return sourcePostgres;
    }

    public PostgresServer targetPostgres() {
        return targetPostgres;
    }

    /** What stands in for AWS, where something of the target is created there. */
    public AwsFaultProxy aws() {
        return aws.orElseThrow().proxy();
    }

    /** Everything on AWS that carries this migration's tag. */
    public List<TaggedThings.Thing> created() {
        return TaggedThings.of(aws(), migration().getMetadata().getUid());
    }

    /** Where a secret of an instance that moved to AWS whole stands that it does not belong; one line each. */
    public List<String> secretsAstray() {
        return secrets().complaints(aws().calls(), machines.orElseThrow().userData());
    }

    /** All of the instance's, and those with which it gets them. */
    SecretsOnAws secrets() {
        var config = heroku.app(WEB_APP).configVars();
        var secrets = new SecretsOnAws().ofMachines("the database's password", secretOfOurs("-rds", "password"), "rds:CreateDBInstance")
                .ofMachines("the token of Redis", secretOfOurs("-elasticache", "token"), "elasticache:CreateReplicationGroup")
                .notForAws("the source database's password", sourcePostgres.password(SOURCE_ROLE)).notForAws("the password of the source's Redis", sourceRedis.password())
                .notForAws("the token of Heroku", heroku.token());
        ExampleApps.KEYS.forEach(key -> secrets.ofMachines(key, config.get(key)));
        return secrets;
    }

    private String secretOfOurs(String ending, String key) {
        return client().secrets().inNamespace(NAMESPACE).list().getItems().stream().filter(secret -> secret.getMetadata().getName().endsWith(ending)).findFirst()
                .map(secret -> LiveInstance.decode(secret).get(key)).orElseThrow(() -> new IllegalStateException("no Secret ends with " + ending));
    }

    public RedisServer sourceRedis() {
        return sourceRedis;
    }

    public RedisServer targetRedis() {
        return targetRedis;
    }

    public LiveInstance instance() {
        return instance;
    }

    /** What other servers delivered by way of HTTP, among what users did. */
    SiteHttp.Deliveries deliveries() {
        return http.deliveries();
    }

    public Users users() {
        return users;
    }

    /** What was seen of the last freeze, without asking the operator; empty before the target has taken writes. */
    Optional<FreezeWatch.Seen> freeze() {
        return freezeWatch.seen();
    }

    public Ledger ledger() {
        return ledger;
    }

    public JobRunner jobRunner() {
        return jobRunner;
    }

    public OperatorProcess operator() {
        return operator;
    }

    @Override
    public synchronized void close() {
        IllegalStateException failure = null;
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (Exception e) {
                failure = Optional.ofNullable(failure).orElseGet(() -> new IllegalStateException("not everything could be stopped"));
                failure.addSuppressed(e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
