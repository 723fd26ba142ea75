package dev.mastodonmigration.phase;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.status.Fact;
import java.util.List;

/** What is looked after from going live until the old host is retired. */
final class AfterTheMove {
    private AfterTheMove() {}

    /** An admin who raises replicas or mends an image after the move expects it to be done. */
    static String applyEdits(PhaseContext context) {
        if (context.status().internal.deployed != null && context.status().internal.deployed.generation == context.generation()) {
            return "";
        }
        try {
            if (context.compute().orElseThrow().ensure(context.environment()) instanceof Provisioned.Working working) {
                return "your edit is being rolled out: " + working.message() + "; ";
            }
            context.compute().orElseThrow().startSidekiq();
            ByTheClock.ensure(context);
            new SearchWatch(context).begin();
            context.tell(new Fact.Deployed());
            return "your edit is being rolled out; ";
        } catch (OutsideException notNow) {
            return "your edit is NOT rolled out yet: " + notNow.getMessage() + "; ";
        }
    }

    /** Users come through it until the old host is retired. */
    static String keepEdge(PhaseContext context) {
        try {
            return context.edge().map(edge -> edge.keep(Edge.Side.TARGET)).filter(Provisioned.Working.class::isInstance)
                    .map(working -> "the edge in front of the instance is NOT as it should be: " + working.message() + "; ").orElse("");
        } catch (OutsideException unknown) {
            return "whether the edge is as it should be cannot be asked: " + unknown.getMessage() + "; ";
        }
    }

    /** What is wrong with the source, and what was done about it, in words that end with a semicolon; empty when nothing is. */
    static String watchSource(PhaseContext context) {
        return context.computeStays() ? stillUsed(context) : keepStopped(context);
    }

    /** Its processes run, and are to. That somebody leads one back to what it left is told: the old Postgres refuses its writes, and what the old Redis takes is lost. */
    private static String stillUsed(PhaseContext context) {
        try {
            var used = context.source().stillUsed(context.saved().orElseThrow());
            context.findings("source-led-back", Severity.Action, used.isEmpty() ? List.of() : List.of("Somebody led the source back to the databases that it left: " + String.join(", ", used)
                    + ". The old Postgres refuses its writes, and what is written to the old Redis is lost. Set that to the new ones."));
            return used.isEmpty() ? "" : "somebody led the source back to the databases that it left (" + String.join(", ", used) + "): set that to the new ones; ";
        } catch (OutsideException unknown) {
            return "what the source uses cannot be asked: " + unknown.getMessage() + "; ";
        }
    }

    /** Nobody may be served by both sides. That the source's platform cannot be asked just now changes nothing on the target. */
    private static String keepStopped(PhaseContext context) {
        try {
            var up = context.source().awake();
            if (!up.isEmpty()) {
                context.tell(new Fact.SourceAwake(up));
                context.source().stop();
                return "the source was started again (" + String.join(", ", up) + ") and is stopped again; ";
            }
            if (!context.status().source.awake.isEmpty()) {
                context.tell(new Fact.SourceAsleep());
            }
            return "";
        } catch (OutsideException unknown) {
            return "whether the source is still stopped cannot be asked: " + unknown.getMessage() + "; ";
        }
    }
}
