package dev.mastodonmigration.edge;

import java.util.Optional;

/**
 * How the source answers somebody who asks it past the edge.
 *
 * @param fault         why it does not, in words; empty where it does
 * @param slowestMillis of a few answers
 */
public record DirectProbe(Optional<String> fault, long slowestMillis) {}
