package dev.mastodonmigration.embedded;

import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * How pods are reached and find each other.
 *
 * @param fresh gives an address that no pod has
 * @param hosts file with the names of Services
 */
record PodAddresses(Supplier<String> fresh, Path hosts) {}
