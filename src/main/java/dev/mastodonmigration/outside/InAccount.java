package dev.mastodonmigration.outside;

import java.util.Optional;

/** What may be created in an account of the admin's, at a provider, and costs money while it is there. */
public interface InAccount {
    /** The account that it would be created in, asked now. Empty where nothing is created. */
    default Optional<String> account() {
        return Optional.empty();
    }

    /** What there is of it still, in sentences: for the message of a removal that does not come to an end. Empty where there is nothing. */
    default Optional<String> remains() {
        return Optional.empty();
    }

    /** Removes what is kept of the credentials that its removal needs; called when nothing more will be asked. */
    default void forgetCredentials() {}
}
