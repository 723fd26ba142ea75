package dev.mastodonmigration.deploy;

import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import java.util.Map;

/** Which pods the chart's NetworkPolicy shuts off from everyone but the operator, for tests of those who give pods their labels. */
public final class WorkersPolicy {
    private WorkersPolicy() {}

    public static boolean selects(Map<String, String> labels) {
        var selector = Chart.rendered().only(NetworkPolicy.class).getSpec().getPodSelector();
        return labels.entrySet().containsAll(selector.getMatchLabels().entrySet()) && selector.getMatchExpressions().stream().allMatch(expression ->
                switch (expression.getOperator()) {
                    case "DoesNotExist" -> !labels.containsKey(expression.getKey());
                    case "Exists" -> labels.containsKey(expression.getKey());
                    default -> throw new IllegalStateException("not looked at here: " + expression);
                });
    }
}
