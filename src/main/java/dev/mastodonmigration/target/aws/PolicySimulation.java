package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.iam.model.ContextEntry;
import software.amazon.awssdk.services.iam.model.ContextKeyTypeEnum;
import software.amazon.awssdk.services.iam.model.EvaluationResult;
import software.amazon.awssdk.services.iam.model.OrganizationsDecisionDetail;
import software.amazon.awssdk.services.iam.model.PermissionsBoundaryDecisionDetail;
import software.amazon.awssdk.services.iam.model.PolicyEvaluationDecisionType;

/** Asks IAM what a principal's policies say, by SimulatePrincipalPolicy: those of its groups, its permissions boundary and its organization's count too, and nothing is done. */
final class PolicySimulation {
    /** Of a call with several actions that IAM does not evaluate together ("require different authorization information"). */
    private static final String INVALID = "InvalidInput";
    /** IAM names each key that some policy of the principal looks at and the question is not about, whether it matters or not: of those that the examples look at, we know that it does not. */
    private static final Set<String> OURS = PolicyStatement.all().stream().flatMap(statement -> statement.conditions().values().stream()).flatMap(keys -> keys.keySet().stream()).collect(Collectors.toSet());
    private final IamClient iam;
    private final String principal;

    /** What IAM says of one question. */
    enum Verdict {
        ALLOWED,
        /** No statement allows it. */
        MISSING,
        /** A statement denies it, which no other outweighs. */
        DENIED,
        /** The policies may allow it, and the permissions boundary does not. */
        OUT_OF_BOUNDS,
        /** It depends on what IAM cannot know here: a condition on something else than we ask, or a policy of the organization, whose conditions are not simulated (IAM User Guide, policy simulator). */
        UNKNOWN
    }

    private record Together(String service, String resource, Map<String, List<String>> context) {}

    PolicySimulation(IamClient iam, String principal) {
        this.iam = iam;
        this.principal = principal;
    }

    /** @throws AwsException when IAM does not say */
    Map<PermissionQuestion, Verdict> of(List<PermissionQuestion> questions) {
        var verdicts = new HashMap<PermissionQuestion, Verdict>();
        questions.stream().collect(Collectors.groupingBy(question -> new Together(question.service(), question.resource(), question.context()), LinkedHashMap::new, Collectors.toList()))
                .forEach((together, some) -> results(together, some).forEach(result -> some.stream().filter(question -> question.action().equals(result.evalActionName()))
                        .forEach(question -> verdicts.put(question, verdict(result)))));
        var untold = questions.stream().filter(question -> !verdicts.containsKey(question)).map(PermissionQuestion::action).distinct().toList();
        if (!untold.isEmpty()) {
            throw new AwsException("", "IAM was asked whether " + String.join(", ", untold) + " is allowed, and did not say.", true);
        }
        return verdicts;
    }

    private List<EvaluationResult> results(Together together, List<PermissionQuestion> some) {
        var actions = some.stream().map(PermissionQuestion::action).distinct().toList();
        try {
            return results(together, actions.toArray(String[]::new));
        } catch (AwsException refused) {
            if (!refused.code().equals(INVALID) || actions.size() == 1) {
                throw refused;
            }
            var each = new ArrayList<EvaluationResult>();
            actions.forEach(action -> each.addAll(results(together, action)));
            return each;
        }
    }

    private List<EvaluationResult> results(Together together, String... actions) {
        return asking(() -> iam.simulatePrincipalPolicyPaginator(call -> call.policySourceArn(principal).actionNames(actions).resourceArns(together.resource()).contextEntries(entries(together.context())))
                .evaluationResults().stream().toList());
    }

    private static List<ContextEntry> entries(Map<String, List<String>> context) {
        return context.entrySet().stream().map(entry -> ContextEntry.builder().contextKeyName(entry.getKey()).contextKeyValues(entry.getValue())
                .contextKeyType(entry.getValue().size() == 1 ? ContextKeyTypeEnum.STRING : ContextKeyTypeEnum.STRING_LIST).build()).toList();
    }

    private static Verdict verdict(EvaluationResult result) {
        if (result.evalDecision() == PolicyEvaluationDecisionType.ALLOWED) {
            return Verdict.ALLOWED;
        }
        var missing = Stream.concat(result.missingContextValues().stream(), result.resourceSpecificResults().stream().flatMap(one -> one.missingContextValues().stream()));
        var byOrganization = Optional.ofNullable(result.organizationsDecisionDetail()).map(OrganizationsDecisionDetail::allowedByOrganizations);
        if (byOrganization.filter(Boolean.FALSE::equals).isPresent() || missing.anyMatch(key -> !OURS.contains(key))) {
            return Verdict.UNKNOWN;
        }
        var byBoundary = Optional.ofNullable(result.permissionsBoundaryDecisionDetail()).map(PermissionsBoundaryDecisionDetail::allowedByPermissionsBoundary);
        return result.evalDecision() == PolicyEvaluationDecisionType.EXPLICIT_DENY ? Verdict.DENIED : byBoundary.filter(Boolean.FALSE::equals).isPresent() ? Verdict.OUT_OF_BOUNDS : Verdict.MISSING;
    }
}
