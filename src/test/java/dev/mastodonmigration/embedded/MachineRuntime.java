package dev.mastodonmigration.embedded;

/** What plays the containers of machines on EC2. */
public interface MachineRuntime {
    /** Starts what runs until it is ended. */
    MachineProcess start(MachineContainer container);

    /** Runs a smoke test. @return its exit code; its words are where the environment says */
    int smokeTest(MachineContainer container);
}
