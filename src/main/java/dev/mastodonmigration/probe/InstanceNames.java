package dev.mastodonmigration.probe;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.SpecDefaults;
import java.util.Optional;

/**
 * The names by which an instance is asked.
 *
 * @param local     the domain in its accounts' names
 * @param web       that of its pages and of its API
 * @param webfinger that at which other servers ask for accounts: the local one, where it moves
 * @param streaming that of its streaming API; often web's
 */
public record InstanceNames(String local, String web, String webfinger, String streaming) {
    /** Of an instance whose local domain does not move. */
    public InstanceNames(String local, String web, String streaming) {
        this(local, web, web, streaming);
    }

    public static InstanceNames of(MastodonMigrationSpec spec) {
        var web = SpecDefaults.webDomain(spec);
        return new InstanceNames(spec.instance().localDomain(), web, SpecDefaults.webDomains(spec).getLast(), Optional.ofNullable(spec.instance().streamingDomain()).orElse(web));
    }
}
