package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import dev.mastodonmigration.target.aws.ec2.Machine;
import dev.mastodonmigration.target.aws.ec2.UserData;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.ArchitectureType;
import software.amazon.awssdk.services.ec2.model.LaunchTemplate;
import software.amazon.awssdk.services.ec2.model.LaunchTemplateHttpTokensState;
import software.amazon.awssdk.services.ec2.model.LaunchTemplateVersion;
import software.amazon.awssdk.services.ec2.model.RequestLaunchTemplateData;
import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.ec2.model.VolumeType;

/** How machines of one role are launched. A change of it is a new version under the same name, whose description names the generation; versions are never changed. */
final class MachineTemplate implements Part {
    static final String GENERATION_TAG = AwsNames.UID_TAG.replace("/uid", "/generation");
    static final String ROLE_TAG = AwsNames.UID_TAG.replace("/uid", "/role");
    private static final String WHAT = "Launch template";
    private static final Set<String> NOT_FOUND = Set.of("InvalidLaunchTemplateName.NotFoundException", "InvalidLaunchTemplateId.NotFound");
    /** Kept by Canonical; EC2 looks it up at each launch (aws.amazon.com/premiumsupport; documentation.ubuntu.com/aws, Find Ubuntu images). */
    private static final String IMAGE = "resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/%s/hvm/ebs-gp3/ami-id";
    private static final String ROOT = "/dev/sda1";
    static final int ROOT_GIB = 30;
    private static final int DIGITS = 12;
    private final Ec2Client ec2;
    private final AwsNames names;
    private final Machine machine;
    private final Supplier<List<String>> securityGroups;

    /** @param securityGroups their ids, asked when they are needed: for a removal they are not */
    MachineTemplate(Ec2Client ec2, AwsNames names, Machine machine, Supplier<List<String>> securityGroups) {
        this.ec2 = ec2;
        this.names = names;
        this.machine = machine;
        this.securityGroups = securityGroups;
    }

    static String name(AwsNames names, Machine machine) {
        return names.name() + "-" + machine.role().name().toLowerCase(Locale.ROOT);
    }

    /** Changes with anything that a launch depends on. */
    String generation() {
        return AwsNames.digest(UserData.of(machine).cloudConfig() + "\n" + instanceType() + "\n" + String.join(",", securityGroups.get()) + "\n" + ROOT_GIB).substring(0, DIGITS);
    }

    /** The version of this generation. */
    long version() {
        return ofGeneration().map(LaunchTemplateVersion::versionNumber).orElseThrow(() -> new OutsideException(WHAT + " " + name(names, machine) + " was deleted just now. The operator makes it again.", true));
    }

    @Override
    public Optional<Provisioned> ensure() {
        var name = name(names, machine);
        if (find().isEmpty()) {
            var data = data();
            unless(Set.of("InvalidLaunchTemplateName.AlreadyExistsException"), () -> ec2.createLaunchTemplate(call -> call.launchTemplateName(name).versionDescription(generation()).launchTemplateData(data)
                    .tagSpecifications(AwsTags.ec2(ResourceType.LAUNCH_TEMPLATE, names.tags())).clientToken(token("template"))));
            return working(WHAT + " " + name + " was created");
        }
        if (ofGeneration().isPresent()) {
            return Optional.empty();
        }
        var data = data();
        asking(() -> ec2.createLaunchTemplateVersion(call -> call.launchTemplateName(name).versionDescription(generation()).launchTemplateData(data).clientToken(token("version"))));
        return working(WHAT + " " + name + " got a new version, because image or settings were changed");
    }

    @Override
    public Optional<Provisioned> release() {
        return named().filter(template -> names.areOn(AwsTags.ofEc2(template.tags()))).flatMap(template -> {
            unless(NOT_FOUND, () -> ec2.deleteLaunchTemplate(call -> call.launchTemplateId(template.launchTemplateId())));
            return working(WHAT + " " + template.launchTemplateName() + " was removed");
        });
    }

    /** @throws OutsideException when the one of that name is not ours */
    Optional<LaunchTemplate> find() {
        var found = named();
        found.map(template -> AwsTags.ofEc2(template.tags())).filter(tags -> !names.areOn(tags)).ifPresent(tags -> {
            throw AwsNames.foreign(WHAT, name(names, machine), tags);
        });
        return found;
    }

    private Optional<LaunchTemplate> named() {
        return unless(NOT_FOUND, () -> ec2.describeLaunchTemplates(call -> call.launchTemplateNames(name(names, machine)))).flatMap(answer -> answer.launchTemplates().stream().findFirst());
    }

    private Optional<LaunchTemplateVersion> ofGeneration() {
        var generation = generation();
        return unless(NOT_FOUND, () -> ec2.describeLaunchTemplateVersionsPaginator(call -> call.launchTemplateName(name(names, machine))).launchTemplateVersions().stream()
                .filter(version -> generation.equals(version.versionDescription())).findFirst()).flatMap(version -> version);
    }

    /** At most 64 characters. */
    private String token(String purpose) {
        return AwsNames.digest(names.uid() + "/" + name(names, machine) + "/" + generation() + "/" + purpose);
    }

    /** That runs on machines of the type. */
    static String image(Ec2Client ec2, String instanceType) {
        return IMAGE.formatted(architecture(ec2, instanceType));
    }

    private RequestLaunchTemplateData data() {
        var image = image(ec2, instanceType());
        return RequestLaunchTemplateData.builder().imageId(image).instanceType(instanceType()).userData(Base64.getEncoder().encodeToString(UserData.of(machine).bytes()))
                .iamInstanceProfile(profile -> profile.name(names.name()))
                .metadataOptions(metadata -> metadata.httpTokens(LaunchTemplateHttpTokensState.REQUIRED).httpPutResponseHopLimit(1))
                .blockDeviceMappings(root -> root.deviceName(ROOT).ebs(disk -> disk.volumeSize(ROOT_GIB).volumeType(VolumeType.GP3).encrypted(true).deleteOnTermination(true))).build();
    }

    /** Of each machine that is launched, beside those of all that is the migration's. */
    Map<String, String> tags() {
        var tags = new TreeMap<>(names.tags());
        tags.put("Name", name(names, machine));
        tags.put(ROLE_TAG, machine.role().name());
        tags.put(GENERATION_TAG, generation());
        return tags;
    }

    List<String> securityGroups() {
        return securityGroups.get();
    }

    private String instanceType() {
        return machine.spec().target().compute().ec2().instanceType();
    }

    private static String architecture(Ec2Client ec2, String instanceType) {
        var type = asking(() -> ec2.describeInstanceTypes(call -> call.instanceTypesWithStrings(instanceType))).instanceTypes().stream().findFirst()
                .orElseThrow(() -> new OutsideException("AWS does not offer spec.target.compute.ec2.instanceType " + instanceType + " in this region.", false));
        return type.processorInfo().supportedArchitectures().contains(ArchitectureType.ARM64) ? "arm64" : "amd64";
    }

    private static Optional<Provisioned> working(String message) {
        return Optional.of(new Provisioned.Working(message));
    }
}
