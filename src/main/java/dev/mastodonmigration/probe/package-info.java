/**
 * Asks an instance that has moved what its users, their apps and other servers ask of it. Its own health checks say less: web's {@code /health} looks at no database.
 *
 * <ol>
 * <li>{@code UserProbe} is each question, and what of its answers is good, without any network: UserProbeTest#whatMastodonAnswersIsGood and UserProbeTest#whatSomebodyElseAnswersIsNot.</li>
 * <li>{@code HttpProbes} asks all of them side by side, each with its deadline, and says of each what came instead: HttpProbesTest#oneThatFailsIsTheOnlyOneThatIsSaidToFail.</li>
 * <li>Nothing is changed by asking: each question is a GET without an account, UserProbeTest#nobodySeesThatItWasAsked.</li>
 * <li>Whatever is answered takes nothing back and holds nothing up for long: GoLivePlayedTest#whatDoesNotAnswerIsAFindingAndTheMigrationGoesOn.</li>
 * </ol>
 *
 * <p>What is not proved: that a websocket is sent what happens, which needs an account. Whether Sidekiq does its jobs nobody can ask over HTTP without an account either: its Redis is asked, by a worker's task.
 */
package dev.mastodonmigration.probe;
