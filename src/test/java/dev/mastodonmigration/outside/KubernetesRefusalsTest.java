package dev.mastodonmigration.outside;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.ConnectException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KubernetesRefusalsTest {
    @ParameterizedTest
    @CsvSource({"400,false", "401,true", "403,false", "404,false", "409,true", "422,false", "429,true", "500,true", "503,true"})
    void whatOnlyTheAdminCanChangeDoesNotPass(int code, boolean mayPass) {
        var refused = KubernetesRefusals.of(new KubernetesClientException("for programmers", code,
                new StatusBuilder().withCode(code).withMessage("deployments.apps \"x\" is forbidden: exceeded quota").build()));
        assertThat(refused.mayPass()).isEqualTo(mayPass);
        assertThat(refused).hasMessage("The Kubernetes API refused a request: deployments.apps \"x\" is forbidden: exceeded quota");
    }

    @Test
    void anApiThatDoesNotAnswerMayAnswerLater() {
        var away = KubernetesRefusals.of(new KubernetesClientException("Operation: [get] for kind: [Secret] failed", new IOException(new ConnectException("Connection refused: kubernetes.default.svc"))));
        assertThat(away.mayPass()).isTrue();
        assertThat(away).hasMessage("The Kubernetes API did not answer: Connection refused: kubernetes.default.svc");
    }
}
