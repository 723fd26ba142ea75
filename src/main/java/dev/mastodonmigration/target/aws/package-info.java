/**
 * Databases that the operator creates on AWS, and DNS that it changes there. {@code Rds} and {@code ElastiCache} tell the story of one each; each thing that it is made of is a {@code Part} with one look and at most one change.
 *
 * <ol>
 * <li>A thing is found again by a name that is made from the migration alone ({@code AwsNames}), and is ours by the tag with the migration's uid, which is set in the
 * call that creates it. So a crash, or an answer that is lost, at any call changes nothing: RdsFaultsTest.</li>
 * <li>What stands under such a name without that tag is never adopted, changed or deleted: RdsTest#whatIsSomebodyElsesIsLeftAsItIs.</li>
 * <li>The password is ours, and is in its Secret before the database is created ({@code DatabaseSecret}); it is in no request but those that set it:
 * RdsTest#thePasswordIsInItsSecretFirstAndInNoCallButThoseThatSetIt, ElastiCacheTest#theTokenIsInItsSecretBeforeTheGroupIsAskedAndInNoOtherRequest.</li>
 * <li>Of a replication group that changes, ElastiCache tells no tags. Until it does nobody knows whose it is, and nothing of it is changed:
 * ElastiCacheTest#aForeignGroupThatIsBusyIsWaitedForAndThenRefused.</li>
 * <li>Ready means: three looks in a row available ({@code Steadiness}), no change pending, settings in force, an address ({@code RdsReadiness}). That it can be logged
 * in to over TLS, and that what the source holds means the same there, is proved by the worker that claims it, from where it matters:
 * RdsTest#availableForAMomentIsNotReady, ClaimTargetTest.</li>
 * <li>Only ABORT removes, only with {@code deletionPolicy: Delete}, users before what they use; nobody is sent there any more once
 * that has begun: RdsReleaseTest#abortLeavesTheAccountAsItWas.</li>
 * <li>What is to be removed and cannot be is never given up, in a deletion neither, until the admin changes that policy; what stays is named ({@code Remains}):
 * RdsFlowTest#deletedWithExpiredCredentialsItWaitsAndNamesWhatStaysUntilTheyAreRenewed.</li>
 * <li>"Not found" counts only in the account of the first creation ({@code AwsHome}): RdsReleaseTest#withCredentialsOfAnotherAccountNothingIsTakenForGone.</li>
 * <li>Deletion protection comes after the creation and before ready, so that what dies in between can be deleted:
 * RdsTest#itIsProtectedAgainstDeletionOnlyOnceItIsThereAndBeforeItIsReady.</li>
 * <li>Nothing waits here: each call says what it waits for, and the phase looks again.</li>
 * <li>Records of a hosted zone have no tags. {@code Route53} keeps what was there before its first change, and between which two states the records are, in an object
 * of ours ({@code DnsLedger}); what is found in the zone and is neither is somebody else's, and is left: Route53Test#aRecordThatSomebodyChangedIsLeftAsItIsAndTheyAreToldWhatWasExpected.
 * Each change is one batch that deletes exactly what was seen, so that Route 53 itself refuses it when somebody was faster:
 * Route53Test#aChangeBetweenLookAndChangeIsNotOverwrittenEither. An abort puts back what was kept, whatever deletionPolicy says: Route53Test#undoPutsBackExactlyWhatWasThereFromEveryStep.</li>
 * </ol>
 */
package dev.mastodonmigration.target.aws;
