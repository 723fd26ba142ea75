/**
 * Follows a database that runs on, exactly, with no privilege but its owner's, until what is left can be brought over in a second.
 *
 * <h2>How</h2>
 * {@code InstallCapture} puts statement triggers on every table of the source; they log transaction and key of each changed row ({@code Capture}). {@code Bootstrap} creates the tables on
 * the target, takes the <em>base</em> (a snapshot of the source after which nothing goes unlogged), and cuts the tables into ranges of keys ({@code RangePlan}). Any number of workers
 * ({@code ReplicatePostgres}) then share the work through the {@code Ledger}, which lies in the target so that it commits together with the rows. Each has worker threads ({@code WorkerThreads},
 * {@code QueueWorker}) that claim a piece ({@code WorkQueue}): build an index, copy a range in a short snapshot of its own, prove a range. One of the workers leads ({@code Leadership},
 * {@code Leader}): for each tree whose ranges have landed it applies rounds ({@code Rounds}, {@code Round}): reads which keys the log has between the tree's position and a new snapshot,
 * deletes them on the target and inserts what exists of them in that snapshot. When the source is closed for writing, {@code Drain} applies the last rounds, proves what they touched, and
 * brings sequences, tables without a key, triggers and foreign keys. Whatever fails for a reason that may pass is tried again ({@code Retry}); what does not pass is refused in words
 * ({@code PostgresErrors}).
 *
 * <p>Source and target are the two roles of an engine, given by its {@code Direction}. The way back is the same engine from the new database to the old one. It begins without a copy:
 * {@code AdoptDatabases} takes two databases that are closed and equal, and writes a ledger of which everything is done.
 *
 * <h2>Why it is right</h2>
 * <ol>
 * <li><b>A position is a snapshot, never a time or a number.</b> A log row counts as seen when the position sees its transaction, so that one that commits late is not passed over
 * ({@code Tree#since}; LiveRoundsTest#aTransactionHeldOpenOverManyRoundsArrives).</li>
 * <li><b>Nothing goes unlogged after the base.</b> Putting a trigger on waits for the table's older writers. What was skipped (lease over, log full) is counted before it can commit, and a
 * count that changed is a gap: positions are set to a new base, behind a {@code Horizon}, and everything is proved again ({@code Gaps}; LiveGapsTest#whatGoesByWhileAGapIsMendedIsWaitedForToo,
 * LiveGapsTest#changesThatWentByUnloggedAreFoundAndRepaired).</li>
 * <li><b>A tree's rounds begin at the base, after its last range has landed.</b> Whatever state a range was read in, keys that changed since the base are brought again
 * ({@code Ledger#ready}; LiveRoundsTest#aRangeCopiedFromAnOldReadingNeitherOverwritesNorResurrects).</li>
 * <li><b>A round may be applied twice, or from any older position.</b> It writes the current state of whole rows; the position's row is locked and compared ({@code Round};
 * LiveTargetCrashTest#nothingIsLost).</li>
 * <li><b>Rows and the mark that they are there commit together</b>, and only under the claim's token: who slept past a claim cannot land ({@code WorkQueue#finish};
 * LiveWorkersTest#aWorkerThatSleptPastItsClaimAndTheOpeningWritesNothing).</li>
 * <li><b>The target never has what a crash of the source would take back.</b> A {@code Watermark} is durable on the source before the target commits what was read before it
 * (LiveSourceCrashTest#rowsOfTransactionNumbersThatAreGivenOutTwiceArrive).</li>
 * <li><b>Each side's history is the one that the other remembers.</b> The target keeps the watermark of its positions; the source keeps it until the target has a newer one and forgets it before
 * it prunes. A source that lost it, or a target that has a forgotten one, is a gap (LiveSourceFailoverTest#whatTheStandbyNeverHadIsTakenBackFromTheTarget,
 * LiveTargetFailoverTest#whatWasPrunedForTheTargetThatIsLostIsBroughtToItsSuccessor, LiveWithoutIdentityTest#itIsFollowedAllTheSameAndAFailoverIsNoticed).</li>
 * <li><b>Equal means compared.</b> Every range is compared once after it has landed, at the tree's position, without the keys that are logged but not applied; each key that a round touches
 * is compared again ({@code Proof}; LiveRefusalsTest#aDifferenceInTheFreezeIsNamedAndRefused). Rows are counted by the table's pages too, because a corrupt index hides the same rows from
 * the copy and from the proof ({@code KeyIndex}; LiveOddSourcesTest#rowsThatACorruptKeyHidesAreMissedAndArriveAfterReindex).</li>
 * <li><b>Nothing is repaired where that would change other rows.</b> Once the target has foreign keys and triggers, a gap or a change is refused ({@code Rounds}, {@code Gaps};
 * LiveGapsTest#aChangeThatIsFoundWhenTheTargetIsFinishedIsRefusedAndCascadesNowhere).</li>
 * <li><b>What is written has no effects of its own.</b> On a target that was adopted, foreign keys, triggers and rules are taken out before the first round and brought back by the drain: a row
 * that is deleted to be inserted again would take its children with it ({@code QuietTarget}, {@code SuspendedEffects}; WayBackTest#aRowWhoseChildrenWouldCascadeTakesNoneWithIt,
 * WayBackTest#killedBetweenSavingAndDroppingNothingIsForgotten).</li>
 * <li><b>Nothing echoes.</b> What was captured on the database that is written from now on is silent before the first round ({@code Capture#silence};
 * WayBackTest#nothingOfWhatIsBroughtBackEchoes).</li>
 * <li><b>A log is pruned for one ledger.</b> Each that begins to follow begins a run of the capture, and every reading asks whether it is still its own ({@code CaptureRun};
 * LiveConsumersTest#whatIsPrunedForAnotherCopyIsNeverMissedInSilence).</li>
 * <li><b>The app never waits long for us.</b> Locks are taken for moments, connections are given back, the log has a cap ({@code TableLock}, {@code ConnectionLimiter}, {@code Capture};
 * LiveTruncateTest#theAppsTruncateNeverWaitsLongForOurReading, LiveLimitsTest#theAppKeepsItsConnectionsOnASmallPlan,
 * LiveLimitsTest#aLogThatIsFullStopsTheCaptureNotTheAppAndIsMended).</li>
 * </ol>
 *
 * <h2>Words</h2>
 * <dl>
 * <dt>tree</dt><dd>a table with its partitions or heirs, which share one log</dd>
 * <dt>member</dt><dd>one of its tables that hold rows</dd>
 * <dt>range</dt><dd>rows of a member between two keys: the unit of copying and of proving</dd>
 * <dt>base</dt><dd>the snapshot at which following begins</dd>
 * <dt>position</dt><dd>the snapshot of the source that a tree on the target has reached, or is ahead of</dd>
 * <dt>reading, round</dt><dd>one transaction on the source for all trees; what it brings to one of them</dd>
 * <dt>touched</dt><dd>keys that rounds brought and that were not compared since</dd>
 * <dt>claim</dt><dd>a worker's right to one item of the queue, with a token and an end</dd>
 * <dt>gap</dt><dd>a time of which it is not known what changed</dd>
 * <dt>run</dt><dd>one ledger's following of a capture, from its base on</dd>
 * <dt>lease</dt><dd>how long the triggers may log without being told again</dd>
 * <dt>watermark</dt><dd>a row of ours on the source, written after a reading</dd>
 * </dl>
 */
package dev.mastodonmigration.worker.postgres.live;
