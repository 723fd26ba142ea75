package dev.mastodonmigration.mastodon;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.mastodon.TrustedProxies.SetBy;
import dev.mastodonmigration.outside.Findings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What Preflight must say about Mastodon's variables, all at once: each finding names the app, the variable and the fix, and never a secret value. */
public final class MastodonFindings {
    private MastodonFindings() {}

    /** Reads both apps' variables. What only a new Mastodon needs (keys, media storage) is looked at only when compute moves. */
    public static Findings of(SourceEnvironment source, MastodonMigrationSpec spec) {
        var web = AppConfig.web(source.web(), spec);
        var two = spec.source().heroku() != null && spec.source().heroku().streamingApp() != null;
        var streaming = AppConfig.streaming(two ? source.streaming() : Map.of(), spec);
        var blockers = new ArrayList<String>();
        var notes = new ArrayList<String>();
        blockers.addAll(InstanceFindings.domains(web, spec.instance()));
        blockers.addAll(DatabaseFindings.blockers(web, streaming));
        notes.addAll(DatabaseFindings.notes(web, streaming));
        if (SpecDefaults.movesRedis(spec)) {
            DatabaseFindings.jobsFindTheMainRedis(web).ifPresent(notes::add);
        } else if (spec.target().compute() != null) {
            DatabaseFindings.jobsStayBehind(web).ifPresent(blockers::add);
        }
        if (SpecDefaults.movesRedis(spec) || spec.target().compute() != null) {
            DatabaseFindings.cacheIsFilledAnew(web).ifPresent(notes::add);
        }
        if (spec.target().compute() != null) {
            blockers.addAll(InstanceFindings.keysAndMedia(web));
            blockers.addAll(InstanceFindings.differences(web, streaming));
            blockers.addAll(InstanceFindings.streaming(web, spec));
            if (spec.edge() != null) {
                var egress = SpecDefaults.edgeEgress(spec);
                var by = spec.source().heroku() == null ? SetBy.ADMIN : SetBy.OPERATOR;
                var proxies = TrustedProxies.of(web, egress, by).and(two ? TrustedProxies.of(streaming, egress, by) : Findings.NONE);
                blockers.addAll(proxies.blockers());
                notes.addAll(proxies.notes());
            }
            notes.addAll(CarryingNotes.of(web, streaming, spec));
        }
        return new Findings(blockers, notes);
    }
}
