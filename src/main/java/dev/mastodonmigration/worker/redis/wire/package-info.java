/**
 * How we speak with a Redis: where it is, how to connect and log in, many commands in one round trip, and what its answers mean for a migration.
 *
 * <h2>Why it is right</h2>
 * <ol>
 * <li><b>A connection that broke never comes back by itself.</b> A new one would have no login, another database, and no WATCH of the marker
 * ({@code SplitConnection}; GuardedConnectionTest#aConnectionThatBrokeNeverComesBackByItselfAndSoWritesNothingUnguarded).</li>
 * <li><b>Answers are taken in the order of their commands, whatever is thrown away of them.</b> ({@code RoundTrip}, {@code SplitConnection};
 * CopyPipelineTest#whatIsNotKeptIsPassedOverAndTheAnswersAfterItAreTheirs).</li>
 * <li><b>What may pass is a gap, what cannot is thrown.</b> A server that is not ready, or a broken connection, ends what relied on it, and everything is compared again
 * ({@code Gap}; OpeningOutageTest, RedisLiveGapTest#whatHappensInAGapIsFoundAndSaid).</li>
 * <li><b>A server that took another's place is noticed</b>, and the source is never its own target ({@code ServerIdentity};
 * RedisLiveGapTest#anotherServerAtTheSameAddressIsFoundInTheDrain, RedisPreflightTest).</li>
 * <li><b>The target is who its certificate says.</b> ({@code RedisTls}; RedisTlsTest).</li>
 * </ol>
 *
 * <h2>Words</h2>
 * <dl>
 * <dt>side</dt><dd>one Redis of the migration: the source, that of its Sidekiq, the target</dd>
 * <dt>round trip</dt><dd>commands that travel together, and their answers</dd>
 * <dt>gap</dt><dd>a time of which it is not known what changed</dd>
 * <dt>our keys</dt><dd>those that begin with {@code mastodon_migration:}; never copied</dd>
 * </dl>
 */
package dev.mastodonmigration.worker.redis.wire;
