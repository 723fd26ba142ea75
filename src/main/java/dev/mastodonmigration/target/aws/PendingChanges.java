package dev.mastodonmigration.target.aws;

import java.util.Collection;
import java.util.List;
import java.util.Objects;
import software.amazon.awssdk.core.SdkPojo;

/** Changes that AWS has accepted and not made yet, by name alone: one of the values may be a password. */
final class PendingChanges {
    private PendingChanges() {}

    /** Of the structure in which a service tells them. */
    static List<String> names(SdkPojo pending) {
        return pending.sdkFields().stream().filter(field -> isSet(field.getValueOrDefault(pending))).map(field -> field.memberName()).toList();
    }

    private static boolean isSet(Object value) {
        return Objects.nonNull(value) && !(value instanceof Collection<?> many && many.isEmpty());
    }
}
