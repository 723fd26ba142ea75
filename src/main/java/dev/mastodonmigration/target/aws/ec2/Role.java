package dev.mastodonmigration.target.aws.ec2;

import dev.mastodonmigration.api.MastodonMigrationSpec.Topology;
import java.util.List;

/** What one machine is for. */
public enum Role {
    /** Everything. */
    SINGLE(true, true),
    /** Web and streaming, behind nginx. */
    WEB(true, false),
    /** Every Sidekiq, so that the scheduler queue is in one process of all. */
    SIDEKIQ(false, true);

    /** Whether users' requests come here. */
    public final boolean serves;
    /** Whether Sidekiq runs here. */
    public final boolean works;

    Role(boolean serves, boolean works) {
        this.serves = serves;
        this.works = works;
    }

    public static List<Role> of(Topology topology) {
        return topology == Topology.Split ? List.of(WEB, SIDEKIQ) : List.of(SINGLE);
    }
}
