package dev.mastodonmigration.worker.redis.mastodon;

import dev.mastodonmigration.worker.control.Refusal;
import dev.mastodonmigration.worker.redis.value.KeyScan;
import dev.mastodonmigration.worker.redis.wire.RedisKey;
import dev.mastodonmigration.worker.redis.wire.RedisSide;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What keeps two Redis from becoming one: keys of one name in both; and jobs in the main one, which nothing has run since Sidekiq left it and which the target's
 * Sidekiq would. While both are followed it is known at every moment, because it is looked where each key is whenever it changes: so inside the freeze the names
 * of all keys need not be read once more.
 */
public final class SourceConflicts {
    private static final String OLD_JOBS = "The source's main Redis holds %s, although Sidekiq has a Redis of its own: nothing has run these jobs since, and the target's Sidekiq would."
            + " Look whether any is still wanted, and remove them there (queues, queue:*, schedule, retry, dead, uniquejobs:*); if both variables name one and the same Redis,"
            + " unset SIDEKIQ_REDIS_URL.";
    private static final String IN_BOTH = "The source's main Redis and Sidekiq's own both hold %s, and the target can have only one of each name. Find out which one Mastodon uses, and"
            + " remove the other; if both variables name one and the same Redis, unset SIDEKIQ_REDIS_URL.";
    private static final String IN_BOTH_OLD = "The source's main Redis and Sidekiq's own both hold %s, and what the target holds under a name can be brought back to one of them only."
            + " Find out which one Mastodon uses, and remove the other.";

    private final Set<RedisKey> oldJobs = ConcurrentHashMap.newKeySet();
    private final Set<RedisKey> inBoth = ConcurrentHashMap.newKeySet();

    /** @param having which Redis of the source have the key now */
    public void looked(RedisKey key, List<RedisSide> having) {
        if (having.contains(RedisSide.SOURCE) && KeyScope.JOBS.contains(key)) {
            oldJobs.add(key);
        } else {
            oldJobs.remove(key);
        }
        if (having.size() > 1) {
            inBoth.add(key);
        } else {
            inBoth.remove(key);
        }
    }

    /** @throws Refusal when there is any */
    public void demandNone() throws Refusal {
        var conflict = told(OLD_JOBS, new Found().add(oldJobs)).or(() -> told(IN_BOTH, new Found().add(inBoth)));
        if (conflict.isPresent()) {
            throw new Refusal(conflict.get() + " The target was not opened.");
        }
    }

    private static Optional<String> told(String words, Found found) {
        return found.count == 0 ? Optional.empty() : Optional.of(words.formatted(found));
    }

    /** Reads the names of all keys of the main Redis, and of the other where it has fewer. Only counts them: where both are one and the same Redis, they are all. */
    static Optional<String> between(RedisSources.One main, RedisSources.One ofSidekiq, Predicate<RedisKey> wanted) {
        var jobs = new Found();
        new KeyScan(main.jedis(), wanted.and(KeyScope.JOBS::contains)).steps().forEach(jobs::add);
        return told(OLD_JOBS, jobs).or(() -> told(IN_BOTH, inBoth(main, ofSidekiq, wanted)));
    }

    /** As {@link #between}, where the values come back to both. */
    public static Optional<String> onTheWayBack(RedisSources.One main, RedisSources.One ofSidekiq, Predicate<RedisKey> wanted) {
        return told(IN_BOTH_OLD, inBoth(main, ofSidekiq, wanted));
    }

    private static Found inBoth(RedisSources.One main, RedisSources.One ofSidekiq, Predicate<RedisKey> wanted) {
        var fewer = main.jedis().dbSize() < ofSidekiq.jedis().dbSize() ? main.jedis() : ofSidekiq.jedis();
        var more = fewer == main.jedis() ? ofSidekiq.jedis() : main.jedis();
        var both = new Found();
        new KeyScan(fewer, wanted).steps().forEach(names -> {
            var shared = new ArrayList<>(names);
            shared.removeAll(new HashSet<>(RedisSources.absent(more, names)));
            both.add(shared);
        });
        return both;
    }

    /** All are counted, the first kept to be named. */
    private static final class Found {
        private static final int NAMED = 5;

        private final Set<RedisKey> first = new LinkedHashSet<>();
        private long count;

        Found add(Collection<RedisKey> keys) {
            count += keys.size();
            keys.stream().limit(NAMED - first.size()).forEach(first::add);
            return this;
        }

        @Override
        public String toString() {
            return count + (count == 1 ? " key, " : " keys, among them ") + first.stream().map(RedisKey::toString).collect(Collectors.joining(", "));
        }
    }
}
