package dev.mastodonmigration.embedded.aws;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Who calls, and what that one's policies say when IAM is asked to simulate them, or EC2 to try a call (DryRun). moto knows no simulation, allows everything, and answers as nobody. What is really
 * called is allowed whatever the policies say: tests hold a policy against recorded calls.
 */
public final class Callers {
    private static final String NOBODY = "arn:aws:sts::123456789012:user/moto";
    private static final String NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/";
    private static final int PAGE = 100;
    private static final String IAM = "arn:aws:iam::123456789012:";

    /** What IAM asks of the policies. */
    public record Asked(String action, String resource, Map<String, List<String>> context) {}

    /** What the policies say: {@code decision} in IAM's word. */
    public record Said(String decision, List<String> missingContext, boolean organizationAllows, Optional<Boolean> boundaryAllows) {
        public static Said of(String decision) {
            return new Said(decision, List.of(), true, Optional.empty());
        }
    }

    private String arn;
    private String principal;
    private Function<Asked, Said> policies;
    private int page;

    Callers() {
        clear();
    }

    void clear() {
        as(IAM + "user/migration-operator");
        policies = asked -> Said.of("allowed");
        page = PAGE;
    }

    /** AWS may return fewer than were asked for, and then says so. */
    public void answer(int atOnce) {
        page = atOnce;
    }

    /** @param caller as GetCallerIdentity tells it */
    public void as(String caller) {
        arn = caller;
        principal = caller;
    }

    /** @param role whose policies IAM knows, of which the caller has a session */
    public void as(String caller, String role) {
        arn = caller;
        principal = role;
    }

    public void may(Function<Asked, Said> what) {
        policies = what;
    }

    AwsAnswer identity(AwsCall call, Upstream moto) {
        var answer = moto.pass(call);
        return new AwsAnswer(answer.status(), answer.contentType(), answer.body().replace(NOBODY, arn));
    }

    AwsAnswer simulate(AwsCall call) throws AwsRefusal {
        var source = call.parameter("PolicySourceArn").orElse("");
        if (!source.matches("arn:aws:iam::\\d+:(user|role|group)/.+")) {
            throw new AwsRefusal("InvalidInput", "Invalid Entity Arn: " + source + " does not clearly define entity type and name.");
        }
        if (!source.equals(principal)) {
            throw new AwsRefusal(404, "NoSuchEntity", source + " cannot be found.");
        }
        var actions = call.list("ActionNames");
        if (actions.size() > 1 && actions.contains("iam:PassRole") || actions.stream().map(action -> action.split(":")[0]).distinct().count() > 1) {
            throw new AwsRefusal("InvalidInput", "Invalid Input Actions: " + actions + " require different authorization information.");
        }
        var resources = call.list("ResourceArns").isEmpty() ? List.of("*") : call.list("ResourceArns");
        var context = context(call);
        var asked = actions.stream().flatMap(action -> resources.stream().map(resource -> new Asked(action, resource, context))).toList();
        var from = call.parameter("Marker").map(Integer::parseInt).orElse(0);
        var to = Math.min(asked.size(), from + page);
        return AwsAnswer.result(call.action(), NAMESPACE, "<IsTruncated>" + (to < asked.size()) + "</IsTruncated>" + (to < asked.size() ? "<Marker>" + to + "</Marker>" : "") + "<EvaluationResults>"
                + asked.subList(from, to).stream().map(this::evaluated).collect(Collectors.joining()) + "</EvaluationResults>");
    }

    private String evaluated(Asked asked) {
        var said = policies.apply(asked);
        return "<member><EvalActionName>" + asked.action() + "</EvalActionName><EvalResourceName>" + asked.resource() + "</EvalResourceName><EvalDecision>" + said.decision() + "</EvalDecision><MatchedStatements/>"
                + "<MissingContextValues>" + said.missingContext().stream().map(key -> "<member>" + key + "</member>").collect(Collectors.joining()) + "</MissingContextValues>"
                + "<OrganizationsDecisionDetail><AllowedByOrganizations>" + said.organizationAllows() + "</AllowedByOrganizations></OrganizationsDecisionDetail>"
                + said.boundaryAllows().map(allows -> "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>" + allows + "</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>").orElse("") + "</member>";
    }

    private static Map<String, List<String>> context(AwsCall call) {
        var context = new TreeMap<String, List<String>>();
        IntStream.iterate(1, n -> call.parameters().containsKey("ContextEntries.member." + n + ".ContextKeyName"), n -> n + 1).mapToObj(n -> "ContextEntries.member." + n + ".")
                .forEach(entry -> context.put(call.parameters().get(entry + "ContextKeyName"), call.list(entry + "ContextKeyValues")));
        return context;
    }

    /** EC2 answers each of these with an error. */
    AwsAnswer dryRun(AwsCall call) throws AwsRefusal {
        for (var asked : asked(call)) {
            if (!policies.apply(asked).decision().equals("allowed")) {
                throw new AwsRefusal(403, "UnauthorizedOperation", "You are not authorized to perform this operation. User: " + arn + " is not authorized to perform: " + asked.action() + " on resource: " + asked.resource()
                        + " because no identity-based policy allows the " + asked.action() + " action. Encoded authorization failure message: 9d1e");
            }
        }
        throw new AwsRefusal(412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.");
    }

    private static List<Asked> asked(AwsCall call) throws AwsRefusal {
        var all = new ArrayList<Asked>();
        var tag = tag(call);
        switch (call.action()) {
            case "CreateSecurityGroup" -> {
                all.add(new Asked(call.name(), ec2("vpc/" + call.parameter("VpcId").orElse("")), Map.of()));
                all.addAll(created(call, tag, "security-group"));
            }
            case "CreateLaunchTemplate" -> all.addAll(created(call, tag, "launch-template"));
            case "RunInstances" -> {
                Stream.of("image", "subnet", "security-group", "network-interface").forEach(kind -> all.add(new Asked(call.name(), ec2(kind + "/" + kind + "-0"), Map.of())));
                all.addAll(created(call, tag, "instance"));
                all.addAll(created(call, tag, "volume"));
            }
            default -> throw new AwsRefusal("InvalidParameterValue", "nobody has looked up yet what EC2 checks in a dry run of " + call.action());
        }
        return all;
    }

    private static List<Asked> created(AwsCall call, Map<String, List<String>> tag, String kind) {
        var tagging = new TreeMap<>(tag);
        tagging.put("ec2:CreateAction", List.of(call.action()));
        return List.of(new Asked(call.name(), ec2(kind + "/" + kind + "-0"), tag), new Asked("ec2:CreateTags", ec2(kind + "/" + kind + "-0"), tagging));
    }

    private static Map<String, List<String>> tag(AwsCall call) {
        var key = Pattern.compile("TagSpecification\\.1\\.Tag\\.(\\d+)\\.Key");
        return call.parameters().entrySet().stream().filter(entry -> key.matcher(entry.getKey()).matches())
                .collect(Collectors.toMap(entry -> "aws:RequestTag/" + entry.getValue(), entry -> List.of(call.parameters().get(entry.getKey().replace(".Key", ".Value")))));
    }

    private static String ec2(String resource) {
        return "arn:aws:ec2:eu-central-1:" + (resource.startsWith("image/") ? "" : "123456789012") + ":" + resource;
    }
}
