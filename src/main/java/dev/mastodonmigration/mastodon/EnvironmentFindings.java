package dev.mastodonmigration.mastodon;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What Preflight must say about Mastodon's variables, all at once: each finding names the app, the variable and the fix, and never a secret value.
 *
 * @param blockers stop the migration until they are mended
 * @param notes    worth knowing, nothing to wait for
 */
public record EnvironmentFindings(List<String> blockers, List<String> notes) {
    public EnvironmentFindings {
        blockers = List.copyOf(blockers);
        notes = List.copyOf(notes);
    }

    /**
     * Reads both apps' config vars. What only a new Mastodon needs (keys, media storage) is looked at only when compute moves.
     *
     * @param streamingConfig looked at only when the spec names a streaming app
     */
    public static EnvironmentFindings of(Map<String, String> webConfig, Map<String, String> streamingConfig, MastodonMigrationSpec spec) {
        var web = AppConfig.web(webConfig, spec);
        var two = spec.source().heroku() != null && spec.source().heroku().streamingApp() != null;
        var streaming = AppConfig.streaming(two ? streamingConfig : Map.of(), spec);
        var blockers = new ArrayList<String>();
        var notes = new ArrayList<String>();
        blockers.addAll(InstanceFindings.domains(web, spec.instance()));
        blockers.addAll(DatabaseFindings.blockers(web, streaming));
        notes.addAll(DatabaseFindings.notes(web, streaming));
        if (spec.target().compute() != null) {
            blockers.addAll(InstanceFindings.keysAndMedia(web));
            blockers.addAll(InstanceFindings.differences(web, streaming));
            notes.addAll(CarryingNotes.of(web, streaming, spec.instance()));
        }
        return new EnvironmentFindings(blockers, notes);
    }
}
