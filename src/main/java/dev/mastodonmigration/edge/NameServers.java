package dev.mastodonmigration.edge;

import java.time.Duration;
import java.util.List;

/** Asks name servers. */
public interface NameServers {
    /** @param name with its last dot */
    record Question(String name, String type) {
        public String words() {
            return name.substring(0, name.length() - 1) + " " + type;
        }
    }

    /**
     * A record of the name that was asked for.
     *
     * @param type that was asked for, or CNAME where there is one instead
     * @param ttl  how long whoever asked may remember it
     */
    record Answer(String type, String value, Duration ttl) {}

    /**
     * What a zone's own name server says of it; a name that it does not have, or not with that type, has nothing.
     *
     * @throws dev.mastodonmigration.outside.OutsideException when it does not answer, or not for that zone
     */
    List<Answer> ask(String server, Question question);

    /** The name servers of a zone as the world finds them; empty where it finds none. @throws dev.mastodonmigration.outside.OutsideException when the resolver does not answer */
    List<String> delegated(String zone);
}
