/**
 * The edge: a proxy in front of both sides while an instance moves, run by the {@code edge} command in pods of its own. One database serves both sides, so who answers is decided here, in one moment, and
 * not by DNS, which takes days.
 *
 * <p>What makes it right, with the class that keeps it and the test that breaks without it:
 * <ol>
 * <li>A request goes to one side, whole, and never to a side that the state does not name when it is passed on ({@code Traffic}; {@code TrafficTest}).</li>
 * <li>From one side to the other leads only {@code HOLD}, in which requests wait unread: no two pods serve different sides at a time, as long as nobody goes on before each has acknowledged
 * ({@code Traffic}; {@code TrafficTest}).</li>
 * <li>A state is replaced by a later one alone: an answer that was lost is asked for again, and an operator that was asleep changes nothing ({@code Traffic}; {@code TrafficTest}).</li>
 * <li>Nobody is told 4xx because of the edge: to a 4xx on an inbox the sending server gives the post up for good (Mastodon, {@code app/helpers/json_ld_helper.rb}). What cannot be served is 503, which is
 * tried again for two days ({@code EdgeProxy}; {@code EdgeProxyTest}).</li>
 * <li>Path, query and body arrive byte for byte, because signatures cover them ({@code EdgeProxy}; {@code EdgeProxyTest}).</li>
 * <li>A pod takes no request before it has learned the state: from its file, and from its peers ({@code EdgeCommand}; {@code EdgeCommandTest}).</li>
 * <li>Who waits for a change waits for a look in which every pod that listens had it already: a pod that began to listen later has learned it from its peers ({@code EdgeFront} of
 * {@code target.kubernetes}; {@code EdgeFrontTest}).</li>
 * </ol>
 *
 * <p>Everything runs on one event loop, so nothing here has a lock.
 */
package dev.mastodonmigration.edge.proxy;
