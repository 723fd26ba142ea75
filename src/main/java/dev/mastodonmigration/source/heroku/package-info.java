/**
 * Heroku as the source: two apps, one of which may be the streaming server's, asked and changed over the Platform API ({@code HerokuClient}).
 *
 * <h2>How apps that stay are given other databases</h2>
 * Where databases move and the apps do not, GoLive leads each app to the new ones before they open ({@code HerokuSource}, {@code AppDatabases}), the streaming app first. {@code DatabaseVariables} says
 * which config vars lead where; where each value came from, an attachment of an add-on or somebody's hand, is in status since before the clock, and no value is. For a variable that an attachment gives: the
 * add-on is attached under a second name, that is seen to carry the same URL, the first attachment is taken off, the variable is set. For others: the value is kept on the app under a second name, and
 * overwritten. The way back is the same in reverse, from whatever it finds.
 *
 * <h2>Why it is right</h2>
 * <ol>
 * <li><b>Each call is one look and at most one change</b>, so that a crash, a refusal, an answer that was lost or that comes late changes nothing but the time it takes ({@code AppDatabases};
 * RepointFaultsTest#theWayForthGoesOnFromWhateverItFinds, RepointFaultsTest#theWayBackGoesOnFromWhateverItFinds, RepointFaultsTest#whatHerokuDoesLateIsFoundThere: by attachments, by hand, each app in another way, and while
 * releases are made again).</li>
 * <li><b>What goes back is there before anything is taken away</b>: the second attachment before the first is taken off, the kept value by the very call that overwrites
 * (RepointTest#anAddOnIsAttachedUnderASecondNameBeforeItsFirstIsTakenAway, RepointTest#redisThatWasSetByHandIsKeptOnTheApp; after every look of
 * RepointTest and RepointFaultsTest, NeverWithoutDatabase).</li>
 * <li><b>What is ours is told from what somebody did meanwhile</b> by a mark that the first change sets and the way back removes: what cannot be given back is never overwritten, and what was kept and is gone is
 * asked for, not guessed ({@code KeptVariables}; RepointTest#whatSomebodyBlankedDuringTheFreezeIsNotOverwrittenBecauseItCouldNotBeGivenBack,
 * RepointTest#whereSomebodyRemovedWhatWasKeptNothingIsTakenForRestored, RepointTest#anotherDatabaseThatSomebodyAttachedMeanwhileIsNotTakenAway).</li>
 * <li><b>The target is never taken for the source</b>: where the data came from is read by what was kept, for as long as the app uses others (RepointTest#theTargetIsNeverTakenForTheSource).</li>
 * <li><b>Dynos start with a release, not with config vars</b>: an app is led only once a release of ours has succeeded. One that fails is made again three times on the way there, and on the way back for as long as
 * one of ours is what dynos would start with; a push that fails is nobody's business (RepointTest#aReleaseThatFailsForGoodIsGivenUpAndTheWayBackIsNotKeptByIt,
 * RepointTest#wherePartOfItSucceededTheWayBackGoesOnTryingInItsOwnTime, RepointTest#aPushThatFailsMeanwhileKeepsNobodyWaiting).</li>
 * <li><b>Nobody runs meanwhile</b>: GoLive asks before each change, because the target's Redis has no gate (DataFirstPlayedTest#aProcessThatSomebodyStartedIsFoundBeforeTheAppsAreLedAnywhere);
 * Preflight asks for other apps that use the same add-ons ({@code SharedAddOns}; SharedAddOnsTest#aSecondStreamingAppThatRunsIsRefusedAndNamed).</li>
 * </ol>
 *
 * <h2>How apps trust the edge</h2>
 * While users come through the edge, each app has TRUSTED_PROXY_IP so that it tells them apart ({@code AppProxies}). What it was is in status before ({@code source.ProxyTrust}), so that nothing of ours but the variable is on the app.
 * <ol>
 * <li><b>Only what was there before, or what we have set, is ever changed</b> (AppProxiesTest#whatSomebodySetMeanwhileStaysAndIsTold, AppProxiesTest#whatSomebodySetBeforeUsIsWhatIsSetBack,
 * AppProxiesTest#whatAnotherMigrationSetIsNotTakenForOurs, AppProxiesTest#whereOtherAddressesWereIntendedAndNotSetOursIsStillKnownForOurs).</li>
 * <li><b>An app runs with it when web dynos of a later release are up and none of an earlier one is listed</b>: Heroku starts new ones while the old ones stop
 * (AppProxiesTest#dynosOfTheLastReleaseAreWaitedForAndTheStreamingAppIsNotTouchedBefore, AppProxiesTest#aReleaseThatFailsMovesNobodyAndGoesOnWhenOneSucceeds).</li>
 * <li><b>The target never gets it</b>: the environment is read as it will be when it is taken back (AppProxiesTest#whatTheTargetGetsIsWhatWasThereBefore).</li>
 * </ol>
 *
 * <h2>How it is given up</h2>
 * What the instance leaves behind is deleted in Retire ({@code HerokuRetirement}, over the calls of {@code HerokuRemovals}), and nothing of it comes back. So:
 * <ol>
 * <li><b>Only what held the data that moved</b>: the add-ons' ids are saved before the clock ({@code DataAddOns}; HerokuRetirementTest#whatWasPromotedSinceTheMoveIsNeverListed,
 * LeftAddOnsTest#whatTheyUseNowIsNeverTakenForWhatTheyLeft), and one of another app is that app's (HerokuRetirementTest#anAddOnOfAnotherAppIsThatAppsAlthoughTheInstanceUsesIt). So are the apps' ids, and while another app has one's name nothing is deleted
 * (HerokuRetirementTest#anotherAppThatHasTheNameByNowIsNeverTakenForTheOneThatMoved).</li>
 * <li><b>Nothing that others use</b>: before each change it is asked who attaches it, and, where apps run on, which config var may lead to it ({@code DatabaseAddress};
 * HerokuRetirementTest#whatIsAttachedToAnotherAppIsNotDeletedAndTheAppIsNamed, LeftAddOnsTest#itStaysWhileAVariableOfAnyNameMayLeadThere).</li>
 * <li><b>No app to which somebody still comes</b>: its router's log is read for the instance's names, and whoever has it read never shows its address ({@code HerokuRouterLog};
 * HerokuRouterLogTest#theNewestOfBothAppsAndHowManyAreInTheLog, RetirePlayedTest#noAppIsDeletedBeforeNobodyHasComeForLongEnough).</li>
 * <li><b>Gone is what Heroku says is gone</b>, asked for that very thing; any other 404 is no answer (HerokuRetirementTest#onlyHerokusOwnWordMakesSomethingGone).</li>
 * </ol>
 */
package dev.mastodonmigration.source.heroku;
