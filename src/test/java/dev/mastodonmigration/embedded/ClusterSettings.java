package dev.mastodonmigration.embedded;

import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * How slow and how unkind the embedded cluster is. Each method gives changed settings; what is set here holds from the start, and {@link PodFaults} changes pods later.
 *
 * @param podStart     from a pod's creation until it runs
 * @param status       from the end of a process until its pod's status says so, and again until its Job counts it
 * @param ready        from the start of a container with a readiness probe until the probe says yes
 * @param seed         repeats the delays
 * @param podQuota     pods that the namespace may have
 * @param unknownFields fields of the status that the CRD, an older one, does not know
 * @param faults       what is wrong with pods
 */
public record ClusterSettings(Span podStart, Span status, Span ready, long seed, OptionalInt podQuota, List<String> unknownFields, List<Consumer<PodFaults>> faults) {
    /** As a small node was seen to be (Kubernetes 1.36, containerd): for the demo and every end-to-end test. */
    public static ClusterSettings slow() {
        return new ClusterSettings(Span.seconds(2, 3), Span.seconds(1, 2), Span.seconds(1.5, 3), 1, OptionalInt.empty(), List.of(), List.of());
    }

    /** At once: for tests of something else, which would otherwise just wait. */
    public static ClusterSettings fast() {
        return new ClusterSettings(Span.NONE, Span.NONE, Span.NONE, 1, OptionalInt.empty(), List.of(), List.of());
    }

    public ClusterSettings podStart(Duration always) {
        return podStart(always, always);
    }

    public ClusterSettings podStart(Duration atLeast, Duration atMost) {
        return new ClusterSettings(new Span(atLeast, atMost), status, ready, seed, podQuota, unknownFields, faults);
    }

    public ClusterSettings statusDelay(Duration always) {
        return statusDelay(always, always);
    }

    public ClusterSettings statusDelay(Duration atLeast, Duration atMost) {
        return new ClusterSettings(podStart, new Span(atLeast, atMost), ready, seed, podQuota, unknownFields, faults);
    }

    public ClusterSettings readyDelay(Duration always) {
        return readyDelay(always, always);
    }

    public ClusterSettings readyDelay(Duration atLeast, Duration atMost) {
        return new ClusterSettings(podStart, status, new Span(atLeast, atMost), seed, podQuota, unknownFields, faults);
    }

    public ClusterSettings withSeed(long newSeed) {
        return new ClusterSettings(podStart, status, ready, newSeed, podQuota, unknownFields, faults);
    }

    /** The namespace has a ResourceQuota of so many pods: controllers write FailedCreate events and make no more. */
    public ClusterSettings podQuota(int pods) {
        return new ClusterSettings(podStart, status, ready, seed, OptionalInt.of(pods), unknownFields, faults);
    }

    /** The CRD is an older one that lacks these fields of the status, such as {@code downtime.targetWritableAt}: they are pruned without a word. */
    public ClusterSettings olderCrd(String... fields) {
        return new ClusterSettings(podStart, status, ready, seed, podQuota, Stream.concat(unknownFields.stream(), Stream.of(fields)).toList(), faults);
    }

    /** As {@link PodFaults#unpullable}. */
    public ClusterSettings unpullable(String image) {
        return faulty(faults -> faults.unpullable(image));
    }

    /** As {@link PodFaults#crashing}. */
    public ClusterSettings crashing(String pods) {
        return faulty(faults -> faults.crashing(pods));
    }

    /** As {@link PodFaults#ending}. */
    public ClusterSettings ending(String pods, int exitCode, String words) {
        return faulty(faults -> faults.ending(pods, exitCode, words));
    }

    /** As {@link PodFaults#outOfMemory}. */
    public ClusterSettings outOfMemory(String pods) {
        return faulty(faults -> faults.outOfMemory(pods));
    }

    /** As {@link PodFaults#unschedulable}. */
    public ClusterSettings unschedulable(String pods) {
        return faulty(faults -> faults.unschedulable(pods));
    }

    private ClusterSettings faulty(Consumer<PodFaults> fault) {
        return new ClusterSettings(podStart, status, ready, seed, podQuota, unknownFields, Stream.concat(faults.stream(), Stream.of(fault)).toList());
    }
}
