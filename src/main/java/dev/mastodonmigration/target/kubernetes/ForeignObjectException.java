package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.outside.OutsideException;
import io.fabric8.kubernetes.api.model.HasMetadata;

/** An object stands where ours should, and is not ours: nothing passes until the admin has decided what becomes of it. */
public final class ForeignObjectException extends OutsideException {
    private static final long serialVersionUID = 1L;

    ForeignObjectException(HasMetadata found) {
        super(found.getKind() + " " + found.getMetadata().getNamespace() + "/" + found.getMetadata().getName()
                + " exists and was not made by this migration (its label " + WorkloadNames.UID_LABEL + " is "
                + Ownership.uid(found).map(uid -> "another's: " + uid).orElse("missing")
                + "). It was left as it is. Delete or rename it if nobody needs it, or create the migration under another name.", false);
    }
}
