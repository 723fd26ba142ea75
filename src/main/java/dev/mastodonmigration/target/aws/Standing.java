package dev.mastodonmigration.target.aws;

import java.util.Optional;

/** One thing that a database is made of, as an admin is told of it. */
interface Standing {
    /** What it is and its name, whether it is there or not. */
    String named();

    /** The same, with what else matters, while it is there and ours. @throws dev.mastodonmigration.outside.OutsideException when nobody can say */
    Optional<String> standing();
}
