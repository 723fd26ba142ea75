/**
 * The edge: a proxy in front of both sides while an instance moves, run by the {@code edge} command in pods of its own ({@code EdgeCommand}). One database serves both sides, so who answers is decided here, in
 * one moment, and not by DNS, which takes days.
 *
 * <h2>How</h2>
 * Each request asks {@code Traffic} for a pass: to the source, to the target, or, while the state is hold, to wait for one. {@code EdgeProxy} passes it on by {@code Routes}, a websocket as a {@code Tunnel}.
 * The operator asks and tells each pod by {@code EdgeClient}, over a port of its own ({@code EdgeServer}); between them pods tell each other ({@code Peers}). What each side answers is counted by a
 * {@code SideMeter}, and told with what of it came in the last minute ({@code Meters}), for the operator in the {@code EdgeReport} and for Prometheus as {@code MetricsText}. What stands in front of it is tried by questions that the edge itself answers ({@code EntranceAnswers}). Everything runs on one event loop, so
 * nothing here has a lock.
 *
 * <h2>Why it is right</h2>
 * EdgeConformanceTest holds in every state what servers and browsers rely on; EdgeSoakTest moves there and back ten times under load.
 * <ol>
 * <li><b>A request goes to one side, whole</b>, and never to a side that the state does not name when it is passed on ({@code Traffic#admit}; TrafficTest#whatIsHeldGoesToTheNewSideInTheOrderInWhichItCame,
 * EdgeProxyTest#whatIsHeldIsAnsweredByTheNewSideAndWhatWasUnderWayByTheOld).</li>
 * <li><b>From one side to the other leads hold alone</b>, in which requests wait unread: no two pods serve different sides at a time, as long as nobody goes on before each has acknowledged
 * ({@code Traffic#change}; TrafficTest#fromOneSideToTheOtherLeadsHoldAlone).</li>
 * <li><b>A state is replaced by a later one alone</b>: an answer that was lost is asked for again, and an operator that was asleep changes nothing ({@code Traffic#change};
 * TrafficTest#noStateIsReplacedByAnOlderOneAndTheSameOneIsTakenTwice).</li>
 * <li><b>Who waits for a change waits for a look in which every pod that listens had it already.</b> A pod that begins to listen later finds it with its peers, before it is ready ({@code EdgePods#bring},
 * {@code EdgeCommand}; EdgeFrontTest#holdIsReadyOnlyInALookThatFindsEveryPodHoldingAlready, EdgeCommandTest#aPodThatIsMadeLaterHasTheStateOfItsPeersBeforeItServes). Where all pods are gone at once,
 * the next ones have what the operator wrote down before it told anybody, as the kubelet brings it (EdgeCommandTest#theFirstPodHasNoPeersAndTakesItsFile).</li>
 * <li><b>Nobody is told 4xx because of the edge</b>: to a 4xx on an inbox the sending server gives the post up for good (Mastodon, app/helpers/json_ld_helper.rb). What cannot be served is 503, which is
 * tried again for two days ({@code EdgeProxy}; EdgeProxyTest#nobodyIsToldFourHundredsThatTheEdgeOrTheRouterMade).</li>
 * <li><b>Path, query and body arrive byte for byte</b>, because signatures cover them ({@code EdgeProxy};
 * EdgeProxyTest#pathAndQueryArriveByteForByteAndWhoAsksIsToldBehindWhoWasToldBefore).</li>
 * <li><b>What does not end is closed when its side answers no more</b>: websockets and event streams; clients open them anew, and wait like others ({@code Traffic#change};
 * EdgeProxyTest#eventsPassAtOnceAndTheirStreamIsClosedWhenTheSideChanges).</li>
 * <li><b>A pod that ends takes no request with it</b>: it is not ready any more, has connections opened anew, closes what lasts, and waits minutes for the last uploads ({@code EdgeCommand}, {@code EdgeServer#leave};
 * EdgeProxyTest#aPodThatIsAboutToEndTellsWhoeverKeepsConnectionsToOpenAnother, EdgeCommandTest#anUploadOfMinutesIsNotCutByItsPodsEndAndWhatLastsKeepsNoPod).</li>
 * <li><b>Who listens takes nothing from who asks</b>: websockets have their own places to wait, their own connections to each side, and come back all at once ({@code Traffic.Kind}, {@code EdgeProxy};
 * TrafficTest#websocketsThatComeBackTakeNoPlacesOfPosts, EdgeProxyTest#howManyEverListenOthersAreAnswered).</li>
 * <li><b>A body is nowhere whole</b>: it is passed on as fast as whoever takes it reads, also to clients that know no chunks, and breaks off where it breaks off ({@code EdgeProxy};
 * EdgeConformanceTest#ofWhatIsReadSlowlyTheSideKeepsTheRest, EdgeConformanceTest#anAnswerThatBreaksOffBreaksOffForTheUserToo).</li>
 * <li><b>A side is blamed for what it did alone</b>: neither for users who go before they are answered, nor for what the edge itself refuses ({@code EdgeProxy#failed};
 * EdgeMetricsTest#noSideIsToBlameForUsersWhoGoNorForDomainsThatNobodyServes, EdgeMetricsTest#whoWaitedTooLongIsRefusedAndNoSideIsToBlame).</li>
 * <li><b>Nobody is led to a side that a pod does not reach</b>: until the cutover each pod asks the target itself, because a target whose own pods are ready says nothing of the way to it ({@code TargetReach},
 * {@code EdgeFront#unhealthy}; EdgeCommandTest#whatAPodDoesNotReachOfTheTargetItTellsUntilItDoes, EdgeFrontTest#itIsIllWhileOneOfItsPodsDoesNotReachTheTarget).</li>
 * <li><b>Who looks after pods is answered by the pod</b>, is no user, and sees nothing of the instance ({@code EdgeServer}; EdgeProxyTest#whoLooksAfterPodsIsToldWhetherThisOneIsReadyAndIsNoUser).</li>
 * <li><b>Of what the operator asks by way of what stands in front no side sees anything</b>, and nobody else is answered there ({@code EntranceAnswers};
 * EntranceTest#whereAllOfItComesThroughNothingIsToldAndNoSideSeesAnyOfIt, EntranceTest#whoeverDoesNotKnowTheKeyIsToldNothing).</li>
 * </ol>
 */
package dev.mastodonmigration.edge.proxy;
