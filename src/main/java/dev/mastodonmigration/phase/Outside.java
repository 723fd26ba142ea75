package dev.mastodonmigration.phase;

import dev.mastodonmigration.cost.Prices;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.edge.Entrance;
import dev.mastodonmigration.edge.EntranceProbe;
import dev.mastodonmigration.job.Workers;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.InAccount;
import dev.mastodonmigration.probe.Probes;
import dev.mastodonmigration.source.Source;
import dev.mastodonmigration.target.Compute;
import dev.mastodonmigration.target.TargetDatabase;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Everything outside that a migration touches, in our words: what its spec chose of each kind. What it does not move is empty.
 *
 * @param postgres   where Postgres moves
 * @param redis      where Redis moves
 * @param compute    where web, streaming and Sidekiq move
 * @param edge       what stands in front of both sides; empty where the admin has that in hand
 * @param probes     ask the instance as its users do
 * @param entrances  ask what users will come by to the edge
 * @param prices     of what is created
 * @param permissions whether the admin's account lets us create it
 * @param inUse      the databases that the source uses now, asked once in a look
 * @param rival      another migration that has this source already, in a sentence for the admin
 */
public record Outside(Source source, Optional<TargetDatabase> postgres, Optional<TargetDatabase> redis, Optional<Compute> compute, Optional<Edge> edge, Workers workers,
        Probes probes, Entrances entrances, Prices prices, Supplier<Findings> permissions, Supplier<InUse> inUse, Supplier<Optional<String>> rival) {
    /** Asked beside whatever else goes on. */
    @FunctionalInterface
    public interface Entrances {
        /** What is wrong with it; empty while that is being found out, which takes minutes. Who has had the answer and comes again has it asked anew. */
        Optional<List<EntranceProbe.Fault>> ask(Entrance entrance);
    }

    /**
     * Where the source keeps its data, without credentials.
     *
     * @param postgres host, port and database
     * @param redis    servers and databases, in the words of the worker that follows them
     */
    public record InUse(String postgres, String redis) {}

    /** Removes what is kept for going back, in objects of ours that nothing else removes: a namespace that is deleted would wait for them. Called when nothing more will be asked. */
    public void forget() {
        source.forgetCredentials();
        inAccount().forEach(InAccount::forgetCredentials);
        edge.ifPresent(Edge::forget);
    }

    /** All that may be created in an account of the admin's. */
    public Stream<InAccount> inAccount() {
        return Stream.<Optional<? extends InAccount>>of(postgres, redis, compute).flatMap(Optional::stream);
    }
}
