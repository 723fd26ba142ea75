/**
 * What the operator creates on AWS, databases and the machines that Mastodon runs on, and DNS that it changes there. {@code Rds}, {@code ElastiCache} and {@code Ec2Compute} tell the story of one each; each thing that it is
 * made of is a {@code Part} with one look and at most one change.
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
 * <li>What AWS will be asked for is what the example policies allow, which are bundled ({@code PolicyStatement}): Preflight has IAM say of each action whether it would be allowed
 * ({@code AwsPermissions}), and what IAM cannot know blocks nothing: AwsPermissionsTest, IamPolicyTest#preflightAsksAboutEachActionAndKindOfResourceThatIsCalled.</li>
 * <li>What a migration alone needs of a server's settings is taken back when its way back is over: ElastiCacheFlowTest#itNotifiesOfChangedKeysUntilTheWayBackIsOverAndNotAfter.</li>
 * <li>Nothing waits here: each call says what it waits for, and the phase looks again.</li>
 * <li>Records of a hosted zone have no tags. {@code Route53} keeps what was there before its first change, and between which two states the records are, in an object
 * of ours ({@code DnsLedger}); what is found in the zone and is neither is somebody else's, and is left: Route53Test#aRecordThatSomebodyChangedIsLeftAsItIsAndTheyAreToldWhatWasExpected.
 * Each change is one batch that deletes exactly what was seen, so that Route 53 itself refuses it when somebody was faster:
 * Route53Test#aChangeBetweenLookAndChangeIsNotOverwrittenEither. An abort puts back what was kept, whatever deletionPolicy says: Route53Test#undoPutsBackExactlyWhatWasThereFromEveryStep.</li>
 * </ol>
 *
 * <p>{@code Ec2Compute} is made of machines ({@code Ec2Machines}) and of what stands in front of them ({@code Ec2Balancer}); what runs on a machine is {@link dev.mastodonmigration.target.aws.ec2}'s.
 *
 * <ol>
 * <li>A launch carries a token that is made from migration, role and generation, so that it happens once whatever becomes of its answer:
 * Ec2ComputeTest#whereverAnswersAreLostOneOfEachIsThereAndAnAbortLeavesTheAccountAsItWas.</li>
 * <li>AWS answers the create of a load balancer that somebody else made with success, where the settings are the same: nothing is done with such an answer, and tags are read first:
 * Ec2ComputeTest#aCreateThatSucceedsWithSomebodyElsesObjectIsRecognised.</li>
 * <li>Sidekiq runs on the one machine that is named, and on no other at the same time: whoever names one raises the epoch, so that no order that comes late is done, and a machine that is replaced has said that
 * its Sidekiq has stopped before another is named: Ec2OrdersTest.</li>
 * <li>A machine is believed while its words are fresh and are about what it was told last: Ec2OrdersTest#aMachineIsBelievedWhileItsWordsAreFreshAndTheLoadBalancerAgrees.</li>
 * <li>In the freeze only what stands counts, and not what was edited since: Ec2OrdersTest#anEditThatIsNotRolledOutChangesNothingOfWhatStands.</li>
 * <li>The instance's secrets are in Parameter Store and nowhere else: Ec2ComputeTest#secretsAreInParameterStoreAloneAndUserDataHasNone.</li>
 * </ol>
 */
package dev.mastodonmigration.target.aws;
