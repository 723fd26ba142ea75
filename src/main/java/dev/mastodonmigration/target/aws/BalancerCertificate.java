package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.SpecDefaults;
import dev.mastodonmigration.outside.OutsideException;
import dev.mastodonmigration.outside.Provisioned;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.services.acm.AcmClient;
import software.amazon.awssdk.services.acm.model.CertificateDetail;
import software.amazon.awssdk.services.acm.model.DomainStatus;
import software.amazon.awssdk.services.acm.model.DomainValidation;
import software.amazon.awssdk.services.acm.model.ValidationMethod;

/**
 * The certificate that users will be shown: the admin's, or one that ACM issues once a record in the domain's DNS proves that it is the admin's. That needs no traffic, so it is valid before anything is
 * switched. ACM forgets a request's token after an hour, so it is found again by its tag.
 */
final class BalancerCertificate {
    private static final String WHAT = "Certificate";
    /** ACM takes letters, digits and underscores, 32 of them. */
    private static final int LONGEST_TOKEN = 32;
    private static final Set<String> GONE = Set.of("ResourceNotFoundException");
    private final AcmClient acm;
    private final AwsNames names;
    private final MastodonMigrationSpec spec;

    BalancerCertificate(AcmClient acm, AwsNames names, MastodonMigrationSpec spec) {
        this.acm = acm;
        this.names = names;
        this.spec = spec;
    }

    private Optional<String> given() {
        return Optional.ofNullable(spec.target().compute().ec2().certificateArn());
    }

    /** The names under which browsers, apps and other servers come. */
    private TreeSet<String> domains() {
        return Stream.of(Optional.of(SpecDefaults.webDomain(spec)), Optional.of(spec.instance().localDomain()), Optional.ofNullable(spec.instance().streamingDomain())).flatMap(Optional::stream)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Asks for it. */
    Optional<Provisioned> ensure() {
        if (arn().isPresent()) {
            return Optional.empty();
        }
        var domain = SpecDefaults.webDomain(spec);
        var others = domains();
        others.remove(domain);
        asking(() -> acm.requestCertificate(call -> {
            call.domainName(domain).validationMethod(ValidationMethod.DNS).idempotencyToken(AwsNames.digest(names.uid() + "/certificate").substring(0, LONGEST_TOKEN)).tags(AwsTags.acm(names.tags()));
            if (!others.isEmpty()) {
                call.subjectAlternativeNames(others);
            }
        }));
        return working("a certificate for " + domain + " was requested");
    }

    /** Empty once it has been issued. @throws OutsideException that says which records are missing */
    Optional<Provisioned> unissued() {
        var arn = arn().orElseThrow(() -> new OutsideException("The certificate was deleted just now. The operator requests another.", true));
        var seen = unless(GONE, () -> acm.describeCertificate(call -> call.certificateArn(arn))).map(answer -> answer.certificate())
                .orElseThrow(() -> new OutsideException(WHAT + " " + arn + " is not there. Correct spec.target.compute.ec2.certificateArn, or leave it out.", given().isEmpty()));
        return switch (seen.status()) {
            case ISSUED -> covered(seen);
            case PENDING_VALIDATION -> missing(seen);
            default -> throw new OutsideException(WHAT + " " + arn + " is " + seen.statusAsString() + Optional.ofNullable(seen.failureReasonAsString()).map(why -> " (" + why + ")").orElse("")
                    + ". " + (given().isPresent() ? "Name another in spec.target.compute.ec2.certificateArn." : "Correct the domain's DNS (a CAA record that forbids amazon.com, a record that is missing for 72 hours), and delete it:"
                            + " aws acm delete-certificate --certificate-arn " + arn + ". The operator requests another."), false);
        };
    }

    private Optional<Provisioned> covered(CertificateDetail seen) {
        var bare = domains().stream().filter(domain -> Stream.concat(Stream.of(seen.domainName()), seen.subjectAlternativeNames().stream()).noneMatch(name -> covers(name, domain))).toList();
        if (!bare.isEmpty()) {
            throw new OutsideException(WHAT + " " + seen.certificateArn() + " is not for " + String.join(", ", bare) + ". Use one that is for all of " + String.join(", ", domains()) + ".", false);
        }
        return Optional.empty();
    }

    private static boolean covers(String name, String domain) {
        return name.equalsIgnoreCase(domain) || name.startsWith("*.") && domain.contains(".") && name.substring(2).equalsIgnoreCase(domain.substring(domain.indexOf('.') + 1));
    }

    /** @throws OutsideException that names the records: only the admin can add them, and nothing that users see goes on without */
    private static Optional<Provisioned> missing(CertificateDetail seen) {
        var records = seen.domainValidationOptions().stream().filter(one -> one.validationStatus() != DomainStatus.SUCCESS).map(DomainValidation::resourceRecord).filter(Objects::nonNull)
                .map(record -> record.typeAsString() + " " + record.name() + " with the value " + record.value()).distinct().sorted().toList();
        if (records.isEmpty()) {
            // They come some seconds after the request.
            return working("ACM makes the records that prove whose the domain is");
        }
        throw new OutsideException("The certificate waits for you: add to the domain's DNS " + String.join(", and ", records) + ". Users notice nothing of that. The operator goes on by itself once ACM has seen it.", false);
    }

    /** Of ours or the admin's; empty where ours has not been requested. */
    Optional<String> arn() {
        return given().or(() -> ours().stream().min(Comparator.naturalOrder()));
    }

    /** Whether one of ours is there. */
    boolean isRequested() {
        return !ours().isEmpty();
    }

    private List<String> ours() {
        var domain = SpecDefaults.webDomain(spec);
        return asking(() -> acm.listCertificatesPaginator(call -> {}).stream().flatMap(page -> page.certificateSummaryList().stream()).toList()).stream().filter(one -> domain.equalsIgnoreCase(one.domainName()))
                .map(one -> one.certificateArn()).filter(this::isOurs).toList();
    }

    private boolean isOurs(String arn) {
        return unless(GONE, () -> acm.listTagsForCertificate(call -> call.certificateArn(arn))).filter(answer -> names.areOn(AwsTags.ofAcm(answer.tags()))).isPresent();
    }

    /** For some seconds after its listener has gone ACM says that it is in use (aws/aws-cdk#4179). */
    Optional<Provisioned> release() {
        return ours().stream().findFirst().flatMap(arn -> working(unless(Set.of("ResourceInUseException"), () -> unless(GONE, () -> acm.deleteCertificate(call -> call.certificateArn(arn))))
                .map(gone -> "certificate " + arn + " was removed").orElse("certificate " + arn + " is still in use: if it stays, something of yours uses it")));
    }

    private static Optional<Provisioned> working(String message) {
        return Optional.of(new Provisioned.Working(message));
    }
}
