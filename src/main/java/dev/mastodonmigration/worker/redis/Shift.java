package dev.mastodonmigration.worker.redis;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What happened to one end of a list between two looks at it, as far as its elements tell: some were removed there, then others added.
 *
 * @param removed of the elements that stood there before, counted from the end
 * @param added   of those that stand there now
 */
record Shift(int removed, int added) {
    /** Fewer in a row may be the same by chance. */
    static final int LEAST_IN_COMMON = 8;
    /** Of an element that is there many times, so many places are tried. */
    private static final int MOST_PLACES = 8;

    int growth() {
        return added - removed;
    }

    /**
     * The smallest shift that explains the later look by the earlier one; empty when none does.
     *
     * @param before the elements from the end on inwards
     */
    static Optional<Shift> between(List<byte[]> before, List<byte[]> now) {
        var places = places(now);
        for (int removed = 0; removed < before.size(); removed++) {
            for (var added : places.getOrDefault(RedisKey.of(before.get(removed)), List.of())) {
                if (inCommon(before, removed, now, added)) {
                    return Optional.of(new Shift(removed, added));
                }
            }
        }
        return Optional.empty();
    }

    private static Map<RedisKey, List<Integer>> places(List<byte[]> elements) {
        var places = new HashMap<RedisKey, List<Integer>>();
        for (int i = 0; i < elements.size(); i++) {
            var known = places.computeIfAbsent(RedisKey.of(elements.get(i)), first -> new ArrayList<>(1));
            if (known.size() < MOST_PLACES) {
                known.add(i);
            }
        }
        return places;
    }

    private static boolean inCommon(List<byte[]> before, int removed, List<byte[]> now, int added) {
        var common = Math.min(before.size() - removed, now.size() - added);
        return common >= LEAST_IN_COMMON && Bytes.equal(before.subList(removed, removed + common), now.subList(added, added + common));
    }
}
