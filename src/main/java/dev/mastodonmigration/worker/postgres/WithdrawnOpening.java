package dev.mastodonmigration.worker.postgres;

import dev.mastodonmigration.worker.control.WorkerContext;

/** The Postgres half of taking back the order to open the target: afterwards it is open, or no worker of an older epoch can open it. */
public final class WithdrawnOpening {
    private static final String NAME = "withdraw-opening";

    private WithdrawnOpening() {}

    /** @return whether the target was open already, and so was left as it is */
    public static boolean cameTooLate(WorkerContext context) throws Exception {
        try (var target = Database.target(context, NAME).open()) {
            if (Marker.read(target).filter(marker -> marker.isOurs(context) && marker.state().wasOpened()).isPresent()) {
                return true;
            }
            Marker.ours(target, Side.TARGET, context).requireTarget(context);
            // One that was opening it and sleeps would keep the marker locked; what it did not commit is undone.
            Sessions.endOlderOfOurs(target);
            return Marker.isOpenOrRaised(target, context);
        }
    }
}
