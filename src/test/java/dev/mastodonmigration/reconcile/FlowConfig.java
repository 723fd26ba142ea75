package dev.mastodonmigration.reconcile;

import dev.mastodonmigration.OperatorConfig;
import java.util.List;
import java.util.Optional;

/** The settings of an operator whose Heroku is the stub. */
record FlowConfig(String herokuApiUrl) implements OperatorConfig {
    @Override
    public String workerImage() {
        return "worker:test";
    }

    @Override
    public Optional<List<String>> workerImagePullSecrets() {
        return Optional.empty();
    }

    @Override
    public Optional<String> herokuRouterUrl() {
        return Optional.empty();
    }

    @Override
    public Optional<String> nameServer() {
        return Optional.empty();
    }

    @Override
    public Optional<String> frontUrl() {
        return Optional.empty();
    }

    @Override
    public int workerPort() {
        return ScriptedJobs.PORT;
    }
}
