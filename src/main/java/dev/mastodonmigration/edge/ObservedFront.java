package dev.mastodonmigration.edge;

import dev.mastodonmigration.outside.Provisioned;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** A front that sees users' requests, and so knows whether the world has come to it. */
public interface ObservedFront extends Front {
    /** On an instance that anybody uses or follows requests come all the time, so by then the world has left. */
    Duration LEFT_ALONE = Duration.ofMinutes(5);

    /** How long ago the last request came, by domain of the instance; without those for which none has come. */
    Map<String, Duration> lastRequests();

    /**
     * Ready when no request for any of the domains has come for so long, as far as every part of it has seen, or when none ever came. Otherwise it says who still comes, or why that cannot be known.
     */
    Provisioned leftAlone(Duration since);

    /** The name by which the source takes requests for that domain; empty where that is not known. */
    Optional<String> source(String domain);

    /** Where DNS of that domain is to lead, for messages, as "what you have in front of Service example-social-front-web". */
    String entrance(String domain);
}
