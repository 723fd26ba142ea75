package dev.mastodonmigration.edge.proxy;

import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.SideFigures;
import dev.mastodonmigration.edge.proxy.EdgeState.Mode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.ToLongFunction;

/** A report in the text format that Prometheus scrapes (version 0.0.4), written here because no library on the class path writes it. */
final class MetricsText {
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
    private static final String PREFIX = "mastodon_edge_";
    private static final double MILLIS = 1000;
    private final StringBuilder text = new StringBuilder();

    private MetricsText() {}

    static String of(EdgeReport report) {
        var metrics = new MetricsText();
        metrics.state(report);
        metrics.held(report);
        metrics.bySide("requests_under_way", "gauge", "Requests that a side has and has not answered to the end.", report.underWay(), Integer::longValue);
        metrics.bySide("streams_open", "gauge", "Websockets and event streams.", report.lasting(), Integer::longValue);
        metrics.sides(report.measured().total());
        return metrics.text.toString();
    }

    private void state(EdgeReport report) {
        head("state", "gauge", "1 for who answers: source, target, or hold, in which requests wait.");
        for (var mode : Mode.values()) {
            line("state", "{state=\"" + label(mode) + "\"}", report.state().mode() == mode ? 1 : 0);
        }
        single("state_generation", "gauge", "Grows with each change of the state; all pods of an edge have the same.", report.state().generation());
    }

    private void held(EdgeReport report) {
        single("requests_waiting", "gauge", "Requests that wait now.", report.held());
        single("requests_held_total", "counter", "Requests that had to wait.", report.measured().heldTotal());
        single("requests_refused_total", "counter", "Requests that waited too long, or were one too many, and were told 503.", report.refused());
        single("requests_for_other_hosts_total", "counter", "Requests for a host that is none of the instance's, which nobody serves.", report.measured().unserved());
        head("longest_hold_seconds", "gauge", "The longest that a request waited, or waits.");
        text.append(PREFIX).append("longest_hold_seconds ").append(report.measured().longestHeldMillis() / MILLIS).append('\n');
    }

    private void sides(Map<Side, SideFigures> sides) {
        head("answers_total", "counter", "Answers of a side, by class of their status.");
        each(sides, (side, figures) -> {
            for (var first = 1; first <= SideFigures.CLASSES; first++) {
                line("answers_total", "{side=\"" + side + "\",class=\"" + first + "xx\"}", figures.answers().get(first - 1));
            }
        });
        bySide("failures_total", "counter", "Requests that a side did not answer, or could not place: users were told 503.", sides, SideFigures::failures);
        bySide("rate_limited_total", "counter", "Answers of 429: all users together have one rate limit where the side does not trust the edge.", sides, SideFigures::rateLimited);
        bySide("deliveries_total", "counter", "Answers to deliveries to an inbox.", sides, SideFigures::deliveries);
        bySide("inbox_refusals_total", "counter", "Deliveries to an inbox answered so that the sending server gives the post up.", sides, SideFigures::inboxRefusals);
        head("answer_seconds", "histogram", "Time until an answer began, without what its request waited in the edge.");
        each(sides, this::histogram);
    }

    private void histogram(String side, SideFigures figures) {
        var counted = 0L;
        for (var place = 0; place < figures.latencies().size(); place++) {
            counted += figures.latencies().get(place);
            line("answer_seconds_bucket", "{side=\"" + side + "\",le=\"" + (place < SideFigures.BOUNDS_MILLIS.size() ? String.valueOf(SideFigures.BOUNDS_MILLIS.get(place) / MILLIS) : "+Inf") + "\"}", counted);
        }
        text.append(PREFIX).append("answer_seconds_sum{side=\"").append(side).append("\"} ").append(figures.latencyMillis() / MILLIS).append('\n');
        line("answer_seconds_count", "{side=\"" + side + "\"}", counted);
    }

    private <T> void bySide(String name, String type, String help, Map<Side, T> sides, ToLongFunction<T> value) {
        head(name, type, help);
        each(sides, (side, of) -> line(name, "{side=\"" + side + "\"}", value.applyAsLong(of)));
    }

    private static <T> void each(Map<Side, T> sides, BiConsumer<String, T> one) {
        List.of(Side.values()).stream().filter(sides::containsKey).forEach(side -> one.accept(label(side), sides.get(side)));
    }

    private static String label(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private void single(String name, String type, String help, long value) {
        head(name, type, help);
        line(name, "", value);
    }

    private void head(String name, String type, String help) {
        text.append("# HELP ").append(PREFIX).append(name).append(' ').append(help).append("\n# TYPE ").append(PREFIX).append(name).append(' ').append(type).append('\n');
    }

    private void line(String name, String labels, long value) {
        text.append(PREFIX).append(name).append(labels).append(' ').append(value).append('\n');
    }
}
