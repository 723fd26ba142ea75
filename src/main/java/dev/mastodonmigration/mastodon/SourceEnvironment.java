package dev.mastodonmigration.mastodon;

import java.util.Map;

/**
 * The variables of the instance as it runs now.
 *
 * @param web       of the app that runs web and Sidekiq
 * @param streaming of the app that runs streaming; the same where it is one app
 */
public record SourceEnvironment(Map<String, String> web, Map<String, String> streaming) {
    /** The record's own text would show every secret of the instance. */
    @Override
    public String toString() {
        return "SourceEnvironment[" + web.size() + " and " + streaming.size() + " variables]";
    }
}
