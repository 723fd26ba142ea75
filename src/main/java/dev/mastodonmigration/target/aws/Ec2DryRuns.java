package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;

import dev.mastodonmigration.api.MastodonMigrationSpec.Ec2;
import dev.mastodonmigration.outside.OutsideException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.ResourceType;

/** Has EC2 say whether it would do what the operator will ask for, without doing it: of all services it alone has such a switch. */
final class Ec2DryRuns {
    private static final String WOULD_BE_DONE = "DryRunOperation";
    private static final String NOT_ALLOWED = "UnauthorizedOperation";
    /** EC2 names the permission, which may be one that the call takes beside its own. */
    private static final Pattern PERMISSION = Pattern.compile("not authorized to perform: ([A-Za-z0-9]+:[A-Za-z]+)");
    private final Ec2Client ec2;
    private final AwsNames names;
    private final Optional<String> vpc;
    private final Optional<Ec2> machines;

    /**
     * What they said.
     *
     * @param tried   actions of which EC2 knows
     * @param refused of these
     */
    record Said(Set<String> tried, Set<String> refused) {}

    private record Answer(String code, String message) {}

    /**
     * @param vpc      of the subnets
     * @param machines where such are to be created
     */
    Ec2DryRuns(Ec2Client ec2, AwsNames names, Optional<String> vpc, Optional<Ec2> machines) {
        this.ec2 = ec2;
        this.names = names;
        this.vpc = vpc;
        this.machines = machines;
    }

    /** @param actions that will be needed: of others none is tried */
    Said of(Set<String> actions) {
        var runs = new LinkedHashMap<String, Runnable>();
        vpc.ifPresent(id -> runs.put("ec2:CreateSecurityGroup", () -> ec2.createSecurityGroup(call -> call.dryRun(true).groupName(names.name()).description("tried, and not created").vpcId(id)
                .tagSpecifications(AwsTags.ec2(ResourceType.SECURITY_GROUP, names.tags())))));
        machines.ifPresent(spec -> {
            runs.put("ec2:CreateLaunchTemplate", () -> ec2.createLaunchTemplate(call -> call.dryRun(true).launchTemplateName(names.name()).launchTemplateData(data -> data.instanceType(spec.instanceType()))
                    .tagSpecifications(AwsTags.ec2(ResourceType.LAUNCH_TEMPLATE, names.tags()))));
            runs.put("ec2:RunInstances", () -> ec2.runInstances(call -> call.dryRun(true).minCount(1).maxCount(1).imageId(MachineTemplate.image(ec2, spec.instanceType())).instanceType(spec.instanceType())
                    .subnetId(spec.subnetIds().getFirst()).tagSpecifications(AwsTags.ec2(ResourceType.INSTANCE, names.tags()), AwsTags.ec2(ResourceType.VOLUME, names.tags()))));
        });
        runs.keySet().retainAll(actions);
        var answers = runs.entrySet().stream().map(run -> Map.entry(run.getKey(), answer(run.getValue()))).toList();
        return new Said(answers.stream().filter(answer -> List.of(WOULD_BE_DONE, NOT_ALLOWED).contains(answer.getValue().code())).map(Map.Entry::getKey).collect(Collectors.toSet()),
                answers.stream().filter(answer -> answer.getValue().code().equals(NOT_ALLOWED)).map(answer -> permission(answer.getValue(), answer.getKey())).collect(Collectors.toSet()));
    }

    private static String permission(Answer refused, String action) {
        var named = PERMISSION.matcher(refused.message());
        return named.find() ? named.group(1) : action;
    }

    /** Any other refusal says nothing of permissions: a dry run fails too where something that it names is not there yet. */
    private static Answer answer(Runnable run) {
        try {
            asking(() -> {
                run.run();
                return run;
            });
            throw new IllegalStateException("EC2 answers no dry run with success");
        } catch (AwsException said) {
            if (said.mayPass()) {
                throw said;
            }
            return new Answer(said.code(), said.getMessage());
        } catch (OutsideException unfit) {
            return new Answer("", unfit.getMessage());
        }
    }
}
