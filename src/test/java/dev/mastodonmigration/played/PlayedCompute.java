package dev.mastodonmigration.played;

import dev.mastodonmigration.mastodon.Building;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.probe.Endpoint;
import dev.mastodonmigration.target.Compute;
import dev.mastodonmigration.target.Readiness;
import dev.mastodonmigration.target.SmokeTest;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/** A compute that takes a look to be ready, and more to be created and removed where a test wants it: as machines do. Its revision is the image that the spec names. */
public final class PlayedCompute implements Compute {
    private final Trouble trouble;
    private final Supplier<String> image;
    public final List<String> violations = new ArrayList<>();
    public String deployed = "";
    public int ensured;
    /** What Mastodon's processes were to be given, each once. */
    public final Set<SortedMap<String, String>> environments = new LinkedHashSet<>();
    public boolean sidekiq;
    /** Sidekiq has more pods than usual; and how often it was given them. */
    public boolean burst;
    public int bursts;
    /** Somebody scaled it by hand meanwhile. */
    public boolean scaledByHand;
    /** The spec and the environment want a search index; how far it is. */
    public boolean searches;
    public Building search = Building.GONE;
    /** The instance's commands are run by the clock. */
    public boolean cronJobs;
    public boolean smokeTestLeft;
    /** Why its pods are not ready; empty when nothing keeps them. */
    public String late = "";
    /** What the smoke test says; empty when it passes. */
    public String smokeTestFails = "";
    public int looksUntilCreated;
    public int looksUntilRemoved;
    private int looksUntilReady;

    public PlayedCompute(Trouble trouble, Supplier<String> image) {
        this.trouble = trouble;
        this.image = image;
    }

    @Override
    public List<String> violations() {
        return violations;
    }

    @Override
    public Findings preflight() {
        return Findings.NONE;
    }

    @Override
    public Provisioned ensure(SortedMap<String, String> environment) {
        trouble.may("compute.ensure");
        ensured++;
        environments.add(environment);
        if (looksUntilCreated-- > 0) {
            return new Provisioned.Working("a machine is being created");
        }
        if (!deployed.equals(image.get())) {
            looksUntilReady = 2;
        }
        deployed = image.get();
        return new Provisioned.Ready("");
    }

    @Override
    public Readiness ready() {
        trouble.may("compute.ready");
        var parts = new TreeMap<String, Readiness.Count>();
        looksUntilReady = Math.max(0, looksUntilReady - 1);
        parts.put("web", new Readiness.Count(late.isEmpty() && looksUntilReady == 0 ? 1 : 0, 1));
        parts.put("sidekiq", new Readiness.Count(sidekiq ? 1 : 0, sidekiq ? 1 : 0));
        return new Readiness(parts, deployed.isEmpty() ? List.of("web") : List.of(), late.isEmpty() ? List.of() : List.of(late));
    }

    @Override
    public String revision() {
        return deployed;
    }

    @Override
    public SmokeTest smokeTest() {
        trouble.may("compute.smokeTest");
        if (!smokeTestLeft) {
            smokeTestLeft = true;
            return new SmokeTest.Running("about to start");
        }
        return smokeTestFails.isEmpty() ? new SmokeTest.Passed("passed") : new SmokeTest.Failed(smokeTestFails);
    }

    @Override
    public void removeSmokeTest() {
        trouble.may("compute.removeSmokeTest");
        smokeTestLeft = false;
    }

    @Override
    public boolean runsSidekiq() {
        return sidekiq;
    }

    @Override
    public void startSidekiq() {
        trouble.may("compute.startSidekiq");
        sidekiq = true;
    }

    @Override
    public List<String> burstSidekiq() {
        trouble.may("compute.burstSidekiq");
        if (!sidekiq) {
            throw new AssertionError("no Sidekiq runs yet");
        }
        bursts += burst ? 0 : 1;
        burst = true;
        return List.of("example-social-sidekiq-default");
    }

    @Override
    public List<String> calmSidekiq() {
        trouble.may("compute.calmSidekiq");
        burst = false;
        return scaledByHand ? List.of("example-social-sidekiq-default") : List.of();
    }

    @Override
    public void startSearch() {
        trouble.may("compute.startSearch");
        search = search == Building.GONE && searches ? Building.WAITING : search;
    }

    @Override
    public Building search() {
        trouble.may("compute.search");
        return search;
    }

    @Override
    public String searchJob() {
        return "job/search";
    }

    @Override
    public void removeSearch() {
        search = search == Building.ENDED ? Building.GONE : search;
    }

    @Override
    public List<String> ensureCronJobs() {
        trouble.may("compute.ensureCronJobs");
        cronJobs = true;
        return List.of("example-social-cron-profiles");
    }

    @Override
    public Entrances entrances() {
        return new Entrances("what stands in front of Service web:3000", "what stands in front of Service streaming:4000");
    }

    @Override
    public Optional<Endpoint> endpoint() {
        trouble.may("compute.endpoint");
        return Optional.of(new Endpoint(URI.create("http://web:3000"), URI.create("http://streaming:4000")));
    }

    @Override
    public Provisioned remove() {
        trouble.may("compute.remove");
        if (looksUntilRemoved-- > 0) {
            return new Provisioned.Working("a machine is being removed");
        }
        deployed = "";
        sidekiq = false;
        cronJobs = false;
        smokeTestLeft = false;
        return new Provisioned.Ready("Nothing of it is left");
    }

    @Override
    public void refuseForeignFeeds() {}

    @Override
    public void startFeeds() {}

    @Override
    public Building feeds() {
        return Building.ENDED;
    }

    @Override
    public String feedsJob() {
        return "job/feeds";
    }

    @Override
    public void removeFeeds() {}
}
