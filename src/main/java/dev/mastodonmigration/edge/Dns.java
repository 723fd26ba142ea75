package dev.mastodonmigration.edge;

import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.Provisioned;
import java.util.List;

/**
 * Leads the world from where an instance's names led before to a front, and back. What was there is kept before anything is changed, and what somebody else changed
 * in between is never overwritten. Every method returns at once and may be called again at any time: it takes one look, and makes at most one change.
 */
public interface Dns {
    /** What is wrong with its part of the spec beyond the schema, a sentence each that names the field. */
    List<String> violations();

    /** Reads what the names have now, and whether they can be led there; changes nothing. */
    Findings preflight(Front front);

    /** Keeps what is there now, and lowers how long the world may remember it; ready when the world has forgotten what it was told with the old time. */
    Provisioned prepare(FrontAddress to);

    /** Steps in percent, the last one 100. */
    List<Integer> steps();

    /** That share of users is led there; ready when every name server says so, and it has been so for as long as was asked. */
    Provisioned lead(int percent, FrontAddress to);

    /** How many percent of users are led there by now. */
    int share();

    /** Users are led back until only that share is led there; ready when every name server says so. */
    Provisioned lower(int percent, FrontAddress to);

    /** All users are led there, without steps; ready when every name server says so. */
    Provisioned leadAll(FrontAddress to);

    /** Users are led where they were before; ready at once where they still are. */
    Provisioned leadBack();

    /** Puts everything back as it was before the first change; ready when the world has forgotten the front. */
    Provisioned restore();

    /** What was kept for going back goes, because there is no way back any more, or it was gone. */
    void forget();
}
