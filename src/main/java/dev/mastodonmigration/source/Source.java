package dev.mastodonmigration.source;

import dev.mastodonmigration.cost.Bill;
import dev.mastodonmigration.mastodon.SourceEnvironment;
import dev.mastodonmigration.mastodon.SourceUrls;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.Provisioned;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where the instance runs now. Every method asks the platform anew, remembers nothing, may be called again at any time, returns at once, and may throw
 * {@link dev.mastodonmigration.outside.OutsideException}.
 */
public interface Source {
    /** One process that the platform lists. */
    record Process(String name, Kind kind) {
        public enum Kind {
            /** The platform keeps it running until it is told otherwise. */
            SUPERVISED,
            /** Ends by itself, or when it is stopped by name. */
            ONE_OFF
        }
    }

    /** For messages, as "Heroku apps example-web, example-streaming". */
    String name();

    /** What is wrong with its part of the spec beyond the schema, a sentence each that names the field. */
    List<String> violations();

    /** Reads and tries everything that the migration will need of it; changes nothing. */
    Findings preflight();

    /** What it costs, as far as its platform tells. A source that has no prices costs something that nobody knows. */
    default Bill bill() {
        return Bill.unknown(name(), "it tells no prices");
    }

    /**
     * What the platform itself copies of the Postgres that moves.
     *
     * @param running just now, in a sentence each that says what to do
     * @param unknown why it cannot be asked, in a sentence
     */
    record OwnBackups(List<String> running, Optional<String> unknown) {
        public static final OwnBackups NONE = new OwnBackups(List.of(), Optional.empty());

        public OwnBackups {
            running = List.copyOf(running);
        }
    }

    /** Whether the platform copies it just now; none where it moves not, or the platform does no such thing. */
    default OwnBackups ownBackups() {
        return OwnBackups.NONE;
    }

    /** What {@link #start} needs. To be read, and saved, before the first change. */
    SavedSource read();

    /** Tells all of it to stop; users see the platform's maintenance page. Changes nothing that is so already. */
    void stop();

    /** Stops processes that {@link #stop} does not, because nobody supervises them. */
    void stopOneOffs();

    /** Processes that still exist. An empty list proves nothing for {@link #unseen} after the stop. */
    List<Process> alive();

    /** How long a process may run on after the platform has ceased to list it. */
    Duration unseen();

    /** What the platform would run again although it was stopped, as "web=2 of example-web": somebody, or something, woke it up. */
    List<String> awake();

    /** Starts it as it was. Changes nothing that is so already. */
    void start(SavedSource saved);

    /** Processes that {@link #start} asked for and that do not serve yet, as "web of example-web: 0/2". */
    List<String> notUp(SavedSource saved);

    /** Of those the ones that do not even exist: a process that was crashing before never serves again. */
    List<String> notThere(SavedSource saved);

    /** Those of its processes that may run Sidekiq, by the host that Sidekiq then says it runs on: on Heroku the dyno's name, as "worker.1" (Sidekiq 8: lib/sidekiq/component.rb, hostname). */
    List<String> mayRunSidekiq();

    /** Restarts what may run Sidekiq, because one that was told to be quiet never fetches a job again; answers their names. */
    List<String> restartSidekiq();

    /**
     * Where the platform takes requests for each of these domains, as https://name. Never the domain itself: public DNS leads elsewhere while the instance moves.
     *
     * @throws MissingInputException when it knows one of them not
     */
    Map<String, URI> entrances(List<String> domains);

    /** What would still lead its processes to the databases that they used before {@link #repoint}, as "DATABASE_URL of example-web"; changes nothing. */
    List<String> stillUsed(SavedSource saved);

    /** Where the data to be moved is: after {@link #repoint}, still the databases that were used before. */
    SourceUrls urls();

    /** Its variables, as they were before {@link #trust}. */
    SourceEnvironment environment();

    /** Databases that the instance is to use from now on; empty where it keeps its own. */
    record Databases(Optional<Database> postgres, Optional<Database> redis) {}

    /**
     * A database of the target.
     *
     * @param url with user and password
     * @param ca  in PEM form, where the server's certificate is signed by a private one
     */
    record Database(String url, Optional<String> ca) {
        /** The record's own text would show the password. */
        @Override
        public String toString() {
            return "another database";
        }
    }

    /**
     * Has its processes use these databases when they are started next: for what moves only its data. One look and at most one change; ready once that was read back. While its processes run it
     * changes nothing that is so already.
     *
     * @param saved the source as it was before, by which {@link #pointBack} finds everything again
     */
    Provisioned repoint(SavedSource saved, Databases databases);

    /** Takes {@link #repoint} back, however far it came, in the same manner: ready once its processes would use the databases that they used before. */
    Provisioned pointBack(SavedSource saved);

    /**
     * What has to be saved and then set so that its processes take these addresses for proxies and not for users; none where they do, or where its platform cannot be asked to.
     *
     * @param known what was saved before
     */
    default List<ProxyTrust> distrusts(List<String> addresses, List<ProxyTrust> known) {
        return List.of();
    }

    /**
     * Sets that, one app after the other, each of which restarts; one look and at most one change. Ready once its processes run with it; left while no web process of one is up, and they may still start.
     *
     * @throws DoesNotStartException where they do not
     */
    default Provisioned trust(List<ProxyTrust> saved) {
        return new Provisioned.Ready("");
    }

    /** Takes {@link #trust} back, however far it came, in the same manner. Left where somebody else has set it since, which stays, or where it is refused. */
    default Provisioned trustAsBefore(List<ProxyTrust> saved) {
        return new Provisioned.Ready("");
    }

    /** How to delete it for good; empty where its platform cannot be asked to. */
    default Optional<Retirement> retirement() {
        return Optional.empty();
    }

    /**
     * Requests that came to the stopped source, because somebody's DNS still leads there.
     *
     * @param count of them in what is kept of its log
     * @param last  when the newest came, for {@code host}
     * @param first when the oldest did that is kept
     */
    record Arrivals(int count, Instant last, String host, Instant first) {
        public Arrivals and(Arrivals other) {
            var newest = other.last.isAfter(last) ? other : this;
            return new Arrivals(count + other.count, newest.last, newest.host, other.first.isBefore(first) ? other.first : first);
        }
    }

    /**
     * Who came to these apps by one of these hosts after that time, as far as their logs are kept; empty where nobody did, or the platform keeps none. Not to be asked often.
     *
     * @param apps that are there
     */
    default Optional<Arrivals> arrivals(List<Retirement.Asset> apps, List<String> hosts, Instant after) {
        return Optional.empty();
    }

    /** Why its processes cannot reach these hosts, a sentence each, as far as the names tell; empty where they may. For what moves only its data. */
    default List<String> cannotReach(List<String> hosts) {
        return List.of();
    }

    /** A server that its processes are to use. @param name for messages, as "Postgres" */
    record Server(String name, String host, int port) {}

    /** Where nobody can know beforehand whether its processes reach these servers: how an admin finds out, a sentence each. For what moves only its data. */
    default List<String> howToTryReaching(List<Server> servers) {
        return List.of();
    }

    /** Keeps a copy of what {@link #start} needs to sign in, so that whoever deletes the admin's Secret does not keep the source stopped. */
    void keepCredentials();

    /** Removes that copy. */
    void forgetCredentials();
}
