package dev.mastodonmigration.target.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.deploy.WorkersPolicy;
import org.junit.jupiter.api.Test;

class OpenToAllTest {
    @Test
    void theChartsNetworkPolicyForWorkersLeavesMastodonsPodsOpen() {
        var names = new WorkloadNames("mastodon", "example", "1");
        assertThat(WorkersPolicy.selects(names.labels(WorkloadNames.WEB))).isFalse();
        assertThat(WorkersPolicy.selects(names.selector(WorkloadNames.STREAMING))).isFalse();
        assertThat(WorkersPolicy.selects(names.labels(EdgeObjects.COMPONENT))).as("it has a policy of its own").isFalse();
    }
}
