package dev.mastodonmigration.embedded.aws;

/** Who terminates an instance that is terminated is told so again. moto looks for its network interface, which is gone. */
final class TerminatedAgain {
    private TerminatedAgain() {}

    static AwsAnswer terminate(AwsCall call, Upstream moto) {
        var answer = moto.pass(call);
        return answer.code().filter("InvalidNetworkInterfaceID.NotFound"::equals).isEmpty() ? answer
                : AwsAnswer.xml(200, "<TerminateInstancesResponse><requestId>00000000-0000-4000-8000-000000000000</requestId><instancesSet/></TerminateInstancesResponse>");
    }
}
