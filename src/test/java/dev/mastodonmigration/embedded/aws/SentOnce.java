package dev.mastodonmigration.embedded.aws;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** A client token makes a launch happen once, in one zone: moto launches again. */
final class SentOnce {
    private static final Set<String> NOT_COMPARED = Set.of("Action", "Version", "ClientToken");

    private record Launch(Map<String, String> parameters, AwsAnswer answer) {}

    private final Map<String, Launch> launches = new HashMap<>();

    AwsAnswer run(AwsCall call, Upstream moto) throws AwsRefusal {
        var token = call.parameter("ClientToken");
        if (token.isEmpty()) {
            return moto.pass(call);
        }
        if (token.get().length() > 64) {
            throw new AwsRefusal("InvalidParameterValue", "The client token is longer than 64 characters");
        }
        var key = call.region() + "/" + zone(call, moto) + "/" + token.get();
        var parameters = new HashMap<>(call.parameters());
        parameters.keySet().removeAll(NOT_COMPARED);
        var before = launches.get(key);
        if (before != null) {
            if (!before.parameters().equals(parameters)) {
                throw new AwsRefusal("IdempotentParameterMismatch", "The request uses the same client token as a previous, but non-identical request. Do not reuse a client token with different requests, "
                        + "unless the requests are identical");
            }
            if (isTerminated(before.answer(), call, moto)) {
                throw new AwsRefusal("IdempotentInstanceTerminated", "The request to launch an instance uses the same client token as a previous request for which the instance has been terminated.");
            }
            return before.answer();
        }
        var answer = moto.pass(call);
        if (answer.isSuccess()) {
            launches.put(key, new Launch(parameters, answer));
        }
        return answer;
    }

    private static boolean isTerminated(AwsAnswer launched, AwsCall call, Upstream moto) {
        var instance = Xml.all(launched.document(), "instanceId").getFirst().getTextContent();
        var answer = moto.call(call, "ec2", "DescribeInstances", Map.of("InstanceId.1", instance));
        return !answer.isSuccess() || Xml.all(answer.document(), "instanceState").stream().anyMatch(state -> Xml.value(state, "name").orElse("").equals("terminated"));
    }

    /** Where a zone is given, and a subnet gives it, the token holds there only. */
    private static String zone(AwsCall call, Upstream moto) {
        var subnet = call.parameter("SubnetId").or(() -> call.parameter("NetworkInterface.1.SubnetId"));
        if (subnet.isEmpty()) {
            return call.parameter("Placement.AvailabilityZone").orElse("");
        }
        var answer = moto.call(call, "ec2", "DescribeSubnets", Map.of("SubnetId.1", subnet.get()));
        return answer.isSuccess() ? Xml.all(answer.document(), "availabilityZone").getFirst().getTextContent() : "";
    }

    void clear() {
        launches.clear();
    }
}
