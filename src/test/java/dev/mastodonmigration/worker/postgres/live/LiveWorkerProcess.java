package dev.mastodonmigration.worker.postgres.live;

import dev.mastodonmigration.embedded.LocalProcess;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.WorkerContext;
import dev.mastodonmigration.worker.postgres.TwoDatabases;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A replicating worker as a process of its own, to be killed or put to sleep; with short claims. */
final class LiveWorkerProcess {
    private LiveWorkerProcess() {}

    public static void main(String[] args) throws Exception {
        System.out.println(new ReplicatePostgres(Direction.valueOf(args[4]), LiveCopy.CLAIM, Long.parseLong(args[3]), ReplicatePostgres.LASTING).run(new WorkerContext(args[0], "mastodon/" + args[0], 1,
                Path.of(args[1]), Path.of(args[2]), 2, new Progress())).toJson());
    }

    static LocalProcess start(TwoDatabases world, long rangeBytes) throws IOException {
        return start(world, rangeBytes, List.of());
    }

    /** Of a pair that was adopted, from the target to the source. */
    static LocalProcess startBack(TwoDatabases world, long rangeBytes) throws IOException {
        return start(Direction.BACK, world, rangeBytes, List.of());
    }

    /** @param options of the JVM */
    static LocalProcess start(TwoDatabases world, long rangeBytes, List<String> options) throws IOException {
        return start(Direction.FORWARD, world, rangeBytes, options);
    }

    private static LocalProcess start(Direction direction, TwoDatabases world, long rangeBytes, List<String> options) throws IOException {
        var context = world.context();
        var classpath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        var scratch = Files.createTempDirectory(world.home(), "scratch");
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString(), "-XX:TieredStopAtLevel=1"));
        command.addAll(options);
        command.addAll(List.of("-cp", classpath, LiveWorkerProcess.class.getName(), context.migrationUid(), context.secrets().toString(), scratch.toString(),
                String.valueOf(rangeBytes), direction.name()));
        return LocalProcess.start(command, Map.of(), world.home().resolve("worker.log"));
    }
}
