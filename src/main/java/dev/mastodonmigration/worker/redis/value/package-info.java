/**
 * Brings keys from one Redis to another and tells whether they are the same there, whatever versions the two are of.
 *
 * <h2>How</h2>
 * {@code KeyScan} shows the names of all keys and cuts them into batches that fit in memory. {@code KeyTransfer} brings each as it is now: {@code KeyReader} reads its DUMP and its expiry, {@code PayloadFormat} says how
 * the target takes this payload, and {@code GuardedWriter} restores it. Where the target cannot read a payload, and where a value is too large to be held, {@code ValueCopy} brings it by the
 * commands of its {@code ValueType}, in {@code ValuePages}; a large list that is used as a queue follows by what happened at its ends ({@code ListByEnds}). {@code KeyComparison} compares
 * payload and expiry, and only where payloads differ the content ({@code ValueComparison}).
 *
 * <h2>Why it is right</h2>
 * <ol>
 * <li><b>A key is brought as it is, never by what happened to it.</b> To bring it twice, or after a later state, ends in the newest ({@code KeyTransfer}; RedisLiveRandomTest,
 * RedisCrashTest#aCopyKilledMidwayIsCompletedByTheNext).</li>
 * <li><b>Nothing is written unless the marker is byte for byte ours.</b> Each batch is a transaction behind a WATCH of it ({@code GuardedWriter}, {@code Marker};
 * RedisTargetTest#aWorkerThatSleptPastTheOpeningWritesNothing, RedisTargetTest#aWorkerThatSleptWhileAnotherOfItsEpochTookOverWritesNothing).</li>
 * <li><b>Equal means compared</b>: value and instant of expiry; a key that is over on either server is no difference ({@code KeyComparison}; RedisSnapshotTest#sabotageOfTheTargetIsNamed).</li>
 * <li><b>Other bytes may hold the same value, and the same content is no difference.</b> Hashtables have no order, encodings differ between versions, scores print differently
 * ({@code ValueType#content}; RedisSnapshotTest#valuesEqualInAnotherEncodingAreEqual, ValueComparisonTest#eachDifferenceIsFoundAndNoneIsMadeUp).</li>
 * <li><b>Nothing that commands do not show is lost.</b> A hash whose fields expire travels by its payload ({@code KeyReader#mayHaveFieldsThatExpire};
 * NewerSourceTest#aLargeHashWithAFieldThatExpiresIsRefusedByName, NewerSourceTest#aFieldThatExpiresIsADifference).</li>
 * <li><b>A stream is its payload.</b> One that the target does not write as it was brought could never be proved, and is refused by name as soon as it is there; each that is seen is told,
 * because what XREADGROUP changes is told to nobody, so that it is proved once more in the end ({@code KeyTransfer}, {@code KeyComparison};
 * ValueCopyTest#aStreamThatTheTargetKeepsInAnotherFormatIsRefusedByName, ValueCopyTest#whatIsReadFromAStreamArrivesInTheDrain).</li>
 * <li><b>A value that nothing can carry ends the migration with its name.</b> ({@code PayloadFormat.Route.Impossible};
 * NewerSourceTest#aValueThatNothingCanCarryEndsReplicationWithItsName).</li>
 * <li><b>A list that was followed by its ends is not yet proved.</b> It is told, so that all of it is compared when the source is closed ({@code ListByEnds}, {@code LargeKeys#followed};
 * RedisLargeKeyTest#whatChangesInTheMiddleIsOnTheTargetInTheEnd).</li>
 * </ol>
 *
 * <h2>Words</h2>
 * <dl>
 * <dt>payload</dt><dd>what DUMP answers: a type byte, the value, and a footer of version and checksum</dd>
 * <dt>format</dt><dd>the RDB version in which a server writes payloads; it reads its own and older ones</dd>
 * <dt>route</dt><dd>how a payload travels: as it is or stamped anew, by commands, or not at all</dd>
 * <dt>large</dt><dd>of a key: too large to be held twice without need, so it travels alone</dd>
 * <dt>page</dt><dd>so much of a value as is read and written at once, about a mebibyte</dd>
 * <dt>marker</dt><dd>our one key on the target: whose it is, its state, and who may write</dd>
 * </dl>
 */
package dev.mastodonmigration.worker.redis.value;
