package dev.mastodonmigration;

import dev.mastodonmigration.edge.proxy.EdgeCommand;
import dev.mastodonmigration.worker.WorkerCommand;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.util.Arrays;

/** One jar, three programs: the operator, the workers that its Jobs run, and the edge. A worker never starts Quarkus, so it never looks for a cluster. */
@QuarkusMain
public final class Main {
    private static final String USAGE = """
            usage: operator            run the operator
                   worker <task>       run one task of a migration (the operator's Jobs do this)
                   edge                pass requests on to the side whose turn it is
            """;

    private Main() {}

    public static void main(String... args) {
        switch (args.length == 0 ? "" : args[0]) {
            case "operator" -> Quarkus.run(OperatorApplication.class, Arrays.copyOfRange(args, 1, args.length));
            case "worker" -> System.exit(WorkerCommand.run(Arrays.asList(args).subList(1, args.length), System.getenv()));
            case "edge" -> System.exit(EdgeCommand.run(System.getenv()));
            default -> {
                System.err.print(USAGE);
                System.exit(64);
            }
        }
    }
}
