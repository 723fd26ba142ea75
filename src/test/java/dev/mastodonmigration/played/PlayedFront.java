package dev.mastodonmigration.played;

import dev.mastodonmigration.edge.DirectProbe;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.edge.EdgeFigures;
import dev.mastodonmigration.edge.Entrance;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.edge.ObservedFront;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.Provisioned;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A front that is there already, and writes down what it was asked. */
public final class PlayedFront implements ObservedFront {
    public Optional<FrontAddress> address;
    private final Edge.Side before;
    public final List<String> asked = new ArrayList<>();
    public final Map<String, Duration> lastRequests = new TreeMap<>();
    public Optional<String> fault = Optional.empty();
    public Optional<EdgeFigures> figures = Optional.empty();
    public Optional<Entrance> entrance = Optional.empty();
    public DirectProbe source = new DirectProbe(Optional.empty(), 40);

    public PlayedFront(FrontAddress address, Edge.Side before) {
        this.address = Optional.of(address);
        this.before = before;
    }

    private Provisioned done(String what) {
        asked.add(what);
        return new Provisioned.Ready(what);
    }

    @Override
    public List<String> violations() {
        return List.of();
    }

    @Override
    public Findings preflight() {
        return Findings.NONE;
    }

    @Override
    public Provisioned ensure() {
        return done("ensure");
    }

    @Override
    public Optional<FrontAddress> address() {
        return address;
    }

    @Override
    public Edge.Side before() {
        return before;
    }

    @Override
    public Provisioned hold() {
        return done("hold");
    }

    @Override
    public Provisioned letGo(Edge.Side side) {
        return done("let go to " + side);
    }

    @Override
    public Optional<String> unhealthy() {
        return fault;
    }

    @Override
    public DirectProbe probeSource() {
        return source;
    }

    @Override
    public Optional<Entrance> entrance() {
        return entrance;
    }

    @Override
    public Optional<EdgeFigures> measured() {
        return figures;
    }

    @Override
    public Provisioned remove() {
        return done("remove");
    }

    @Override
    public Map<String, Duration> lastRequests() {
        return lastRequests;
    }

    @Override
    public Provisioned leftAlone(Duration since) {
        return lastRequests.values().stream().anyMatch(last -> last.compareTo(since) < 0) ? new Provisioned.Working("users still come") : new Provisioned.Ready("");
    }

    @Override
    public Optional<String> source(String domain) {
        return Optional.of("calm-sea-1.herokudns.com");
    }

    @Override
    public String entrance(String domain) {
        return "the entrance of " + domain;
    }

    @Override
    public Provisioned handOver() {
        return done("hand over");
    }

    @Override
    public void forget() {
        asked.add("forget");
    }

    @Override
    public List<String> byHand(Edge.Side side) {
        return List.of();
    }
}
