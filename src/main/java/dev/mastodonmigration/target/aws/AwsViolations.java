package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.MastodonMigrationSpec.AllowFrom;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What is wrong with any part of a spec that creates something on AWS. */
final class AwsViolations {
    private AwsViolations() {}

    /** @param field of the spec, as "spec.target.postgres.rds" */
    static List<String> of(MastodonMigration migration, String field, List<String> subnetIds, Optional<AllowFrom> allowFrom) {
        return Stream.concat(Stream.of(
                        migration.getSpec().aws() == null ? Optional.of("spec.aws.region is required with " + field + ".") : Optional.<String>empty(),
                        new HashSet<>(subnetIds).size() < subnetIds.size() ? Optional.of(field + ".subnetIds names a subnet twice.") : Optional.<String>empty())
                .flatMap(Optional::stream),
                allowFrom.flatMap(from -> Optional.ofNullable(from.cidrs())).stream().flatMap(List::stream).flatMap(range -> AddressRange.fault(range).stream()).map(fault -> field + ".allowFrom.cidrs: " + fault)).toList();
    }
}
