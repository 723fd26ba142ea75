package dev.mastodonmigration.target.aws;

import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.target.aws.PolicySimulation.Verdict;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Says what AWS does not allow, and how to have it allowed. What is to be pasted comes last: an Event has room for a thousand characters. */
record MissingPermissions(String principal) {
    private static final String ITSELF = "ItselfAsksWhatItMay";

    Findings of(Map<PermissionQuestion, Verdict> verdicts) {
        return blocker(verdicts).and(unknown(verdicts));
    }

    private Findings blocker(Map<PermissionQuestion, Verdict> verdicts) {
        var text = new StringBuilder();
        tell(text, verdicts, Verdict.MISSING, "AWS permissions are missing", "");
        tell(text, verdicts, Verdict.OUT_OF_BOUNDS, "AWS permissions are left out by the permissions boundary of " + principal, "Add the policy below to the boundary too. ");
        tell(text, verdicts, Verdict.DENIED, "AWS permissions are denied by a statement with Effect Deny, which no other outweighs", "Have that statement changed in the policies of " + principal + ". ");
        var paste = verdicts.entrySet().stream().filter(entry -> entry.getValue() == Verdict.MISSING || entry.getValue() == Verdict.OUT_OF_BOUNDS).map(Map.Entry::getKey).toList();
        if (!paste.isEmpty()) {
            text.append("Attach this policy to ").append(principal).append(", beside those that it has (the condition Stalled has the whole of it): ").append(policy(paste));
        }
        return text.isEmpty() ? Findings.NONE : AwsFindings.blocker(text.toString().strip());
    }

    private static void tell(StringBuilder text, Map<PermissionQuestion, Verdict> verdicts, Verdict verdict, String what, String then) {
        var actions = actions(verdicts, verdict);
        if (!actions.isEmpty()) {
            text.append(what).append(": ").append(actions).append(". ").append(then);
        }
    }

    private Findings unknown(Map<PermissionQuestion, Verdict> verdicts) {
        var actions = actions(verdicts, Verdict.UNKNOWN);
        return actions.isEmpty() ? Findings.NONE : AwsFindings.note("IAM cannot say whether AWS allows " + principal + " " + actions + ", because a policy of the organization, or a condition on something that is known only when it"
                + " is called, decides about it. If it is refused, the phase that needs it stalls and says so.");
    }

    /** @param why IAM was not asked, or did not say */
    Findings untried(long actions, String why) {
        return actions == 0 ? Findings.NONE : AwsFindings.note("Whether AWS allows " + principal + " the other " + actions + " actions that this migration needs was not tried, because IAM does not say (" + why.replaceAll("\\.$", "")
                + "). One that is missing stalls the phase that needs it, which then names it." + itself());
    }

    /** No policy lets a session be simulated. */
    private String itself() {
        return !principal.contains(":iam:") ? "" : " To have them tried now, attach this policy: " + PolicyStatement.json(PolicyStatement.all().stream().filter(statement -> statement.sid().equals(ITSELF)).map(statement -> statement.with(statement.actions(), List.of(principal))).toList());
    }

    /** What each is for, in the order of the spec. */
    private static String actions(Map<PermissionQuestion, Verdict> verdicts, Verdict verdict) {
        var byPart = new EnumMap<AwsPart, TreeSet<String>>(AwsPart.class);
        verdicts.entrySet().stream().filter(told -> told.getValue() == verdict).map(Map.Entry::getKey)
                .forEach(question -> byPart.computeIfAbsent(question.statement().part(), part -> new TreeSet<>()).add(question.action()));
        return byPart.entrySet().stream().map(part -> String.join(", ", part.getValue()) + " (" + part.getKey().why() + ")").collect(Collectors.joining("; "));
    }

    /** The statements of the examples, with what is missing of each. */
    private static String policy(List<PermissionQuestion> missing) {
        var byStatement = new TreeMap<String, List<PermissionQuestion>>(missing.stream().collect(Collectors.groupingBy(question -> question.statement().sid())));
        return PolicyStatement.json(byStatement.values().stream().map(questions -> questions.getFirst().statement()
                .with(sorted(questions.stream().map(PermissionQuestion::action)), sorted(questions.stream().map(PermissionQuestion::pattern)))).toList());
    }

    private static List<String> sorted(Stream<String> values) {
        return values.distinct().sorted().toList();
    }
}
