package dev.mastodonmigration.probe;

import java.util.List;

/** Asks an instance as its users do. */
@FunctionalInterface
public interface Probes {
    /** Asks everything at once, and waits at most as long as the most patient probe. Never throws for what the instance does. @return what does not answer as it should, in the order of the probes */
    List<Fault> faults(Endpoint endpoint, InstanceNames names);

    /**
     * @param message  what was asked, what came, what that means and what to do, in sentences
     * @param answered by whoever is there, and not as it should be; otherwise nobody was reached
     */
    record Fault(UserProbe probe, String message, boolean answered) {}
}
