package dev.mastodonmigration.election;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/** Waits until this operator may act, keeps it so, and ends the process the moment it is not so any more: a half-done step must not go on. */
@Singleton
public class Leadership {
    private static final Logger LOG = Logger.getLogger(Leadership.class);
    private static final Duration RENEW_EVERY = Duration.ofSeconds(1);
    private static final Duration LOOK_EVERY = Duration.ofMillis(500);
    private static final Duration TRY_AGAIN_AFTER = Duration.ofMillis(250);
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(1);
    private static final int LOST = 1;
    /** Of letting go: each may take as long as a request. */
    private static final int TRIES = 3;

    private final KubernetesClient client;
    private final Election election;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Thread thread;
    private volatile Runnable act = () -> {};
    private volatile boolean acts;
    private volatile boolean looked;
    private String waitsFor = "";

    /** @param podName the same after the container was started again, so that it need not wait for itself */
    Leadership(Config config, @ConfigProperty(name = "POD_NAME") Optional<String> podName) {
        // A client of its own: an answer that takes longer than this is no answer, and writes of others are guarded.
        client = new KubernetesClientBuilder().withConfig(new ConfigBuilder(config).withRequestTimeout((int) REQUEST_TIMEOUT.toMillis()).withRequestRetryBackoffLimit(0).build()).build();
        election = new Election(new OperatorLease(client, Optional.ofNullable(config.getNamespace()).orElse("default")), podName.orElseGet(Leadership::hostAndRandom), System::nanoTime);
        thread = Thread.ofPlatform().name("leadership").daemon().unstarted(this::run);
    }

    /** Returns at once; {@code act} is called, once, when this operator may act. */
    public void await(Runnable act) {
        this.act = act;
        thread.start();
    }

    /** Whether this operator acts, and its Lease cannot have run out. */
    public boolean mayAct() {
        return election.mayAct();
    }

    /** Another operator was seen to act, and this one is ready to follow it. */
    public boolean waits() {
        return looked && !acts;
    }

    /** Lets another operator act at once. Call it when nothing of this one runs any more. */
    public void letGo() {
        stopped.countDown();
        try {
            thread.join(REQUEST_TIMEOUT.multipliedBy(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        tryToLetGo(TRIES);
    }

    private void tryToLetGo(int tries) {
        try {
            election.letGo();
        } catch (KubernetesClientException e) {
            if (tries > 1) {
                tryToLetGo(tries - 1);
            } else {
                LOG.warnf("The Lease could not be let go, so the next operator acts in %d s: %s", Election.LEASE.toSeconds(), e.getMessage());
            }
        }
    }

    @PreDestroy
    void close() {
        client.close();
    }

    private void run() {
        var pause = Duration.ZERO;
        while (!isStoppedWithin(pause)) {
            pause = look();
        }
    }

    private Duration look() {
        try {
            var standing = election.look();
            looked = true;
            switch (standing) {
                case ACTS -> begin();
                case WAITS -> sayForWhom(election.holder().orElse("another operator"));
                case LOST -> end("operator " + election.holder().orElse("unknown") + " or a hand has taken the Lease " + OperatorLease.NAME);
            }
            return acts ? RENEW_EVERY : LOOK_EVERY;
        } catch (RuntimeException e) {
            // Whatever it is: this thread is the one that ends the process in time.
            if (acts && !election.mayAct()) {
                end("the Lease " + OperatorLease.NAME + " could not be renewed: " + e.getMessage());
            }
            LOG.warnf("The Lease %s could not be %s, trying again: %s", OperatorLease.NAME, acts ? "renewed" : "read", e.getMessage());
            return TRY_AGAIN_AFTER;
        }
    }

    /** In another thread, because renewing must not wait for it. */
    private void begin() {
        if (!acts) {
            acts = true;
            LOG.info("This operator acts now: it holds the Lease " + OperatorLease.NAME + ".");
            Thread.ofPlatform().name("operator").start(() -> {
                try {
                    act.run();
                } catch (RuntimeException e) {
                    LOG.error("The operator could not start", e);
                    Runtime.getRuntime().halt(LOST);
                }
            });
        }
    }

    private void sayForWhom(String holder) {
        if (!waitsFor.equals(holder)) {
            waitsFor = holder;
            LOG.infof("%s acts; this operator takes over when it ends.", holder);
        }
    }

    /** No orderly shutdown: whatever runs here would go on meanwhile, beside the operator that acts by now. */
    private static void end(String why) {
        LOG.errorf("This operator ends, so that no two act at once: %s.", why);
        Runtime.getRuntime().halt(LOST);
    }

    private boolean isStoppedWithin(Duration pause) {
        try {
            return stopped.await(pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /** Two operators on one host are two. */
    private static String hostAndRandom() {
        try {
            return InetAddress.getLocalHost().getHostName() + "_" + UUID.randomUUID();
        } catch (UnknownHostException e) {
            return "operator_" + UUID.randomUUID();
        }
    }
}
