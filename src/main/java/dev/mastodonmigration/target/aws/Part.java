package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.outside.Provisioned;
import java.util.Optional;

/** One thing that the instance needs before it can be created. */
interface Part extends Standing {
    /**
     * One look, and at most one change.
     *
     * @return what was just changed or is waited for; empty when it stands as it should
     */
    Optional<Provisioned> ensure();

    /** The same, towards its removal; empty when nothing of ours is left of it. */
    Optional<Provisioned> release();
}
