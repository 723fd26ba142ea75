package dev.mastodonmigration.embedded;

import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;

/** Asks a real process whether it is ready, as the kubelet does. */
final class ReadinessProbe {
    private static final int PATIENCE_MILLIS = 1000;

    private ReadinessProbe() {}

    static boolean answers(Pod pod) {
        var container = pod.getSpec().getContainers().getFirst();
        var probe = container.getReadinessProbe().getHttpGet();
        var port = probe.getPort().getIntVal() != null ? probe.getPort().getIntVal()
                : container.getPorts().stream().filter(named -> named.getName().equals(probe.getPort().getStrVal())).findFirst().orElseThrow().getContainerPort();
        try {
            var request = (HttpURLConnection) URI.create("http://" + pod.getStatus().getPodIP() + ":" + port + probe.getPath()).toURL().openConnection();
            request.setConnectTimeout(PATIENCE_MILLIS);
            request.setReadTimeout(PATIENCE_MILLIS);
            var status = request.getResponseCode();
            request.disconnect();
            return status >= 200 && status < 400;
        } catch (IOException notYet) {
            return false;
        }
    }
}
