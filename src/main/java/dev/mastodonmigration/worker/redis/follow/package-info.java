/**
 * Hears which keys of a source change while it is in use: by CLIENT TRACKING, or where a server refuses that, by keyspace notifications. Each feed has a connection of its own and a thread
 * that reads it; what is heard are names of keys, never what happened to them.
 *
 * <h2>Why it is right</h2>
 * <ol>
 * <li><b>From the moment that a feed is open until its gap, it tells of every key that changes</b>, in the server's order ({@code ChangeTracker};
 * RedisLiveRandomTest). {@code KeyspaceNotifications} are fire and forget: what they did not tell is found when everything is compared once more
 * ({@code Following#tellsAll}; RedisFallbackTest#whatNoNotificationToldIsFoundInTheEnd).</li>
 * <li><b>A feed that ends says so, once, as a gap.</b> A broken connection and a flush alike ({@code ChangeFeed}; RedisFallbackTest#aSubscriptionThatBreaksIsAGap,
 * RedisLiveGapTest#aFlushEmptiesTheTargetToo).</li>
 * <li><b>A way of following is used only where it was seen to work.</b> ({@code KeyspaceNotifications}; RedisFallbackTest#notificationsOfSomeChangesOnlyAreNotTrusted).</li>
 * <li><b>What we set on the source is put back.</b> ({@code KeyspaceNotifications#close}; RedisFallbackTest#keyspaceNotificationsStandInForTrackingAndTheSettingIsPutBack).</li>
 * </ol>
 *
 * <h2>Words</h2>
 * <dl>
 * <dt>feed</dt><dd>what tells of changes</dd>
 * <dt>gap</dt><dd>a time of which it is not known what changed</dd>
 * <dt>canary</dt><dd>a key of ours on the source, written to see whether its change is told</dd>
 * </dl>
 */
package dev.mastodonmigration.worker.redis.follow;
