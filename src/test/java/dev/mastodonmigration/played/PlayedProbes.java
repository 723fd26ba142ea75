package dev.mastodonmigration.played;

import dev.mastodonmigration.probe.Endpoint;
import dev.mastodonmigration.probe.InstanceNames;
import dev.mastodonmigration.probe.Probes;
import dev.mastodonmigration.probe.UserProbe;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** An instance that answers all that users ask, but for what a test has broken. */
public final class PlayedProbes implements Probes {
    /** What does not answer, with what is said of it, wherever it is asked. */
    public final Map<UserProbe, String> broken = new EnumMap<>(UserProbe.class);
    /** Hosts at which nothing answers. */
    public final Set<String> down = new HashSet<>();
    /** Hosts at which somebody else answers. */
    public final Set<String> taken = new HashSet<>();
    public final List<Endpoint> asked = new CopyOnWriteArrayList<>();
    /** What happens while they wait. */
    public Consumer<Endpoint> meanwhile = endpoint -> {};

    @Override
    public List<Fault> faults(Endpoint endpoint, InstanceNames names) {
        asked.add(endpoint);
        meanwhile.accept(endpoint);
        if (taken.contains(endpoint.web().getHost())) {
            return List.of(new Fault(UserProbe.WEB_PAGE, endpoint.web().getHost() + " answers 503.", true));
        }
        return down.contains(endpoint.web().getHost()) ? List.of(new Fault(UserProbe.WEB_PAGE, endpoint.web().getHost() + " is down.", false))
                : broken.entrySet().stream().map(one -> new Fault(one.getKey(), one.getValue(), true)).toList();
    }
}
