/**
 * What the instance costs a month, where it is and where it goes. {@code Source} brings a {@code Bill}. Each part of the target says with {@code Charge}s what of it
 * will be paid for; {@code Prices} makes a {@code Bill} of them; {@code Cost} compares the two.
 *
 * <ol>
 * <li>What is not known is said, and never counts as nothing: CostTest#whatIsNotKnownIsNeverNothing.</li>
 * <li>A price that cannot be had holds nothing up: AwsPricesTest#anApiThatRefusesIsNoted and CostPlayedTest#nothingWaitsForAPrice.</li>
 * <li>The list of prices is asked about exactly what will be created: RdsChargesTest#theListIsAskedAboutWhatWillBeCreated.</li>
 * </ol>
 */
package dev.mastodonmigration.cost;
