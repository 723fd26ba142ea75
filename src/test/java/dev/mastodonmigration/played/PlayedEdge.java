package dev.mastodonmigration.played;

import dev.mastodonmigration.edge.Edge;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.Provisioned;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An edge that writes down what it was asked, and takes a look to do it. */
public final class PlayedEdge implements Edge {
    private final Trouble trouble;
    public final List<String> asked = new ArrayList<>();
    public boolean forgotten;
    private String pending = "";

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
        return act("weight " + percent);
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
        return Optional.empty();
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
    public List<String> byHand(Side side) {
        return List.of();
    }

    @Override
    public void forget() {
        forgotten = true;
    }
}
