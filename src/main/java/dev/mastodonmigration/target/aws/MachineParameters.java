package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.aws.ec2.Desired;
import dev.mastodonmigration.target.aws.ec2.EnvironmentParameters;
import dev.mastodonmigration.target.aws.ec2.MachineReport;
import dev.mastodonmigration.target.aws.ec2.ParameterPaths;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.ssm.model.Parameter;
import software.amazon.awssdk.services.ssm.model.ParameterType;
import software.amazon.awssdk.services.ssm.model.ResourceTypeForTagging;

/** What stands in Parameter Store for the machines: the environment's documents first, then the one parameter that names them. The only requests to AWS in which the instance's secrets are. */
final class MachineParameters implements Part {
    private static final String WHAT = "Parameter";
    private static final Set<String> EXISTS = Set.of("ParameterAlreadyExists");
    private static final Map<String, String> NO_RUN = Map.of();
    private static final String NO_INSTANCE = "";
    private static final String NOTHING_YET = "{}";
    private final SsmClient ssm;
    private final AwsNames names;
    private final EnvironmentParameters environment;
    private final ParameterPaths paths;

    MachineParameters(SsmClient ssm, AwsNames names, EnvironmentParameters environment) {
        this.ssm = ssm;
        this.names = names;
        this.environment = environment;
        this.paths = ParameterPaths.named(names.name());
    }

    @Override
    public Optional<Provisioned> ensure() {
        var there = under(paths.environment(environment.revision())).map(Parameter::name).collect(Collectors.toSet());
        var missing = IntStream.range(0, environment.documents().size()).filter(index -> !there.contains(paths.document(environment.revision(), index))).findFirst();
        if (missing.isPresent()) {
            create(paths.document(environment.revision(), missing.getAsInt()), ParameterType.SECURE_STRING, environment.documents().get(missing.getAsInt()));
            return working("part " + (missing.getAsInt() + 1) + " of " + environment.documents().size() + " of the environment was written to Parameter Store");
        }
        var desired = desired().map(Told::desired);
        if (desired.isEmpty()) {
            create(paths.desired(), ParameterType.STRING, new Desired(0, environment.revision(), environment.documents().size(), NO_INSTANCE, NO_RUN).json());
            return working("parameter " + paths.desired() + " was created, with Sidekiq stopped");
        }
        if (desired.get().revision().equals(environment.revision())) {
            return Optional.empty();
        }
        write(desired.get().withEnvironment(environment));
        return working("parameter " + paths.desired() + " was told the changed environment: the machines fetch it and restart what runs");
    }

    /** @param version of the parameter, which a report names once the machine has done what it says */
    record Told(Desired desired, long version) {}

    /** What the machines were told. @throws dev.mastodonmigration.outside.OutsideException when the parameter of that name is not ours */
    Optional<Told> desired() {
        var found = find(paths.desired());
        found.ifPresent(parameter -> refuseForeign(parameter.name()));
        return found.map(parameter -> new Told(Desired.of(parameter.name(), parameter.value()), parameter.version()));
    }

    /** @param at when the machine wrote it, by AWS's clock */
    record Reported(MachineReport report, Instant at) {}

    /** Last words by machine; without those that have said none yet. */
    Map<String, Reported> reports(List<String> instances) {
        if (instances.isEmpty()) {
            return Map.of();
        }
        var ids = instances.stream().collect(Collectors.toMap(paths::report, id -> id));
        return asking(() -> ssm.getParameters(call -> call.names(ids.keySet()))).parameters().stream().filter(parameter -> !parameter.value().equals(NOTHING_YET))
                .collect(Collectors.toMap(parameter -> ids.get(parameter.name()), parameter -> new Reported(MachineReport.of(parameter.name(), parameter.value()), parameter.lastModifiedDate())));
    }

    /** Removes one of those that nobody reads any more: reports of machines that are gone, and environments, whose secrets may have been changed because somebody saw them. */
    Optional<Provisioned> tidy(List<String> instances, String revision) {
        return under(paths.root()).map(Parameter::name).filter(name -> name.startsWith(paths.root() + "/environment/") ? !name.startsWith(paths.environment(revision) + "/")
                        : name.startsWith(paths.root() + "/machines/") && instances.stream().map(paths::report).noneMatch(name::equals))
                .filter(name -> names.areOn(tags(name))).findFirst().flatMap(this::remove);
    }

    /** Made by us for each machine, so that it carries our tags: a machine writes to none that is not there. */
    Optional<Provisioned> ensureReport(String instance) {
        if (find(paths.report(instance)).isPresent()) {
            return Optional.empty();
        }
        create(paths.report(instance), ParameterType.STRING, NOTHING_YET);
        return working("parameter " + paths.report(instance) + " was created, for the machine's reports");
    }

    void write(Desired desired) {
        asking(() -> ssm.putParameter(call -> call.name(paths.desired()).type(ParameterType.STRING).value(desired.json()).overwrite(true)));
    }

    @Override
    public Optional<Provisioned> release() {
        return under(paths.root()).map(Parameter::name).filter(name -> names.areOn(tags(name))).findFirst().flatMap(this::remove);
    }

    private Optional<Provisioned> remove(String name) {
        unless(Set.of("ParameterNotFound"), () -> ssm.deleteParameter(call -> call.name(name)));
        return working("parameter " + name + " was removed");
    }

    private void create(String name, ParameterType type, String value) {
        if (unless(EXISTS, () -> ssm.putParameter(call -> call.name(name).type(type).value(value).tags(AwsTags.ssm(names.tags())))).isEmpty()) {
            refuseForeign(name);
        }
    }

    private Optional<Parameter> find(String name) {
        return asking(() -> ssm.getParameters(call -> call.names(name))).parameters().stream().findFirst();
    }

    private Stream<Parameter> under(String path) {
        return asking(() -> ssm.getParametersByPathPaginator(call -> call.path(path).recursive(true)).stream().flatMap(page -> page.parameters().stream()).toList()).stream();
    }

    private void refuseForeign(String name) {
        var tags = tags(name);
        if (!names.areOn(tags)) {
            throw AwsNames.foreign(WHAT, name, tags);
        }
    }

    private Map<String, String> tags(String name) {
        return unless(Set.of("InvalidResourceId"), () -> ssm.listTagsForResource(call -> call.resourceType(ResourceTypeForTagging.PARAMETER).resourceId(name)))
                .map(answer -> AwsTags.ofSsm(answer.tagList())).orElse(Map.of());
    }

    private static Optional<Provisioned> working(String message) {
        return Optional.of(new Provisioned.Working(message));
    }
}
