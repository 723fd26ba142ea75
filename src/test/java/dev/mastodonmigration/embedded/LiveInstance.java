package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * A Mastodon-shaped instance that lives: its processes start and stop as Heroku's formation and the target's pods or machines do, and each
 * reads where its data is when it starts, from nothing but the app's config vars, the pod's env Secret or the container's environment.
 */
public final class LiveInstance implements DynoRuntime, PodRuntime, AutoCloseable {
    private static final String WEB = "web";
    private static final List<String> ALL_QUEUES = List.of("default", "push", "ingress", "mailers", "pull", "scheduler", "fasp");

    /** What runs on the target. @param reached whether users' requests come to it */
    private record Served(AutoCloseable process, BooleanSupplier reached) {}

    private final HerokuStub heroku;
    private final String webApp;
    private final KubernetesClient client;
    private final Ledger ledger;
    private final SchedulerWatch watch = new SchedulerWatch();
    private final Map<String, AutoCloseable> dynos = new ConcurrentHashMap<>();
    private final Map<String, Served> target = new ConcurrentHashMap<>();
    private final Set<String> readyPods = ConcurrentHashMap.newKeySet();
    private final SiteHttp http;

    /** @param http by which its processes are reached as well */
    LiveInstance(HerokuStub heroku, String webApp, KubernetesClient client, Ledger ledger, SiteHttp http) {
        this.heroku = heroku;
        this.webApp = webApp;
        this.client = client;
        this.ledger = ledger;
        this.http = http;
    }

    /** Heroku's router: to the apps by the domain that is asked for. */
    SiteHttp.Site router() {
        return new SiteHttp.Site(World.Side.SOURCE, this::herokuWeb, () -> streaming(dynos.entrySet().stream().filter(dyno -> !heroku.app(dyno.getKey().substring(0, dyno.getKey().indexOf('/'))).maintenance()).map(Map.Entry::getValue)));
    }

    /** What stands in front of the target alone: a load balancer that sends requests to what is ready there. */
    SiteHttp.Site balancer() {
        return new SiteHttp.Site(World.Side.TARGET, this::targetWeb, () -> streaming(target.values().stream().map(Served::process)));
    }

    private static Optional<StreamingProcess> streaming(Stream<AutoCloseable> processes) {
        return processes.filter(StreamingProcess.class::isInstance).map(StreamingProcess.class::cast).findAny();
    }

    /** A pod's own port, where it has an address. */
    private List<AutoCloseable> listening(Pod pod, AutoCloseable process) {
        var site = new SiteHttp.Site(World.Side.TARGET, () -> process instanceof WebProcess web ? Optional.of(web) : Optional.empty(), () -> process instanceof StreamingProcess streaming ? Optional.of(streaming) : Optional.empty());
        return pod.getStatus() == null || pod.getStatus().getPodIP() == null || process instanceof SidekiqProcess ? List.of()
                : pod.getSpec().getContainers().getFirst().getPorts().stream().map(port -> http.listen(pod.getStatus().getPodIP(), port.getContainerPort(), site))
                        .<AutoCloseable>map(server -> () -> server.close().toCompletionStage().toCompletableFuture().join()).toList();
    }

    @Override
    public void start(String app, String type, int index) {
        var environment = SiteEnvironment.ofConfigVars(heroku.app(app).configVars());
        var dyno = type + "." + index;
        AutoCloseable process = switch (app.equals(webApp) ? type : "streaming") {
            case WEB -> new WebProcess(environment);
            case "worker" -> startSidekiq(World.Side.SOURCE, app, dyno, environment, ALL_QUEUES);
            default -> StreamingProcess.start(environment);
        };
        dynos.put(app + "/" + dyno, process);
    }

    @Override
    public void stop(String app, String type, int index) {
        close(Optional.ofNullable(dynos.remove(app + "/" + type + "." + index)).stream().toList());
    }

    @Override
    public AutoCloseable start(Pod pod) {
        var name = pod.getMetadata().getName();
        var environment = SiteEnvironment.ofEnvSecret(environment(pod));
        AutoCloseable process = switch (pod.getSpec().getContainers().getFirst().getName()) {
            case WEB -> new WebProcess(environment);
            case "sidekiq" -> startSidekiq(World.Side.TARGET, "the target", name, environment, queues(words(pod)));
            default -> StreamingProcess.start(environment);
        };
        var running = onTarget(name, process, () -> readyPods.contains(name));
        var ports = listening(pod, process);
        return () -> {
            readyPods.remove(name);
            running.close();
            close(ports);
        };
    }

    /** A process of the target is one of the instance's from now on. @return ends it */
    AutoCloseable onTarget(String name, AutoCloseable process, BooleanSupplier reached) {
        var served = new Served(process, reached);
        target.put(name, served);
        return () -> {
            target.remove(name, served);
            process.close();
        };
    }

    /** A Service sends requests to ready pods alone. */
    @Override
    public void ready(Pod pod) {
        readyPods.add(pod.getMetadata().getName());
    }

    /** @param place what it runs on, or for */
    SidekiqProcess startSidekiq(World.Side side, String place, String name, SiteEnvironment environment, List<String> queues) {
        var running = watch.begins(side, name + " of " + place);
        return SidekiqProcess.start(environment, ledger, queues, name, () -> watch.ended(running));
    }

    private Map<String, String> environment(Pod pod) {
        var environment = new HashMap<String, String>();
        var container = pod.getSpec().getContainers().getFirst();
        for (var source : container.getEnvFrom()) {
            var secret = client.secrets().inNamespace(pod.getMetadata().getNamespace()).withName(source.getSecretRef().getName()).require();
            environment.putAll(decode(secret));
        }
        container.getEnv().stream().filter(variable -> variable.getValue() != null).forEach(variable -> environment.put(variable.getName(), variable.getValue()));
        mount(pod, container, environment);
        return environment;
    }

    /** Files of mounted Secrets that a variable names are written where this JVM finds them. */
    private void mount(Pod pod, Container container, Map<String, String> environment) {
        for (var mount : container.getVolumeMounts()) {
            pod.getSpec().getVolumes().stream().filter(volume -> volume.getName().equals(mount.getName()) && volume.getSecret() != null).forEach(volume ->
                    decode(client.secrets().inNamespace(pod.getMetadata().getNamespace()).withName(volume.getSecret().getSecretName()).require()).forEach((key, content) -> {
                        var inThePod = mount.getMountPath() + "/" + key;
                        if (environment.containsValue(inThePod)) {
                            var here = written(content);
                            environment.replaceAll((name, value) -> value.equals(inThePod) ? here : value);
                        }
                    }));
        }
    }

    private static String written(String content) {
        try {
            var file = Files.createTempFile("mounted-", "");
            file.toFile().deleteOnExit();
            return Files.writeString(file, content).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Map<String, String> decode(Secret secret) {
        var values = new HashMap<String, String>();
        Optional.ofNullable(secret.getData()).orElse(Map.of()).forEach((key, value) -> values.put(key, new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8)));
        Optional.ofNullable(secret.getStringData()).ifPresent(values::putAll);
        return values;
    }

    private static List<String> words(Pod pod) {
        var container = pod.getSpec().getContainers().getFirst();
        return Stream.concat(container.getCommand().stream(), container.getArgs().stream()).flatMap(word -> Stream.of(word.split(" "))).toList();
    }

    /** The queues after each {@code -q} of Sidekiq's command line, without their weights. */
    static List<String> queues(List<String> words) {
        var queues = new ArrayList<String>();
        for (var i = 1; i < words.size(); i++) {
            if (words.get(i - 1).equals("-q")) {
                queues.add(words.get(i).split(",")[0]);
            }
        }
        return queues.isEmpty() ? ALL_QUEUES : queues;
    }

    /** The web process that Heroku's router would choose; empty in maintenance or without a web dyno. */
    Optional<WebProcess> herokuWeb() {
        return heroku.app(webApp).maintenance() ? Optional.empty() : any(dynos.entrySet().stream()
                .filter(dyno -> dyno.getKey().startsWith(webApp + "/" + WEB)).map(Map.Entry::getValue));
    }

    /** A web process of the target, which users reach once the old host no longer serves; empty when requests come to none. */
    Optional<WebProcess> targetWeb() {
        return any(target.values().stream().filter(served -> served.reached().getAsBoolean()).map(Served::process));
    }

    private static Optional<WebProcess> any(Stream<AutoCloseable> processes) {
        var webs = processes.filter(WebProcess.class::isInstance).map(WebProcess.class::cast).toList();
        return webs.isEmpty() ? Optional.empty() : Optional.of(webs.get(ThreadLocalRandom.current().nextInt(webs.size())));
    }

    /** Sidekiqs that run now, on either side. */
    List<SidekiqProcess> sidekiqs() {
        return processes().filter(SidekiqProcess.class::isInstance).map(SidekiqProcess.class::cast).toList();
    }

    /** One line for each Sidekiq that started while one of the other side still ran, quiet or not. */
    public List<String> overlaps() {
        return watch.overlaps();
    }

    private Stream<AutoCloseable> processes() {
        return Stream.concat(dynos.values().stream(), target.values().stream().map(Served::process));
    }

    private static void close(List<? extends AutoCloseable> processes) {
        for (var process : processes) {
            try {
                process.close();
            } catch (Exception e) {
                throw new IllegalStateException("a process of the instance did not stop", e);
            }
        }
    }

    @Override
    public void close() {
        close(processes().toList());
        dynos.clear();
        target.clear();
    }
}
