package dev.mastodonmigration.played;

import dev.mastodonmigration.edge.DirectProbe;
import dev.mastodonmigration.edge.DnsSight;
import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.edge.EdgeFigures;
import dev.mastodonmigration.edge.Entrance;
import dev.mastodonmigration.edge.FrontAddress;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.Provisioned;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** An edge that writes down what it was asked, and takes a look to do it. */
public final class PlayedEdge implements Edge {
    private final Trouble trouble;
    public final List<String> asked = new ArrayList<>();
    public boolean forgotten;
    public Optional<EdgeFigures> figures = Optional.empty();
    public Optional<Entrance> entrance = Optional.empty();
    /** How often it was asked what it measured. */
    public int measurements;
    private String pending = "";
    private int share;
    /** What is wrong with it, as whoever asks by way of it is told by the source. */
    public Supplier<Optional<String>> health = Optional::empty;

    public PlayedEdge(Trouble trouble) {
        this.trouble = trouble;
    }

    private Provisioned act(String what) {
        trouble.may("edge." + what);
        if (asked.contains(what)) {
            return new Provisioned.Ready(what);
        }
        if (!pending.equals(what)) {
            pending = what;
            return new Provisioned.Working("not yet: " + what);
        }
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
        return act("ensure");
    }

    @Override
    public List<Integer> steps() {
        return List.of(10, 100);
    }

    @Override
    public Provisioned weight(int percent) {
        share = percent;
        return act("weight " + percent);
    }

    @Override
    public int share() {
        return share;
    }

    @Override
    public Provisioned lower(int percent) {
        share = percent;
        return act("lower to " + percent);
    }

    @Override
    public List<DnsSight> sights() {
        return List.of();
    }

    @Override
    public List<String> backByHand() {
        return List.of();
    }

    @Override
    public DirectProbe probeSource() {
        return new DirectProbe(Optional.empty(), 20);
    }

    @Override
    public Provisioned hold() {
        return act("hold");
    }

    @Override
    public Provisioned letGo(Side side) {
        return act("let go to " + side);
    }

    @Override
    public Optional<String> unhealthy() {
        return health.get();
    }

    @Override
    public Optional<Entrance> entrance() {
        return entrance;
    }

    @Override
    public Optional<EdgeFigures> measured() {
        measurements++;
        trouble.may("edge.measured");
        return figures;
    }

    @Override
    public Provisioned restore() {
        return act("restore");
    }

    /** Not written down: it is asked all the time. */
    @Override
    public Provisioned keep(Side side) {
        trouble.may("edge.keep");
        return new Provisioned.Ready("");
    }

    @Override
    public Provisioned handOver() {
        return act("hand over");
    }

    @Override
    public FrontAddress address(String domain) {
        return new FrontAddress.Named("front.example.net", Optional.empty());
    }

    @Override
    public List<String> byHand(Side side) {
        return List.of();
    }

    @Override
    public void forget() {
        forgotten = true;
    }
}
