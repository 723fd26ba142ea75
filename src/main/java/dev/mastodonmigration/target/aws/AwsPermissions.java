package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.api.MastodonMigration;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.outside.Findings;
import dev.mastodonmigration.target.aws.PolicySimulation.Verdict;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.ec2.model.Subnet;

/**
 * Finds out in Preflight whether AWS will let the operator do all that a migration needs, and says what is missing as a policy to paste. IAM is asked; where it may not be asked, EC2's dry runs
 * say what they can. What was allowed a moment ago is not asked again while other things are fixed.
 */
@Singleton
public class AwsPermissions {
    private static final Duration BELIEVED = Duration.ofMinutes(10);
    /** IAM does not answer this caller, or not about it. */
    private static final Set<String> UNANSWERED = Set.of("AccessDenied", "AccessDeniedException", "NoSuchEntity", "InvalidInput", "ValidationError");
    private static final Set<String> NO_SUBNET = Set.of("InvalidSubnetID.NotFound", "InvalidSubnetId.Malformed", "UnauthorizedOperation");
    private final AwsClients clients;
    private final InstantSource clock;
    private final Map<String, Granted> granted = new ConcurrentHashMap<>();

    private record Granted(AwsCaller to, Instant since, Set<PermissionQuestion> questions) {}

    @Inject
    public AwsPermissions(AwsClients clients) {
        this(clients, InstantSource.system());
    }

    AwsPermissions(AwsClients clients, InstantSource clock) {
        this.clients = clients;
        this.clock = clock;
    }

    /** What the admin has to allow, and what could not be tried; changes nothing. */
    public Findings of(MastodonMigration migration) {
        if (migration.getSpec().aws() == null) {
            return Findings.NONE;
        }
        var backup = SpecDefaults.backupBucket(migration.getSpec()).map(bucket -> AwsFindings.tried(() -> new BackupBucketLook(migration, clients.of(migration)).look(bucket))).orElse(Findings.NONE);
        return backup.and(NeededPermissions.any(migration.getSpec()) ? AwsFindings.tried(() -> look(migration, clients.of(migration))) : Findings.NONE);
    }

    private Findings look(MastodonMigration migration, AwsApi api) {
        var caller = AwsCaller.of(api);
        if (caller.isRoot()) {
            return Findings.NONE;
        }
        var vpc = vpc(migration, api);
        var before = before(migration, caller);
        var open = new NeededPermissions(migration, api.region(), caller.account(), vpc).questions().stream().filter(question -> !before.questions().contains(question)).toList();
        if (open.isEmpty()) {
            return Findings.NONE;
        }
        var principal = caller.principal(api);
        if (principal.isEmpty()) {
            return dryRuns(migration, api, vpc, open, new MissingPermissions(caller.arn()), "IAM simulates the policies of users and roles alone");
        }
        try {
            var verdicts = new PolicySimulation(api.iam(), principal.get()).of(open);
            keep(migration, before, verdicts);
            return new MissingPermissions(principal.get()).of(verdicts);
        } catch (AwsException refused) {
            if (!UNANSWERED.contains(refused.code())) {
                throw refused;
            }
            return dryRuns(migration, api, vpc, open, new MissingPermissions(principal.get()), refused.getMessage());
        }
    }

    private static Findings dryRuns(MastodonMigration migration, AwsApi api, Optional<String> vpc, List<PermissionQuestion> open, MissingPermissions words, String why) {
        var said = new Ec2DryRuns(api.ec2(), AwsNames.of(migration), vpc, AwsPart.ec2(migration.getSpec())).of(open.stream().map(PermissionQuestion::action).collect(Collectors.toSet()));
        var refused = open.stream().filter(question -> said.refused().contains(question.action())).collect(Collectors.toMap(Function.identity(), question -> Verdict.MISSING));
        var untried = open.stream().map(PermissionQuestion::action).filter(action -> !said.tried().contains(action) && !said.refused().contains(action)).distinct().count();
        return words.of(refused).and(words.untried(untried, why));
    }

    private Granted before(MastodonMigration migration, AwsCaller caller) {
        var now = clock.instant();
        return Optional.ofNullable(granted.get(migration.getMetadata().getUid())).filter(known -> known.to().equals(caller) && now.isBefore(known.since().plus(BELIEVED)))
                .orElseGet(() -> new Granted(caller, now, Set.of()));
    }

    private void keep(MastodonMigration migration, Granted before, Map<PermissionQuestion, Verdict> verdicts) {
        var all = new HashSet<>(before.questions());
        verdicts.entrySet().stream().filter(told -> told.getValue() == Verdict.ALLOWED).map(Map.Entry::getKey).forEach(all::add);
        granted.put(migration.getMetadata().getUid(), new Granted(before.to(), before.since(), Set.copyOf(all)));
    }

    /** That the subnets are wrong, or may not be looked at, is another's finding. */
    private static Optional<String> vpc(MastodonMigration migration, AwsApi api) {
        var subnets = NeededPermissions.subnets(migration.getSpec());
        return subnets.isEmpty() ? Optional.empty()
                : unless(NO_SUBNET, () -> api.ec2().describeSubnets(call -> call.subnetIds(subnets))).flatMap(answer -> answer.subnets().stream().map(Subnet::vpcId).findFirst());
    }
}
