package dev.mastodonmigration.worker.redis.sync;

import dev.mastodonmigration.embedded.LocalProcess;
import dev.mastodonmigration.worker.control.Progress;
import dev.mastodonmigration.worker.control.WorkerContext;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The copy in a process of its own, to be killed. */
public final class CopyProcess {
    private CopyProcess() {}

    static LocalProcess start(Path secrets, String uid) {
        return LocalProcess.start(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m", "-XX:TieredStopAtLevel=1",
                "-cp", System.getProperty("java.class.path"), CopyProcess.class.getName(), secrets.toString(), uid), Map.of(), secrets.resolve("copy.log"));
    }

    public static void main(String... args) throws Exception {
        var secrets = Path.of(args[0]);
        new RedisSnapshotCopy().run(new WorkerContext(args[1], "mastodon/example-social", 1, secrets, secrets, 2, new Progress()));
    }
}
