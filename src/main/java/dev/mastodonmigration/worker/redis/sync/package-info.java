/**
 * Makes one end of Redis equal to the other and keeps it so while the first is in use: the instance's one or two to the new one, or back ({@code Ends}). What a key holds is read and written
 * whole ({@code worker.redis.value}); what happened to it is never repeated.
 *
 * <h2>How</h2>
 * A {@code Session} divides all keys into {@code Partitions} by hash. A {@code Partition} has a thread, a connection to each server ({@code Routes}) and a {@code PartitionQueue}. With
 * {@code strategy.redis: Live} ({@code ReplicateRedis}, {@code LiveSession}), {@code FollowedServers} hear which keys change, from before anything is read, and put them into these queues. A
 * {@code FullScan} shows every key: to an empty target they are copied ({@code CopyPipeline}), else compared; then the target's own names are looked through for strays. From there on
 * changed keys are read again, written and proved, until the operator closes the source: {@code LiveSession#drain} takes what was told until then, {@code LiveSession#proveRest} proves what
 * changed since its last proof, and all jobs. {@code RedisSnapshotCopy} and {@code RedisVerify} are the same without following: a scan of a source at rest.
 * {@code AdoptRedis} lets the way back begin, and {@code OldRedis} ends it.
 *
 * <h2>Why it is right</h2>
 * <ol>
 * <li><b>A key has one partition, which does one thing after the other.</b> So an older reading never overtakes a newer one; a key that changes while it is in hand comes again
 * ({@code PartitionQueue#changed}; PartitionQueueTest#aKeyThatChangesWhileItIsCopiedComesAgain, RedisLiveTest#writersDuringTheCopyLoseNothing).</li>
 * <li><b>Following begins before reading</b>, and what a scan read is not written over what a change brought ({@code CopyPipeline};
 * CopyPipelineTest#aKeyThatTheTargetHasIsLeftAloneAndComesAgain).</li>
 * <li><b>All that changed before the canary's echo is with the partitions when the echo is.</b> The canary is a key of ours that is written to the source, so its change takes the way that
 * all changes take, whatever proxy is between ({@code FollowedServer#barrier}; RedisProxyTest).</li>
 * <li><b>What may have been missed is compared, never guessed.</b> A broken connection, a flush, another server at the same address are a gap: nothing of a session outlives it, and the next
 * one begins with a scan of both ends (RedisLiveGapTest#ignoringAGapWouldBeCaught, RedisLiveGapTest#anotherServerAtTheSameAddressIsFoundInTheDrain).</li>
 * <li><b>Nobody writes but the newest worker, and nobody after the opening.</b> Each batch takes effect only while the marker is byte for byte the one that this worker saw
 * ({@code MarkedTarget}, {@code GuardedWriter}; RedisTargetTest#aWorkerThatSleptPastTheOpeningWritesNothing, RedisTargetTest#aWorkerThatSleptWhileAnotherOfItsEpochTookOverWritesNothing).</li>
 * <li><b>Keys of somebody else are neither overwritten nor removed.</b> A marker that says no more than claimed lets nobody write beside them ({@code MarkedTarget#loading};
 * RedisTargetTest#keysThatOthersWroteAfterTheClaimStopTheCopyAndStay, RedisWayBackTest#halfAnAdoptionLetsNobodyWrite).</li>
 * <li><b>Equal means compared, in both directions</b>, after the last change and with the source closed: a key that only the target has would be a job run twice
 * ({@code LiveSession#sameCount}; RedisLiveCountTest#aJobThatOnlyTheTargetHasIsNeitherRemovedNorCalledEqual, RedisLiveCountTest#aKeyThatTheTargetLostIsFoundInTheFreeze).</li>
 * <li><b>What is not looked at from end to end is proved at the end</b>: large lists that were followed by their ends, and streams ({@code ReplicatedKeys#toProveAtTheEnd};
 * RedisLargeKeyTest#whatChangesInTheMiddleIsOnTheTargetInTheEnd).</li>
 * <li><b>Who still writes to a closed source is found and named</b> ({@code FollowedServer#refuseWriters}; RedisLiveTest#aWriterThatWasNotStoppedIsNamedAndNothingIsOpened).</li>
 * <li><b>The source's users wait no longer for us.</b> Reading rests while the server answers late, and a large key rests as long as it took ({@code Pace}, {@code PartitionQueue#rest};
 * RedisLiveTest#aSourceThatAnswersSlowlyIsReadAtAPaceThatSparesIt, RedisLiveTest#aLargeKeyThatChangesAllTheTimeIsNotReadAllTheTime).</li>
 * <li><b>Jobs are on one side only.</b> Two Redis of a source become one only without a name in both, and going back jobs are held under names that no Sidekiq looks at
 * ({@code SourceConflicts}, {@code Direction}; RedisLiveOfSidekiqTest#jobsThatComeToBeInTheMainOneAreRefusedInTheDrain, RedisWayBackTest#jobsAreHeldUntilTheyGetTheirNamesBack).</li>
 * <li><b>The old Redis is adopted only while it is equal, and given back as a whole.</b> Its marker goes before Sidekiq finds a job there, so that a way back which slept writes nothing, and
 * the next adoption compares anew ({@code AdoptRedis}, {@code OldRedis}; OldRedisTest#whatIsGivenBackCarriesNoMarkerSoThatAWayBackThatSleptWritesNothing,
 * OldRedisTest#whatWasGivenBackIsComparedAnewBeforeItIsAdoptedAgain, OldRedisTest#killedBeforeTheJobsHaveTheirNamesTheMarkerIsGoneAndTheNextTryGoesOn); none of an older epoch comes after
 * (OldRedisTest#anAdoptionThatSleptPastTheWithdrawalLeavesNothing).</li>
 * </ol>
 *
 * <h2>Words</h2>
 * <dl>
 * <dt>source, target</dt><dd>what is read and what is written, whichever way</dd>
 * <dt>partition</dt><dd>a share of the keys, by hash, with its thread and its queue</dd>
 * <dt>route</dt><dd>one Redis that is read and one that is written</dd>
 * <dt>scan</dt><dd>a look at every key of an end</dd>
 * <dt>stray</dt><dd>a key that only the target has</dd>
 * <dt>proof</dt><dd>a comparison of a key's value and expiry on both ends</dd>
 * <dt>gap</dt><dd>a time of which it is not known what changed</dd>
 * <dt>session</dt><dd>what lies between two gaps</dd>
 * <dt>marker</dt><dd>the one key of ours on a target, which says whose it is and who may write</dd>
 * <dt>old Redis</dt><dd>one that the instance came from, while it moves or may go back</dd>
 * </dl>
 */
package dev.mastodonmigration.worker.redis.sync;
