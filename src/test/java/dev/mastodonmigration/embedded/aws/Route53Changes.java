package dev.mastodonmigration.embedded.aws;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.w3c.dom.Element;

/**
 * Batches as Route 53 takes them: all or nothing, each change on the outcome of the one before, weighted and simple sets never side by side.
 * moto deletes by name or by identifier alone and would lose sets, so it gets the outcome and not the batch.
 */
final class Route53Changes {
    private static final Pattern ZONE = Pattern.compile("/2013-04-01/hostedzone/([^/?]+)/rrset.*");
    private static final String NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/";
    /** A change is so many looks from being in sync. */
    private static final int LOOKS = 2;

    private final Map<String, Integer> pending = new HashMap<>();
    private int made;

    private record Change(String action, RecordSet set) {}

    AwsAnswer change(AwsCall call, Upstream moto) throws AwsRefusal {
        var zone = ZONE.matcher(call.target()).replaceAll("$1");
        var listed = moto.pass(new AwsCall(call.service(), call.region(), "ListResourceRecordSets", Map.of(), "GET", "/2013-04-01/hostedzone/" + zone + "/rrset?maxitems=1000", call.headers(), ""));
        if (!listed.isSuccess()) {
            return listed;
        }
        var before = Xml.all(listed.document(), "ResourceRecordSet").stream().map(RecordSet::of).toList();
        var changes = Xml.all(Xml.parse(call.body()), "Change").stream().map(Route53Changes::read).toList();
        var after = new ArrayList<>(before);
        var created = new HashSet<String>();
        for (var change : changes) {
            apply(change, after, created);
        }
        var answer = moto.pass(call.withBody(outcome(before, after, changes)));
        return answer.isSuccess() ? pending() : answer;
    }

    AwsAnswer list(AwsCall call, Upstream moto) {
        var answer = moto.pass(call);
        if (!answer.isSuccess()) {
            return answer;
        }
        var document = answer.document();
        Xml.all(document, "ResourceRecordSet").forEach(RecordSet::of);
        return AwsAnswer.xml(document);
    }

    private static Change read(Element change) {
        return new Change(Xml.value(change, "Action").orElse(""), RecordSet.of(Xml.child(change, "ResourceRecordSet").orElseThrow()));
    }

    private static void apply(Change change, List<RecordSet> sets, Set<String> created) throws AwsRefusal {
        var set = change.set();
        var there = sets.stream().filter(set::isSameSet).findFirst();
        if (change.action().equals("DELETE")) {
            if (there.isEmpty()) {
                throw invalid("Tried to delete resource record set " + set.told() + " but it was not found");
            }
            if (!there.get().values().equals(set.values())) {
                throw invalid("Tried to delete resource record set " + set.told() + " but the values provided do not match the current values");
            }
            sets.remove(there.get());
            return;
        }
        if (change.action().equals("CREATE") && (there.isPresent() || !created.add(set.told()))) {
            throw invalid("Tried to create resource record set " + set.told() + " but it already exists");
        }
        weights(set, sets);
        cnames(set, sets);
        there.ifPresent(sets::remove);
        sets.add(set);
    }

    private static void weights(RecordSet set, List<RecordSet> sets) throws AwsRefusal {
        if (set.identifier().isPresent() != set.weight().isPresent()) {
            throw invalid("RRSet with DNS name " + set.name() + ", type " + set.type() + " has to have a weight and a set identifier, or neither");
        }
        if (set.weight().isPresent() && (!set.weight().get().matches("\\d{1,3}") || Integer.parseInt(set.weight().get()) > 255)) {
            throw invalid("Weight " + set.weight().get() + " is not between 0 and 255");
        }
        if (set.weight().isPresent() && set.records() > 1) {
            throw invalid("RRSet with DNS name " + set.name() + ", type " + set.type() + " is weighted and has more than one record");
        }
        for (var other : sets) {
            if (other.question().equals(set.question()) && other.weight().isPresent() != set.weight().isPresent()) {
                throw invalid("RRSet with DNS name " + set.name() + ", type " + set.type() + set.identifier().map(name -> ", SetIdentifier " + name).orElse("") + ", cannot be created as "
                        + (set.weight().isPresent() ? "a non-weighted set exists" : "other RRSets exist") + " with the same name and type.");
            }
            if (other.question().equals(set.question()) && !set.isSameSet(other) && set.ttl().isPresent() && other.ttl().isPresent() && !set.ttl().equals(other.ttl())) {
                throw invalid("RRSet with DNS name " + set.name() + ", type " + set.type() + " has a TTL of " + set.ttl().get() + ", and another of its group " + other.ttl().get());
            }
        }
    }

    /** A CNAME stands alone, and not at a zone's own name. */
    private static void cnames(RecordSet set, List<RecordSet> sets) throws AwsRefusal {
        var isCname = set.type().equals("CNAME");
        if (isCname && sets.stream().anyMatch(other -> other.type().equals("SOA") && other.name().equals(set.name()))) {
            throw invalid("RRSet of type CNAME with DNS name " + set.name() + " is not permitted at apex in zone " + set.name());
        }
        if (sets.stream().anyMatch(other -> other.name().equals(set.name()) && isCname != other.type().equals("CNAME"))) {
            throw invalid("RRSet of type " + set.type() + " with DNS name " + set.name() + " is not permitted as it conflicts with other records with the same DNS name");
        }
    }

    /** The batch that leads moto from before to after: of each name and type that was touched all sets go at once, and those that shall be come. */
    private static String outcome(List<RecordSet> before, List<RecordSet> after, List<Change> changes) {
        var batch = new StringBuilder("<ChangeResourceRecordSetsRequest xmlns=\"" + NAMESPACE + "\"><ChangeBatch><Changes>");
        var questions = new LinkedHashSet<String>();
        changes.forEach(change -> questions.add(change.set().question()));
        for (var question : questions) {
            // Without an identifier moto deletes every set of that name and type.
            before.stream().filter(set -> set.question().equals(question)).findFirst()
                    .ifPresent(set -> batch.append("<Change><Action>DELETE</Action>").append(set.xml().replaceAll("<(SetIdentifier|Weight)>[^<]*</\\1>", "")).append("</Change>"));
            after.stream().filter(set -> set.question().equals(question)).forEach(set -> batch.append("<Change><Action>UPSERT</Action>").append(set.xml()).append("</Change>"));
        }
        return batch.append("</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>").toString();
    }

    private AwsAnswer pending() {
        var id = "/change/C" + String.format("%013d", ++made);
        pending.put(id, LOOKS);
        return info("ChangeResourceRecordSets", id, "PENDING");
    }

    AwsAnswer get(AwsCall call, Upstream moto) throws AwsRefusal {
        var id = "/change/" + call.target().replaceAll("\\?.*|/$", "").replaceAll(".*/", "");
        if (!pending.containsKey(id)) {
            throw new AwsRefusal(404, "NoSuchChange", "Could not find resource with ID: " + id);
        }
        return info("GetChange", id, pending.merge(id, -1, Integer::sum) < 0 ? "INSYNC" : "PENDING");
    }

    private static AwsAnswer info(String action, String id, String status) {
        return AwsAnswer.xml(200, "<" + action + "Response xmlns=\"" + NAMESPACE + "\"><ChangeInfo><Id>" + id + "</Id><Status>" + status + "</Status><SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt></ChangeInfo></"
                + action + "Response>");
    }

    /** The message is a list of messages. */
    private static AwsRefusal invalid(String message) {
        return new AwsRefusal("InvalidChangeBatch", "[" + message + "]");
    }

    void clear() {
        pending.clear();
    }
}
