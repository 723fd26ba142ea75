package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.aws.ec2.Machine;
import dev.mastodonmigration.target.aws.ec2.ParameterPaths;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.iam.model.InstanceProfile;
import software.amazon.awssdk.services.iam.model.Role;

/** What the machines may do on AWS: read what they are told, write their own reports and logs, and be reached by Session Manager. And the instance profile that gives it to them. */
final class MachineRole implements Part {
    private static final String ROLE = "IAM role";
    private static final String PROFILE = "Instance profile";
    private static final String POLICY = "machine";
    private static final Set<String> NOT_FOUND = Set.of("NoSuchEntity");
    private static final Set<String> EXISTS = Set.of("EntityAlreadyExists");
    private static final String VERSION = "2012-10-17";
    private static final JsonMapper JSON = new JsonMapper();
    private final AwsApi api;
    private final IamClient iam;
    private final AwsNames names;

    MachineRole(AwsApi api, AwsNames names) {
        this.api = api;
        this.iam = api.iam();
        this.names = names;
    }

    @Override
    public Optional<Provisioned> ensure() {
        if (role().isEmpty()) {
            unless(EXISTS, () -> iam.createRole(call -> call.roleName(names.name()).description("Machines of the Mastodon migration " + names.migration()).assumeRolePolicyDocument(json(trust())).tags(AwsTags.iam(names.tags()))));
            return working(ROLE + " " + names.name() + " was created");
        }
        var wanted = policy();
        if (!granted().equals(Optional.of(wanted))) {
            asking(() -> iam.putRolePolicy(call -> call.roleName(names.name()).policyName(POLICY).policyDocument(wanted)));
            return working(ROLE + " " + names.name() + " was given the rights that the machines need");
        }
        var profile = profile();
        if (profile.isEmpty()) {
            unless(EXISTS, () -> iam.createInstanceProfile(call -> call.instanceProfileName(names.name()).tags(AwsTags.iam(names.tags()))));
            return working(PROFILE + " " + names.name() + " was created");
        }
        if (profile.get().roles().isEmpty()) {
            unless(Set.of("LimitExceeded"), () -> iam.addRoleToInstanceProfile(call -> call.instanceProfileName(names.name()).roleName(names.name())));
            return working(PROFILE + " " + names.name() + " was given its role");
        }
        return Optional.empty();
    }

    @Override
    public Optional<Provisioned> release() {
        var profile = namedProfile().filter(found -> names.areOn(AwsTags.ofIam(found.tags())));
        if (profile.isPresent()) {
            var holds = profile.get().roles().stream().findFirst();
            if (holds.isPresent()) {
                unless(NOT_FOUND, () -> iam.removeRoleFromInstanceProfile(call -> call.instanceProfileName(names.name()).roleName(holds.get().roleName())));
                return working(PROFILE + " " + names.name() + " gave its role back");
            }
            unless(NOT_FOUND, () -> iam.deleteInstanceProfile(call -> call.instanceProfileName(names.name())));
            return working(PROFILE + " " + names.name() + " was removed");
        }
        if (namedRole().filter(found -> names.areOn(AwsTags.ofIam(found.tags()))).isEmpty()) {
            return Optional.empty();
        }
        if (granted().isPresent()) {
            unless(NOT_FOUND, () -> iam.deleteRolePolicy(call -> call.roleName(names.name()).policyName(POLICY)));
            return working(ROLE + " " + names.name() + " lost its rights");
        }
        return Optional.of(new Provisioned.Working(unless(Set.of("DeleteConflict"), () -> unless(NOT_FOUND, () -> iam.deleteRole(call -> call.roleName(names.name()))))
                .map(gone -> ROLE + " " + names.name() + " was removed").orElse(ROLE + " " + names.name() + " is still in use: something of yours is attached to it, as another policy. Take that off")));
    }

    /** @throws dev.mastodonmigration.outside.OutsideException when the one of that name is not ours */
    private Optional<Role> role() {
        var found = namedRole();
        found.map(role -> AwsTags.ofIam(role.tags())).filter(tags -> !names.areOn(tags)).ifPresent(tags -> {
            throw names.foreign(ROLE, tags);
        });
        return found;
    }

    private Optional<InstanceProfile> profile() {
        var found = namedProfile();
        found.map(profile -> AwsTags.ofIam(profile.tags())).filter(tags -> !names.areOn(tags)).ifPresent(tags -> {
            throw names.foreign(PROFILE, tags);
        });
        return found;
    }

    /** Refuses what stands under our name and is not ours. */
    void refuseForeign() {
        role();
        profile();
    }

    private Optional<Role> namedRole() {
        return unless(NOT_FOUND, () -> iam.getRole(call -> call.roleName(names.name()))).map(answer -> answer.role());
    }

    private Optional<InstanceProfile> namedProfile() {
        return unless(NOT_FOUND, () -> iam.getInstanceProfile(call -> call.instanceProfileName(names.name()))).map(answer -> answer.instanceProfile());
    }

    /** IAM gives it back as a URL has it, and with what it was given. */
    private Optional<String> granted() {
        return unless(NOT_FOUND, () -> iam.getRolePolicy(call -> call.roleName(names.name()).policyName(POLICY))).map(answer -> URLDecoder.decode(answer.policyDocument(), StandardCharsets.UTF_8));
    }

    private static Map<String, Object> trust() {
        return Map.of("Version", VERSION, "Statement", List.of(Map.of("Effect", "Allow", "Principal", Map.of("Service", "ec2.amazonaws.com"), "Action", "sts:AssumeRole")));
    }

    /** Session Manager's part is AWS's own least (docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html): its managed policy reads every parameter of the account. */
    private String policy() {
        var paths = ParameterPaths.named(names.name());
        var caller = asking(() -> api.sts().getCallerIdentity());
        var partition = caller.arn().split(":")[1];
        var here = "arn:" + partition + ":%s:" + api.region() + ":" + caller.account() + ":";
        var parameters = here.formatted("ssm") + "parameter";
        var policy = new LinkedHashMap<String, Object>();
        policy.put("Version", VERSION);
        policy.put("Statement", List.of(
                allow(List.of("ssm:GetParameter"), parameters + paths.desired()),
                allow(List.of("ssm:GetParametersByPath"), parameters + paths.environment("*")),
                allow(List.of("ssm:GetParameter", "ssm:PutParameter"), parameters + paths.report("*")),
                allow(List.of("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"), here.formatted("logs") + "log-group:" + Machine.logGroup(names.name()) + ":*"),
                allow(List.of("ssm:UpdateInstanceInformation", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"), "*")));
        return json(policy);
    }

    private static Map<String, Object> allow(List<String> actions, String resource) {
        var statement = new LinkedHashMap<String, Object>();
        statement.put("Effect", "Allow");
        statement.put("Action", actions);
        statement.put("Resource", resource);
        return statement;
    }

    private static String json(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("maps of strings are always JSON", e);
        }
    }

    private static Optional<Provisioned> working(String message) {
        return Optional.of(new Provisioned.Working(message));
    }
}
