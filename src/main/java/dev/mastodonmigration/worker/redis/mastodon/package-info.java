/**
 * What a migration has to know of Mastodon and Sidekiq to move their Redis: which keys move, where jobs are, and when nobody runs any.
 *
 * <h2>How</h2>
 * {@code KeyNames} says what a name stands for; {@code KeyScope} and {@code ReplicatedKeys} say which keys move: all, or jobs alone, without the keys of Sidekiq's running processes and without
 * our own. {@code RedisSources} are the one or two Redis that hold them, which become one; {@code SourceConflicts} is what keeps them from it. Before the freeze {@code QuietSidekiq} tells each
 * Sidekiq, through Redis, to fetch no more jobs, and waits for heartbeats that prove it idle; {@code SourceClients} counts who is still connected when the old host's processes have been
 * stopped, and {@code ProgramsOnRedis} names beforehand those that will be, and are none of Mastodon's own. When the target opens, {@code JobsAside} gives the jobs on the source names that no Sidekiq looks at, and {@code LateJobs} brings those that came after the last changes were taken; going
 * back, {@code ReturningJobs} gives them their own.
 * {@code SidekiqAtWork} asks afterwards whether jobs are done where they are now, of which {@code SidekiqState} is one look.
 * {@code JobsPreflight} says beforehand what of this will not work or will take long.
 *
 * <h2>Which keys are jobs, and why they are treated otherwise</h2>
 * {@code queues}, {@code queue:*}, {@code schedule}, {@code retry}, {@code dead}, and with them {@code uniquejobs:*}, whose digests would suppress jobs that are not there. What else is lost
 * from Redis shows (trends and counts of activity begin anew) or costs time (feeds are built anew). A job that is lost is a post that is never delivered, and one that runs twice is delivered
 * twice; nothing can make a job again.
 *
 * <h2>Why it is right</h2>
 * <ol>
 * <li><b>Nobody fetches a job while the last ones move.</b> A process is idle once two heartbeats in a row, later than a fetch can take, say that it is quiet and has no job in hand
 * ({@code SidekiqHeartbeat.IdleProof}; QuietSidekiqTest#oneIdleHeartbeatOrOneTooSoonProvesNothing, QuietSidekiqTest#waitsForTheJobInHandAndThenForTwoHeartbeats). One that is just being
 * restarted tells nothing yet, so "no process" is believed only after the time that it takes to load ({@code QuietSidekiq}; QuietSidekiqTest#aSidekiqThatIsJustBeingRestartedIsWaitedFor).</li>
 * <li><b>Only one side has jobs to run once the target is open.</b> They are set aside on the source before that; each change is one script, so that a worker that is killed leaves each key under
 * one of its two names ({@code AsideScript}; JobsAsideTest#aHerokuThatWakesUpAfterTheOpeningFindsNoJobAndNoneIsLost).</li>
 * <li><b>A worker that slept does not move jobs any more.</b> Setting aside and putting back carry the epoch, and the newer one wins
 * ({@code AsideScript}; JobsAsideTest#aWorkerThatSleptSinceBeforeTheWithdrawalTakesNoJobFromTheSourceThatRunsAgain,
 * JobsAsideTest#aWithdrawalThatSleptGivesNoJobBackOnceAnotherOpeningHasSetThemAside).</li>
 * <li><b>A job that was pushed during the freeze goes along, in its order, or is told.</b> Late jobs are read where they were set aside, and again under their own names
 * ({@code LateJobs}; LateJobsTest#theyGoAlongInTheirOrderAndAreTold, JobsAsideTest#whatIsPushedWhileTheTargetOpensIsTold). An open target gets none: its Sidekiq has run some since
 * (LateJobsTest#anOpenTargetGetsNothingBecauseItsSidekiqRanThem).</li>
 * <li><b>Nothing of another type or of another owner is overwritten</b> by giving names back
 * ({@code AsideScript}; JobsAsideTest#aKeyOfAnotherTypeUnderAJobsNameIsLeftAloneAndNothingIsOverwritten).</li>
 * <li><b>Jobs are compared in the freeze, one by one, whatever was proved before</b>
 * ({@code KeyNames#jobs}; RedisLiveCountTest#jobsAreComparedAgainWhateverWasProved, RedisLiveCountTest#aJobThatOnlyTheTargetHasIsNeitherRemovedNorCalledEqual).</li>
 * <li><b>The target never hears of the source's processes.</b> Their keys are known by Sidekiq's own set and by their shape, so that one which starts meanwhile is left behind too
 * ({@code KeyNames}; RedisLiveTest#processKeysStayBehindAlsoWhenProcessesComeAndGo, RedisSnapshotTest#sidekiqsProcessKeysStayBehind).</li>
 * <li><b>Two Redis become one only where each name is in one of them.</b> A name in both, and jobs in the one that Sidekiq left, are refused before anything is copied and again before the
 * target opens ({@code SourceConflicts}; SourceConflictsTest, RedisLiveOfSidekiqTest#aNameThatComesToBeInBothIsRefusedInTheDrain,
 * RedisLiveOfSidekiqTest#jobsThatComeToBeInTheMainOneAreRefusedInTheDrain).</li>
 * <li><b>A Redis that is full gets its jobs all the same</b>: it is why some migrate, and names need no memory
 * ({@code AsideScript}; OldRedisTest#oneThatIsFullIsRefusedInWordsAndGetsItsJobsAllTheSame).</li>
 * <li><b>Which Redis the instance uses is asked again</b>: one that appears, moves or is left is a gap
 * ({@code RedisSources#demandSame}; RedisLiveOfSidekiqTest#aSecondRedisThatAppearsRightBeforeTheDrainIsNotForgotten).</li>
 * <li><b>Only our own connections are not counted as the instance's.</b> Where a server does not tell its clients, heartbeats are counted instead
 * ({@code SourceClients}; SourceClientsTest#ourOwnReplicatorDoesNotCountWhicheverWayItFollows, SourceClientsTest#whereClientsAreNotToldHeartbeatsCount).</li>
 * <li><b>"Jobs are done" is said only where the number of those that succeeded has risen, or none waits</b>: a process that lives may hang, and one that takes jobs may fail all of them
 * ({@code SidekiqState}; SidekiqAtWorkTest#jobsThatWaitAndOfWhichNoneIsFinishedAreSaid, SidekiqAtWorkTest#jobsThatAllFailAreNotDone).</li>
 * <li><b>What is presumed of a value's size by its name is never relied upon</b>: one that is far larger ends the presumption
 * ({@code PresumedSizes}; CopyPipelineTest#valuesFarLargerThanTheirNamesSayArriveAllTheSame).</li>
 * </ol>
 *
 * <h2>Words</h2>
 * <dl>
 * <dt>job</dt><dd>an element of a queue or of a sorted set of Sidekiq's, in JSON</dd>
 * <dt>queue</dt><dd>a list; jobs are pushed at its head and taken from its tail</dd>
 * <dt>digest</dt><dd>what sidekiq-unique-jobs keeps of a job, to suppress another like it</dd>
 * <dt>identity</dt><dd>{@code hostname:pid:nonce} of a Sidekiq process; the name of its heartbeat's hash</dd>
 * <dt>heartbeat</dt><dd>what a process says of itself every 10 s</dd>
 * <dt>quiet</dt><dd>fetches no more jobs; only a restart ends that</dd>
 * <dt>idle</dt><dd>quiet, and no job in hand</dd>
 * <dt>aside</dt><dd>on the source, under a name that no Sidekiq looks at</dd>
 * <dt>late</dt><dd>pushed after the last changes were taken</dd>
 * <dt>main Redis</dt><dd>that of REDIS_URL, where there is one of SIDEKIQ_REDIS_URL too</dd>
 * <dt>scope</dt><dd>all keys, or jobs alone</dd>
 * </dl>
 */
package dev.mastodonmigration.worker.redis.mastodon;
