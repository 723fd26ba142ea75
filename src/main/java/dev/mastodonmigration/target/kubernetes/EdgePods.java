package dev.mastodonmigration.target.kubernetes;

import dev.mastodonmigration.edge.Edge.Side;
import dev.mastodonmigration.edge.EdgeFigures;
import dev.mastodonmigration.edge.SideFigures;
import dev.mastodonmigration.edge.proxy.EdgeClient;
import dev.mastodonmigration.edge.proxy.EdgeReport;
import dev.mastodonmigration.edge.proxy.EdgeState;
import dev.mastodonmigration.edge.proxy.EdgeState.Mode;
import dev.mastodonmigration.outside.KeptSecret;
import io.fabric8.kubernetes.api.model.Pod;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The edge's pods, and what they are to do: written down in a Secret before any of them is told, so that a pod that is made later, and an operator that was killed, know it.
 *
 * @param secret of token and state, which pods have mounted
 */
record EdgePods(OwnedObjects objects, KeptSecret secret, EdgeClient client) {
    private static final int TOKEN_BYTES = 32;
    private static final long MILLIS = 1000;
    /** A pod that is to be gone by then is on a node that does not answer: nobody is sent to it. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /**
     * @param waitsFor  what is still to wait for; empty once every pod had the state before this look
     * @param unreached which of the pods do not reach what of the target, each with why
     */
    record Brought(Optional<String> waitsFor, List<EdgeReport> reports, List<String> unreached) {
        static final Brought NOBODY = new Brought(Optional.empty(), List.of(), List.of());

        private static Brought of(Optional<String> waitsFor, List<Asked> asked) {
            return new Brought(waitsFor, asked.stream().map(Asked::report).flatMap(Optional::stream).toList(), asked.stream().filter(Asked::ready).flatMap(pod -> pod.report().stream().flatMap(report -> report.unreached().stream())
                    .map(unreached -> "pod " + pod.pod() + " does not reach " + unreached)).toList());
        }

        /** Of all of them together. A pod that serves for less than a second tells no rate. */
        EdgeFigures figures() {
            var lately = new EnumMap<Side, SideFigures>(Side.class);
            var perSecond = new EnumMap<Side, Double>(Side.class);
            reports.stream().map(EdgeReport::measured).filter(measured -> measured.latelyMillis() >= MILLIS).forEach(measured -> measured.lately().forEach((side, figures) -> {
                lately.merge(side, figures, SideFigures::plus);
                perSecond.merge(side, figures.requests() * MILLIS / (double) measured.latelyMillis(), Double::sum);
            }));
            var state = reports.stream().map(report -> words(report.state().mode())).distinct().sorted().collect(Collectors.joining(", "));
            return new EdgeFigures(state, reports.size(), reports.stream().mapToInt(EdgeReport::held).sum(), reports.stream().mapToLong(report -> report.measured().longestHeldMillis()).max().orElse(0),
                    reports.stream().mapToLong(EdgeReport::refused).sum(), lately, perSecond);
        }

        private static String words(Mode mode) {
            return mode.name().charAt(0) + mode.name().substring(1).toLowerCase(Locale.ROOT);
        }
    }

    /** @param ready whether Kubernetes sends users to it */
    private record Asked(String pod, String address, boolean ready, EdgeClient.Answer answer) {
        Optional<EdgeReport> report() {
            return answer instanceof EdgeClient.Told told ? Optional.of(told.report()) : Optional.empty();
        }

        /** Why it cannot be said that it has a state; empty where it tells, and where nobody is sent to it. */
        Optional<String> silence() {
            return !ready ? Optional.empty() : switch (answer) {
                case EdgeClient.Told told -> Optional.empty();
                case EdgeClient.NotListening not -> Optional.of(pod + " (nobody listens at " + address + ")");
                case EdgeClient.Silent silent -> Optional.of(pod + " (" + silent.why() + ")");
            };
        }
    }

    /** What is written down; empty before the first time, and where somebody deleted it. */
    Optional<Map<String, String>> values() {
        return secret.read();
    }

    Optional<EdgeState> wanted() {
        return values().map(EdgePods::state);
    }

    private static EdgeState state(Map<String, String> values) {
        return EdgeClient.state(values.get(EdgeObjects.STATE));
    }

    /** Writes down what the first pods are to do. Where pods are there already, which know another token, their successors have this state, of a generation that none had before. */
    Map<String, String> begin(Mode mode) {
        var bytes = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(bytes);
        var values = Map.of(EdgeObjects.TOKEN, HexFormat.of().formatHex(bytes), EdgeObjects.STATE, EdgeClient.json(new EdgeState(mode, Instant.now().getEpochSecond())));
        secret.keep(values);
        return values;
    }

    /** Adds that to what is written down, or changes it. */
    void note(String key, String value) {
        values().ifPresent(now -> {
            var values = new TreeMap<>(now);
            values.put(key, value);
            secret.keep(values);
        });
    }

    /**
     * One look: writes the state down, asks every pod that runs, and tells those that have another. Only a look that finds nobody to tell is the end: a pod that did not listen yet in such a look
     * learns the state from its peers, before it is ready.
     *
     * @param values as {@link #values}
     */
    Brought bring(Map<String, String> values, Mode mode) {
        var token = values.get(EdgeObjects.TOKEN);
        var now = state(values);
        var state = now.mode() == mode ? now : new EdgeState(mode, now.generation() + 1);
        note(EdgeObjects.STATE, EdgeClient.json(state));
        var asked = ask(token);
        var others = asked.stream().filter(pod -> pod.report().filter(report -> !report.state().equals(state)).isPresent()).toList();
        others.stream().filter(pod -> mode != Mode.HOLD && pod.report().get().state().mode() != Mode.HOLD && pod.report().get().state().mode() != mode)
                .map(pod -> client.tell(pod.address(), token, new EdgeState(Mode.HOLD, state.generation() - 1))).toList().forEach(CompletableFuture::join);
        var refusals = others.stream().map(pod -> client.tell(pod.address(), token, state).thenApply(answer -> answer instanceof EdgeClient.Silent silent ? Stream.of(pod.pod() + " (" + silent.why() + ")") : Stream.<String>empty()))
                .toList().stream().flatMap(CompletableFuture::join).toList();
        var silent = Stream.concat(asked.stream().map(Asked::silence).flatMap(Optional::stream), refusals.stream()).toList();
        return Brought.of(!silent.isEmpty() ? Optional.of("waiting for the edge's pod " + String.join(", ", silent)) : !others.isEmpty() ? Optional.of("telling the edge's pods") : Optional.empty(), asked);
    }

    /** Of all that answer, and why of the others that users are sent to nothing is known. */
    Brought look() {
        var asked = values().map(values -> ask(values.get(EdgeObjects.TOKEN))).orElse(List.of());
        var silent = asked.stream().map(Asked::silence).flatMap(Optional::stream).toList();
        return Brought.of(silent.isEmpty() ? Optional.empty() : Optional.of("the edge's pod " + String.join(", ", silent) + " does not answer the operator"), asked);
    }

    private List<Asked> ask(String token) {
        var answers = new TreeMap<String, CompletableFuture<Asked>>();
        running().forEach(pod -> {
            var name = pod.getMetadata().getName();
            var ip = pod.getStatus().getPodIP();
            var address = "http://" + (ip.contains(":") ? "[" + ip + "]" : ip) + ":" + EdgeObjects.CONTROL_PORT;
            answers.put(name, client.ask(address, token).thenApply(answer -> new Asked(name, address, isReady(pod), answer)));
        });
        return answers.values().stream().map(CompletableFuture::join).toList();
    }

    private static boolean isReady(Pod pod) {
        return Optional.ofNullable(pod.getStatus().getConditions()).orElse(List.of()).stream().anyMatch(condition -> "Ready".equals(condition.getType()) && "True".equals(condition.getStatus()));
    }

    /** Those with a container that runs, those that are about to end included: users may still come to them. */
    List<Pod> running() {
        return objects.pods().stream().filter(pod -> EdgeObjects.COMPONENT.equals(pod.getMetadata().getLabels().get(WorkloadNames.COMPONENT)))
                .filter(pod -> pod.getStatus() != null && "Running".equals(pod.getStatus().getPhase()) && pod.getStatus().getPodIP() != null)
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null || Instant.parse(pod.getMetadata().getDeletionTimestamp()).plus(PATIENCE).isAfter(Instant.now())).toList();
    }
}
