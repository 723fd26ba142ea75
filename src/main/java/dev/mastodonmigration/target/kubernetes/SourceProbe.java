package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.edge.DirectProbe;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.edge.FrontProbe;
import dev.mastodonmigration.outside.OutsideException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Asks the source past the edge for what users ask it through the edge. */
record SourceProbe(FrontProbe probe) {
    /** All together: whoever asks reconciles meanwhile. */
    private static final Duration LONGEST = Duration.ofSeconds(5);
    private static final List<String> PROBED = List.of(FrontProbe.PAGE, FrontProbe.INSTANCE);

    /** @param host where the source takes requests over TLS */
    DirectProbe ask(String host, String web) {
        return within(LONGEST, () -> probed(new FrontAddress.Named(host, Optional.empty()), web));
    }

    /** Whoever takes longer is left to itself: names are looked up and connections opened without a deadline of their own. */
    static DirectProbe within(Duration deadline, Callable<DirectProbe> probe) {
        var asked = new FutureTask<>(probe);
        Thread.ofVirtual().name("probe-of-the-source").start(asked);
        try {
            return asked.get(deadline.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            asked.cancel(true);
            return new DirectProbe(Optional.of("the source, asked directly, did not answer within " + deadline.toMillis() + " ms"), deadline.toMillis());
        } catch (InterruptedException stopped) {
            asked.cancel(true);
            Thread.currentThread().interrupt();
            throw new OutsideException("The operator stops, so the source was not asked directly.", true);
        } catch (ExecutionException failed) {
            throw new IllegalStateException(failed.getCause());
        }
    }

    private DirectProbe probed(FrontAddress address, String web) {
        var slowest = 0L;
        for (var path : PROBED) {
            var began = System.nanoTime();
            var fault = probe.fault(address, web, path);
            slowest = Math.max(slowest, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
            if (fault.isPresent()) {
                return new DirectProbe(fault, slowest);
            }
        }
        return new DirectProbe(Optional.empty(), slowest);
    }
}
