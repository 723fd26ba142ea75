package dev.mastodonmigration.embedded;

import dev.mastodonmigration.api.MastodonMigrationStatus.PostgresProgress;
import dev.mastodonmigration.api.MastodonMigrationStatus.Progress;
import dev.mastodonmigration.api.MastodonMigrationStatus.RedisProgress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** How far one copy is, as one short line. */
record DemoBar(String stage, long done, long total, List<String> figures) {
    private static final int WIDTH = 10;
    /** Stages in which changes are followed: how far behind is what counts. */
    private static final Set<String> FOLLOWING = Set.of("applying", "in sync", "draining", "proving");

    /** What of the copies has the most left, if anything is copied at all. */
    static Optional<DemoBar> of(Progress progress) {
        var bars = new ArrayList<DemoBar>();
        Optional.ofNullable(progress.postgres).filter(postgres -> value(postgres.bytesTotal) > 0).ifPresent(postgres -> bars.add(of(postgres, value(progress.etaSeconds))));
        Optional.ofNullable(progress.redis).filter(redis -> value(redis.keysTotal) > 0).ifPresent(redis -> bars.add(of(redis)));
        return bars.stream().min(Comparator.comparingDouble(DemoBar::part).thenComparing(DemoBar::isInSync));
    }

    private static DemoBar of(PostgresProgress postgres, long secondsLeft) {
        var copied = value(postgres.bytesCopied) >= postgres.bytesTotal;
        var lag = String.format(Locale.ROOT, "lag %.0f s, %d changes", Optional.ofNullable(postgres.lagSeconds).orElse(0.0), value(postgres.lagChanges));
        return new DemoBar("Postgres " + stage(postgres.stage), value(postgres.bytesCopied), postgres.bytesTotal, copied && FOLLOWING.contains(stage(postgres.stage)) ? List.of(lag)
                : List.of(secondsLeft > 0 ? time(secondsLeft) + " left" : "", rate(value(postgres.bytesPerSecond)), amount(value(postgres.bytesCopied), postgres.bytesTotal)));
    }

    private static DemoBar of(RedisProgress redis) {
        return new DemoBar("Redis " + stage(redis.stage), value(redis.keysCopied), redis.keysTotal,
                List.of(rate(value(redis.bytesPerSecond)), value(redis.keysCopied) + " of " + redis.keysTotal + " keys"));
    }

    private boolean isInSync() {
        return stage.endsWith("in sync");
    }

    /** How much is done, from 0 to 1. */
    double part() {
        return Math.min(1.0, (double) done / total);
    }

    /** The line, at most that many characters long: a figure that does not fit is left out, what matters least first. */
    String line(int columns) {
        var filled = (int) (part() * WIDTH);
        var line = String.format(Locale.ROOT, "  %-24s [%s%s] %3.0f %%", stage, "█".repeat(filled), "·".repeat(WIDTH - filled), Math.floor(part() * 100));
        for (var figure : figures) {
            line = figure.isEmpty() || line.length() + 2 + figure.length() > columns ? line : line + "  " + figure;
        }
        return line.length() <= columns ? line : line.substring(0, columns);
    }

    private static String stage(String said) {
        return Optional.ofNullable(said).orElse("copying").replace("looking for strays", "checking leftovers").replace("removing strays", "removing leftovers");
    }

    private static String time(long seconds) {
        var time = Duration.ofSeconds(seconds);
        return time.toMinutes() < 2 ? seconds + " s" : time.toHours() < 2 ? time.toMinutes() + " min" : time.toHours() + " h";
    }

    private static String rate(long bytesPerSecond) {
        return bytesPerSecond == 0 ? "" : bytesPerSecond < 1_000_000 ? bytesPerSecond / 1000 + " kB/s" : megabytes(bytesPerSecond) + " MB/s";
    }

    private static String amount(long bytes, long total) {
        var huge = total >= 10_000_000_000L;
        return huge ? megabytes(bytes / 1000) + " of " + megabytes(total / 1000) + " GB" : megabytes(bytes) + " of " + megabytes(total) + " MB";
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f", bytes / 1e6);
    }

    private static long value(Long number) {
        return number == null ? 0 : number;
    }
}
