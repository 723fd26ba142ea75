package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.outside.Provisioned;
import java.util.Optional;

/** One thing that a database or a machine needs before it can be created. */
interface Part {
    /**
     * One look, and at most one change.
     *
     * @return what was just changed or is waited for; empty when it stands as it should
     */
    Optional<Provisioned> ensure();

    /** The same, towards its removal; empty when nothing of ours is left of it. */
    Optional<Provisioned> release();
}
