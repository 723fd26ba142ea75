/**
 * One operator acts at a time: the one that holds the Lease {@code mastodon-migration-operator} of the operator's namespace.
 *
 * <p>What makes it right, with the class that keeps it:
 * <ol>
 *   <li>Whoever takes or renews the Lease puts it back with the resourceVersion that it read, so that of two who try, one fails ({@link OperatorLease}).
 *   <li>A Lease has run out when it stayed unchanged for its duration <em>by the clock of the one who looks</em>; no clock of another machine is believed ({@link Election}).
 *   <li>The holder counts from before it sent its last renewal, and stops one and a half seconds early: it is over before another can begin ({@link Election}).
 *   <li>A holder that was asleep may wake up in the middle of a step: from then on the API server gets no write of it ({@link LeaderGuard}), until its Lease is proved to be
 *       its own still, or the process ends, at once ({@link Leadership}).
 * </ol>
 *
 * <p>Java Operator SDK 5.1 brings an election of its own. It is not used, because it sends merge patches, asks for a permission that it then does not use, believes the
 * other machine's clock, does not let go of the Lease on an orderly stop, and ends the process by {@code System.exit} inside the shutdown, which then waits for itself.
 */
package dev.mastodonmigration.election;
