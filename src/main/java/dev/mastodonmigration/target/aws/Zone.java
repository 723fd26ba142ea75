package dev.mastodonmigration.target.aws;

import static dev.mastodonmigration.target.aws.AwsRefusals.asking;
import static dev.mastodonmigration.target.aws.AwsRefusals.unless;

import dev.mastodonmigration.outside.OutsideException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.services.route53.Route53Client;
import software.amazon.awssdk.services.route53.model.Change;
import software.amazon.awssdk.services.route53.model.ChangeAction;
import software.amazon.awssdk.services.route53.model.ChangeStatus;
import software.amazon.awssdk.services.route53.model.GetHostedZoneResponse;
import software.amazon.awssdk.services.route53.model.InvalidChangeBatchException;
import software.amazon.awssdk.services.route53.model.ListResourceRecordSetsRequest;
import software.amazon.awssdk.services.route53.model.ResourceRecordSet;

/** One hosted zone, of which only the records of the instance's own names are ever changed. */
final class Zone {
    /** The code of a refused batch. */
    static final String INVALID = "InvalidChangeBatch";
    private static final String PAGE = "100";
    private final Route53Client client;
    private final String id;

    Zone(Route53Client client, String id) {
        this.client = client;
        this.id = id;
    }

    String id() {
        return id;
    }

    GetHostedZoneResponse describe() {
        return asking(() -> client.getHostedZone(call -> call.id(id)));
    }

    List<String> nameServers() {
        return describe().delegationSet().nameServers();
    }

    /** By which users find the hosts of these names. @throws OutsideException where one is routed in a way that the operator does not know */
    List<ZoneRecord> records(List<String> domains) {
        return domains.stream().flatMap(domain -> setsOf(domain).stream()).filter(set -> ZoneRecord.TYPES.contains(set.typeAsString())).map(set -> ZoneRecord.of(set).orElseThrow(() -> new OutsideException(
                "Record " + set.name() + " " + set.typeAsString() + " of hosted zone " + id + " is routed by latency, place, failover, a traffic policy or as one of many values. The operator does"
                        + " not know how to lead it elsewhere and back, and left it as it is. Make it a simple record first, or set spec.target.dns.manual: {}.", false))).toList();
    }

    /** All that stands under exactly that name. */
    List<ResourceRecordSet> setsOf(String domain) {
        var name = ZoneRecord.absolute(domain);
        var found = new ArrayList<ResourceRecordSet>();
        var next = ListResourceRecordSetsRequest.builder().hostedZoneId(id).startRecordName(name).maxItems(PAGE).build();
        while (true) {
            var page = next;
            var answer = asking(() -> client.listResourceRecordSets(page));
            answer.resourceRecordSets().stream().filter(set -> name.equals(ZoneRecord.absolute(set.name()))).forEach(found::add);
            if (!Boolean.TRUE.equals(answer.isTruncated()) || !name.equals(ZoneRecord.absolute(answer.nextRecordName()))) {
                return found;
            }
            next = page.toBuilder().startRecordType(answer.nextRecordType()).startRecordIdentifier(answer.nextRecordIdentifier()).build();
        }
    }

    /**
     * All or nothing, the deletions first: Route 53 refuses a weighted record beside a simple one, and a CNAME beside any other. Each deletion names what was seen,
     * so that a record that somebody changed since makes it refuse all.
     *
     * @return id of the change
     * @throws OutsideException when a name that has records would have none
     */
    String change(List<ZoneRecord> from, List<ZoneRecord> to, String comment) {
        var left = to.stream().map(ZoneRecord::name).collect(Collectors.toSet());
        from.stream().map(ZoneRecord::name).filter(name -> !left.contains(name)).findFirst().ifPresent(name -> {
            throw new OutsideException("With the records " + ZoneRecord.words(to) + " nobody would find " + name.substring(0, name.length() - 1) + " any more, so hosted zone " + id + " was left as it is.", false);
        });
        var changes = Stream.concat(ZoneRecord.without(from, to).stream().map(record -> change(ChangeAction.DELETE, record)), ZoneRecord.without(to, from).stream().map(record -> change(ChangeAction.CREATE, record))).toList();
        return asking(() -> {
            try {
                return client.changeResourceRecordSets(call -> call.hostedZoneId(id).changeBatch(batch -> batch.comment(comment).changes(changes))).changeInfo().id().replaceFirst("^/change/", "");
            } catch (InvalidChangeBatchException refused) {
                var said = refused.hasMessages() && !refused.messages().isEmpty() ? String.join(" ", refused.messages()) : String.valueOf(refused.awsErrorDetails().errorMessage());
                throw new AwsException(INVALID, "Route 53 refused to change the records of hosted zone " + id + ", and changed none: " + said.replaceAll("[\\[\\]]", "").strip()
                        + ". It was to be: " + ZoneRecord.words(to) + ".", false);
            }
        });
    }

    private static Change change(ChangeAction action, ZoneRecord record) {
        return Change.builder().action(action).resourceRecordSet(record.sdk()).build();
    }

    /** Whether all of the zone's name servers have it, as Route 53 says; what it does not remember any more was long ago. */
    boolean isInSync(String change) {
        return unless(Set.of("NoSuchChange"), () -> client.getChange(call -> call.id(change))).map(answer -> answer.changeInfo().status() == ChangeStatus.INSYNC).orElse(true);
    }
}
