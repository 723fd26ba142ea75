package dev.mastodonmigration.target.aws;

import java.util.List;

/** Asks name servers. */
interface NameServers {
    /**
     * What a zone's own name server says of it; a name that it does not have, or not with that type, has nothing.
     *
     * @throws dev.mastodonmigration.outside.OutsideException when it does not answer, or not for that zone
     */
    List<String> ask(String server, ZoneRecord.Question question);

    /** The name servers of a zone as the world finds them; empty where it finds none. @throws dev.mastodonmigration.outside.OutsideException when the resolver does not answer */
    List<String> delegated(String zone);
}
