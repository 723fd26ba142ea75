package dev.mastodonmigration.target.aws.ec2;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mastodonmigration.embedded.LocalProcess;
import dev.mastodonmigration.embedded.MachineContainer;
import dev.mastodonmigration.embedded.MachineRuntime;
import dev.mastodonmigration.embedded.Moto;
import dev.mastodonmigration.embedded.TemporaryDirectory;
import dev.mastodonmigration.embedded.aws.AwsFaultProxy;
import dev.mastodonmigration.mastodon.MastodonEnvironment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/**
 * A machine's own files, as its user-data has them, run in a directory: the program itself in a process of its own, with systemd and podman stood in for by {@code systemctl.py} and
 * {@code podman.py}, a metadata service, and Parameter Store in moto behind the fault proxy.
 */
final class RunningMachine implements AutoCloseable {
    private static final String PYTHON = Path.of("target/moto/python").toAbsolutePath().toString();
    private static String interpreter = "";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String NOTHING_YET = "{}";
    final AwsFaultProxy aws;
    final ParameterStore store;
    final MetadataService metadata;
    final ParameterPaths paths;
    private final String instance;
    /** Removed with patience: what a killed program has started still writes for a moment. */
    private final TemporaryDirectory directory = TemporaryDirectory.create("machine-");
    private Optional<LocalProcess> program = Optional.empty();
    private Optional<ContainerEngine> engine = Optional.empty();

    RunningMachine(Machine machine) throws IOException {
        this(AwsFaultProxy.before(Moto.shared()), MetadataService.INSTANCE, Machines.NAME, UserDataTest.files(machine));
    }

    /** @param migration the name under which all of its things stand @param files that its user-data has, by path */
    RunningMachine(AwsFaultProxy aws, String instance, String migration, Map<String, String> files) throws IOException {
        this.aws = aws;
        this.store = new ParameterStore(aws.moto());
        this.instance = instance;
        metadata = MetadataService.start(instance);
        paths = ParameterPaths.named(migration);
        for (var name : List.of("bin", "image", "units", "active", "run", "state")) {
            Files.createDirectories(directory.resolve(name));
        }
        for (var file : files.entrySet()) {
            install(Path.of(file.getKey()).getFileName().toString(), file.getKey(), file.getValue());
        }
        for (var name : List.of("systemctl", "podman")) {
            script(directory.resolve("bin").resolve(name), resource(name + ".py").replaceFirst("#!.*", "#!" + interpreter() + " -IS"));
        }
        for (var name : List.of("bundle", "node", "tootctl")) {
            script(directory.resolve("image").resolve(name), resource("image.sh"));
        }
        Files.writeString(directory.resolve("words"), "");
        Files.writeString(directory.resolve("exit"), "0");
    }

    /** From its start on its containers are played, and it looks as often as a small machine may. */
    RunningMachine playedBy(MachineRuntime runtime) throws IOException {
        var started = ContainerEngine.start(runtime, this::container);
        engine = Optional.of(started);
        write("engine", started.address());
        var config = (ObjectNode) new ObjectMapper().readTree(read("machine.json"));
        write("machine.json", config.put("seconds", 1).toString());
        return this;
    }

    private MachineContainer container(String name) {
        var environment = environment(name);
        environment.replaceAll((variable, value) -> value.equals(MastodonEnvironment.CA_FILE) ? path("run").resolve("ca.pem").toString() : value);
        var words = Arrays.asList(read(name + ".arguments").split("\0", -1));
        var command = new ArrayList<>(List.of(Path.of(words.getFirst()).getFileName().toString()));
        command.addAll(words.subList(1, words.size() - 1));
        return new MachineContainer(instance, name, read(name + ".image"), command, environment);
    }

    private void install(String name, String path, String text) throws IOException {
        if (path.startsWith(MachineFiles.UNITS)) {
            Files.writeString(directory.resolve("units").resolve(name), text.replace(MachineFiles.RUN, directory.resolve("run").toString()));
        } else if (path.equals(MachineFiles.ETC + "/machine.json")) {
            var config = (ObjectNode) new ObjectMapper().readTree(text);
            config.put("run", directory.resolve("run").toString()).put("state", directory.resolve("state").toString()).put("seconds", 0.2).put("read_timeout", 2).put("user", userId());
            Files.writeString(directory.resolve("machine.json"), config.toString());
        } else if (path.equals(MachineFiles.PROGRAMS + "/machine")) {
            Files.writeString(directory.resolve("machine"), text);
        }
    }

    /** Only root can give a file away. */
    private static long userId() throws IOException {
        return ((Number) Files.getAttribute(Path.of("/proc/self"), "unix:uid")).longValue();
    }

    /** Itself, because what stands on the path may be a script that looks for it first, and a machine asks its systemd and podman several times a second. */
    private static synchronized String interpreter() throws IOException {
        if (interpreter.isEmpty()) {
            var asked = new ProcessBuilder(PYTHON, "-c", "import sys; print(sys.executable)").redirectErrorStream(true).start();
            interpreter = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!Files.isExecutable(Path.of(interpreter))) {
                throw new IOException(PYTHON + " does not say which Python it is: " + interpreter);
            }
        }
        return interpreter;
    }

    private static void script(Path path, String text) throws IOException {
        Files.writeString(path, text);
        if (!path.toFile().setExecutable(true)) {
            throw new IOException(path + " cannot be made executable");
        }
    }

    private static String resource(String name) throws IOException {
        try (var in = RunningMachine.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    RunningMachine start() {
        program = Optional.of(LocalProcess.start(List.of(PYTHON, "-u", directory.resolve("machine").toString(), directory.resolve("machine.json").toString()),
                Map.of("STUB", directory.path().toString(), "PATH", directory.resolve("bin") + ":" + System.getenv("PATH"), "HOME", directory.path().toString(), "AWS_ENDPOINT_URL", aws.address().toString(),
                        "AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.address().toString(), "AWS_EC2_METADATA_V1_DISABLED", "true"), directory.resolve("journal")));
        return this;
    }

    /** As when the machine's power is cut, and it comes back: memory is empty, and nothing runs. */
    void restart() throws IOException {
        program.orElseThrow().kill();
        for (var emptied : List.of("run", "active")) {
            try (var files = Files.walk(directory.resolve(emptied))) {
                files.filter(Files::isRegularFile).forEach(file -> file.toFile().delete());
            }
        }
        start();
    }

    /** As systemd does it. */
    void killProgram() {
        program.orElseThrow().kill();
        start();
    }

    /** What the operator does: the documents first, then the parameter that names them. @return the version of the latter */
    long ask(int epoch, EnvironmentParameters environment, String sidekiq, Map<String, String> once) {
        publish(environment, environment.documents().size());
        return ask(new Desired(epoch, environment.revision(), environment.documents().size(), sidekiq, once));
    }

    void publish(EnvironmentParameters environment, int documents) {
        makePlaceForReports();
        for (var i = 0; i < documents; i++) {
            store.put(paths.document(environment.revision(), i), "SecureString", environment.documents().get(i));
        }
    }

    long ask(Desired desired) {
        makePlaceForReports();
        return tell(desired);
    }

    private void makePlaceForReports() {
        if (store.find(paths.report(instance)).isEmpty()) {
            store.put(paths.report(instance), "String", NOTHING_YET);
        }
    }

    long tell(Desired desired) {
        return store.put(paths.desired(), "String", desired.json());
    }

    MachineReport untilReport(String what, Predicate<MachineReport> wanted) {
        return Awaitility.await(what).atMost(PATIENCE).pollInterval(Duration.ofMillis(100)).until(() -> report().orElse(null), report -> report != null && wanted.test(report));
    }

    MachineReport untilDone(long version) {
        return untilReport("version " + version + " done", report -> report.desired() == version && report.trouble().isEmpty());
    }

    Optional<MachineReport> report() {
        var name = paths.report(instance);
        return store.find(name).filter(json -> !json.equals(NOTHING_YET)).map(json -> MachineReport.of(name, json));
    }

    void untilJournal(String words) {
        Awaitility.await("\"" + words + "\" in the journal").atMost(PATIENCE).pollInterval(Duration.ofMillis(100)).until(() -> journal().contains(words));
    }

    String journal() {
        return read("journal");
    }

    String read(String name) {
        try {
            return Files.exists(directory.resolve(name)) ? Files.readString(directory.resolve(name)) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path path(String name) {
        return directory.resolve(name);
    }

    void write(String name, String text) throws IOException {
        Files.writeString(directory.resolve(name), text);
    }

    /** Whether the unit is active, and its container runs where containers are played. */
    boolean runs(String unit) {
        return engine.map(one -> one.runs(unit)).orElse(true) && Files.exists(directory.resolve("active").resolve(unit));
    }

    /** How often podman was asked to run it. */
    long started(String container) {
        return read("podman.log").lines().filter(line -> line.startsWith("[\"run\", \"--name=" + container + "\"")).count();
    }

    /** What its process had when it was last started. */
    Map<String, String> environment(String container) {
        var variables = new TreeMap<String, String>();
        Arrays.stream(read(container + ".env").split("\0")).filter(entry -> entry.contains("=")).forEach(entry -> variables.put(entry.substring(0, entry.indexOf('=')), entry.substring(entry.indexOf('=') + 1)));
        return variables;
    }

    List<String> arguments(String container) {
        var words = read(container + ".arguments").split("\0", -1);
        return Arrays.asList(words).subList(1, words.length - 1);
    }

    @Override
    public void close() {
        closeAlone();
        aws.close();
    }

    /** Without the account that it was launched in. */
    void closeAlone() {
        program.ifPresent(LocalProcess::kill);
        engine.ifPresent(ContainerEngine::close);
        metadata.close();
        store.close();
        directory.close();
    }
}
