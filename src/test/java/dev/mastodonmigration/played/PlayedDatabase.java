package dev.mastodonmigration.played;

import dev.mastodonmigration.cost.Charge;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.TargetDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A database that takes some looks to be created, and to be removed again: as RDS or ElastiCache will. */
public final class PlayedDatabase implements TargetDatabase {
    private final Trouble trouble;
    private final String url;
    public final List<String> violations = new ArrayList<>();
    public int looksUntilReady;
    public int looksUntilReleased;
    public boolean exists;
    public List<Charge> charges = List.of(Charge.unknown("the played database", "it is yours"));

    public PlayedDatabase(Trouble trouble, String url) {
        this.trouble = trouble;
        this.url = url;
    }

    @Override
    public List<String> violations() {
        return violations;
    }

    @Override
    public List<Charge> charges() {
        return charges;
    }

    @Override
    public Findings preflight() {
        return Findings.NONE;
    }

    @Override
    public Provisioned ensure() {
        trouble.may("database.ensure");
        exists = true;
        return looksUntilReady-- > 0 ? new Provisioned.Working("the database is being created") : new Provisioned.Ready("the database answers");
    }

    @Override
    public String url() {
        trouble.may("database.url");
        return url;
    }

    @Override
    public Optional<String> ca() {
        return Optional.empty();
    }

    @Override
    public Provisioned release() {
        trouble.may("database.release");
        exists = looksUntilReleased-- > 0;
        return exists ? new Provisioned.Working("the database is being deleted") : new Provisioned.Ready("the database is gone");
    }
}
