package dev.mastodonmigration.worker.control;

import java.util.List;

/** Names the first of many in a message, and says how many others there are. */
public final class FirstFew {
    private static final int NAMED = 3;

    private FirstFew() {}

    public static String of(List<String> all) {
        var others = all.size() - NAMED;
        return String.join("; ", all.subList(0, Math.min(NAMED, all.size()))) + (others > 0 ? "; and " + others + (others == 1 ? " other" : " others") : "");
    }
}
