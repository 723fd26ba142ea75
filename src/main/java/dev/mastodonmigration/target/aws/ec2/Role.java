package dev.mastodonmigration.target.aws.ec2;

import dev.mastodonmigration.api.MastodonMigrationSpec.Topology;
import java.util.List;

/** What one machine is for. */
public enum Role {
    /** Everything. */
    SINGLE(true, true, "of all processes"),
    /** Web and streaming, behind nginx. */
    WEB(true, false, "of web and streaming"),
    /** Every Sidekiq, so that the scheduler queue is in one process of all. */
    SIDEKIQ(false, true, "of Sidekiq");

    /** Whether users' requests come here. */
    public final boolean serves;
    /** Whether Sidekiq runs here. */
    public final boolean works;

    /** For messages. */
    public final String words;

    Role(boolean serves, boolean works, String words) {
        this.serves = serves;
        this.works = works;
        this.words = words;
    }

    public static List<Role> of(Topology topology) {
        return topology == Topology.Split ? List.of(WEB, SIDEKIQ) : List.of(SINGLE);
    }
}
