package dev.mastodonmigration.embedded.aws;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.w3c.dom.Element;

/**
 * Load balancers as they behave: a create of a name that exists is a success where the settings are the same, whoever made it; two zones at least; one listener a port; HTTPS with an issued certificate alone;
 * targets that are healthy only after a while, and drain. moto knows none of that.
 */
public final class LoadBalancers {
    private static final String NAMESPACE = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";
    private static final int DRAINING_LOOKS = 5;
    private static final String HEALTHY = "<State>healthy</State>";
    private static final Set<String> NOT_COMPARED = Set.of("Action", "Version");
    static final String SERVICE = "elasticloadbalancing";
    private final Certificates certificates;
    private final Map<String, Map<String, String>> created = new HashMap<>();
    private final Map<String, Integer> looks = new LinkedHashMap<>();
    /** For how many looks more. */
    private final Map<String, Integer> draining = new HashMap<>();
    private final Set<String> sick = new HashSet<>();
    /** Those that were healthy at the last look. */
    private final Set<String> healthy = ConcurrentHashMap.newKeySet();
    private Predicate<String> answering = instance -> true;
    private final Set<String> lingering = new HashSet<>();
    private int initial = 1;
    private int provisioning;
    private final Map<String, Integer> provisioned = new HashMap<>();

    LoadBalancers(Certificates certificates) {
        this.certificates = certificates;
    }

    /** A machine that does not answer its health checks. */
    public void sick(String instance) {
        sick.add(instance);
    }

    public void well(String instance) {
        sick.remove(instance);
    }

    /** A load balancer is provisioned, and a target initial, for so many looks. */
    public void slow(int looksAtEach) {
        provisioning = looksAtEach;
        initial = looksAtEach;
    }

    /** Which machines answer their health checks; all, until told. */
    public void answering(Predicate<String> instances) {
        answering = instances;
    }

    /** Whether users' requests reach this machine. */
    public boolean reaches(String instance) {
        return healthy.contains(instance) && isWell(instance);
    }

    private boolean isWell(String instance) {
        return !sick.contains(instance) && answering.test(instance);
    }

    AwsAnswer create(AwsCall call, Upstream moto) throws AwsRefusal {
        var zones = new HashSet<String>();
        for (var subnet : call.list("Subnets.member")) {
            var answer = moto.call(call, "ec2", "DescribeSubnets", Map.of("SubnetId.1", subnet));
            if (answer.isSuccess()) {
                zones.addAll(Xml.all(answer.document(), "availabilityZone").stream().map(zone -> zone.getTextContent()).toList());
            }
        }
        if (zones.size() < 2) {
            throw new AwsRefusal("ValidationError", "At least two subnets in two different Availability Zones must be specified");
        }
        return createdOnce(call, moto, "LoadBalancer", "Names.member.1", "DuplicateLoadBalancerName");
    }

    AwsAnswer describe(AwsCall call, Upstream moto) {
        var answer = moto.pass(call);
        if (!answer.isSuccess()) {
            return answer;
        }
        var document = answer.document();
        for (var arn : Xml.all(document, "LoadBalancerArn")) {
            if (provisioned.merge(arn.getTextContent().strip(), 1, Integer::sum) <= provisioning) {
                Xml.all((Element) arn.getParentNode(), "Code").forEach(state -> state.setTextContent("provisioning"));
            }
        }
        return AwsAnswer.xml(document);
    }

    AwsAnswer createTargetGroup(AwsCall call, Upstream moto) throws AwsRefusal {
        return createdOnce(call, moto, "TargetGroup", "Names.member.1", "DuplicateTargetGroupName");
    }

    private AwsAnswer createdOnce(AwsCall call, Upstream moto, String kind, String filter, String duplicate) throws AwsRefusal {
        var name = call.parameter("Name").orElse("");
        var there = moto.call(call, SERVICE, "Describe" + kind + "s", Map.of(filter, name));
        var settings = settings(call);
        var key = kind + "/" + call.region() + "/" + name;
        if (there.isSuccess() && !Xml.all(there.document(), kind + "Name").isEmpty()) {
            if (!settings.equals(created.get(key))) {
                throw new AwsRefusal(duplicate, "A " + kind + " with the same name '" + name + "' exists, but with different settings");
            }
            return AwsAnswer.xml(200, there.body().replace("Describe" + kind + "s", "Create" + kind));
        }
        var answer = moto.pass(call);
        if (answer.isSuccess()) {
            created.put(key, settings);
        }
        return answer;
    }

    /** What is compared when it is made again: its tags are not (that is what makes it dangerous). */
    private static Map<String, String> settings(AwsCall call) {
        return call.parameters().entrySet().stream().filter(one -> !NOT_COMPARED.contains(one.getKey()) && !one.getKey().startsWith("Tags.")).collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    AwsAnswer createListener(AwsCall call, Upstream moto) throws AwsRefusal {
        var port = call.parameter("Port").orElse("");
        var there = moto.call(call, SERVICE, "DescribeListeners", Map.of("LoadBalancerArn", call.parameter("LoadBalancerArn").orElse("")));
        if (there.isSuccess() && Xml.all(there.document(), "Port").stream().anyMatch(one -> one.getTextContent().strip().equals(port))) {
            throw new AwsRefusal("DuplicateListener", "A listener already exists on this port for this load balancer");
        }
        var certificate = call.parameter("Certificates.member.1.CertificateArn");
        if (certificate.isPresent() && !certificates.isIssued(certificate.get())) {
            throw new AwsRefusal("UnsupportedCertificate", "The certificate '" + certificate.get() + "' must have a fully-qualified domain name, a supported signature, and a supported key size.");
        }
        var answer = moto.pass(call);
        if (answer.isSuccess()) {
            certificate.ifPresent(arn -> certificates.uses(arn, call.parameter("LoadBalancerArn").orElse("")));
        }
        return answer;
    }

    AwsAnswer delete(AwsCall call, Upstream moto) {
        var arn = call.parameter("LoadBalancerArn").orElse("");
        var there = moto.call(call, SERVICE, "DescribeLoadBalancers", Map.of("LoadBalancerArns.member.1", arn));
        if (there.isSuccess()) {
            // Its network interfaces stay for a while.
            Xml.all(there.document(), "SecurityGroups").stream().flatMap(groups -> Xml.all(groups, "member").stream()).forEach(group -> lingering.add(group.getTextContent().strip()));
        }
        certificates.letGo(arn);
        return moto.pass(call);
    }

    /** Whether a load balancer's interface holds that group; one that was deleted lets go after one question. */
    boolean hold(AwsCall call, Upstream moto, String group) {
        var all = moto.call(call, SERVICE, "DescribeLoadBalancers", Map.of());
        var used = all.isSuccess() && Xml.all(all.document(), "SecurityGroups").stream().flatMap(groups -> Xml.all(groups, "member").stream()).anyMatch(one -> one.getTextContent().strip().equals(group));
        return lingering.remove(group) || used;
    }

    AwsAnswer register(AwsCall call, Upstream moto) {
        var answer = moto.pass(call);
        if (answer.isSuccess()) {
            targets(call).forEach(id -> {
                looks.putIfAbsent(id, 0);
                draining.remove(id);
            });
        }
        return answer;
    }

    AwsAnswer deregister(AwsCall call, Upstream moto) {
        var answer = moto.pass(call);
        if (answer.isSuccess()) {
            targets(call).stream().filter(looks::containsKey).forEach(id -> draining.put(id, DRAINING_LOOKS));
        }
        return answer;
    }

    AwsAnswer health(AwsCall call, Upstream moto) {
        var known = moto.pass(call);
        if (!known.isSuccess()) {
            return known;
        }
        // moto remembers load balancers that were deleted.
        var listened = Xml.all(moto.ask(call, SERVICE, "DescribeTargetGroups", Map.of("TargetGroupArns.member.1", call.parameter("TargetGroupArn").orElse(""))), "LoadBalancerArns").stream()
                .flatMap(arns -> Xml.all(arns, "member").stream()).map(arn -> arn.getTextContent().strip())
                .anyMatch(arn -> moto.call(call, SERVICE, "DescribeLoadBalancers", Map.of("LoadBalancerArns.member.1", arn)).isSuccess());
        var members = new StringBuilder();
        for (var id : List.copyOf(looks.keySet())) {
            var state = draining.containsKey(id) ? "<State>draining</State><Reason>Target.DeregistrationInProgress</Reason>" : !listened ? "<State>unused</State><Reason>Target.NotInUse</Reason>"
                    : !isWell(id) ? "<State>unhealthy</State><Reason>Target.Timeout</Reason>" : looks.merge(id, 1, Integer::sum) <= initial ? "<State>initial</State><Reason>Elb.InitialHealthChecking</Reason>"
                    : HEALTHY;
            if (state.equals(HEALTHY)) {
                healthy.add(id);
            } else {
                healthy.remove(id);
            }
            members.append("<member><Target><Id>").append(id).append("</Id><Port>80</Port></Target><TargetHealth>").append(state).append("</TargetHealth></member>");
            if (draining.containsKey(id) && draining.merge(id, -1, Integer::sum) <= 0) {
                draining.remove(id);
                looks.remove(id);
            }
        }
        return AwsAnswer.result("DescribeTargetHealth", NAMESPACE, "<TargetHealthDescriptions>" + members + "</TargetHealthDescriptions>");
    }

    private static List<String> targets(AwsCall call) {
        var ids = new ArrayList<String>();
        call.parameters().forEach((name, value) -> {
            if (name.matches("Targets\\.member\\.\\d+\\.Id")) {
                ids.add(value);
            }
        });
        return ids;
    }

    void clear() {
        created.clear();
        looks.clear();
        draining.clear();
        sick.clear();
        healthy.clear();
        answering = instance -> true;
        provisioned.clear();
        provisioning = 0;
        initial = 1;
        lingering.clear();
    }
}
