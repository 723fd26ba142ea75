package dev.mastodonmigration.edge;

import dev.mastodonmigration.api.MastodonMigrationStatus.Severity;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.net.ssl.SSLSocketFactory;

/**
 * Asks an edge by way of what stands in front of it whether that lets through what Mastodon needs: bodies of 99 MB, event streams that are silent for a while, and websockets. What it refuses is missing for
 * everybody at once when DNS leads there.
 */
@FunctionalInterface
public interface EntranceProbe {
    /** What it may be asked, beside whether the way there is right, which is asked always and first. */
    enum Question {
        BODIES, EVENT_STREAMS, WEBSOCKETS;

        /** In a word. */
        String about() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** Takes minutes. Never throws for what it meets. @param entrance of which all addresses are known */
    List<Fault> faults(Entrance entrance, Set<Question> questions);

    /**
     * @param about   what was asked, in a word: a question's, or "way"
     * @param message what came, what that means and what to do, in sentences
     */
    record Fault(String about, Severity severity, String message) {}

    /** Over TLS, as the system's certificate authorities have it. */
    static EntranceProbe overTls() {
        return new EntranceOverTls((SSLSocketFactory) SSLSocketFactory.getDefault(), EntranceOverTls.Patience.LONG, EntranceOverTls.LARGEST, 443);
    }
}
