package dev.mastodonmigration.target.kubernetes;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Optional;

/** Tells our objects from others' by the label that only we set. */
final class Ownership {
    private Ownership() {}

    static Optional<String> uid(HasMetadata object) {
        return Optional.ofNullable(object.getMetadata().getLabels()).map(labels -> labels.get(WorkloadNames.UID_LABEL));
    }

    static boolean isOf(WorkloadNames names, HasMetadata object) {
        return uid(object).filter(names.uid()::equals).isPresent();
    }
}
