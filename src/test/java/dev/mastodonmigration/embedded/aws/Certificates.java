package dev.mastodonmigration.embedded.aws;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Certificates are issued once the records in DNS are there, which moto thinks they are after a minute; one in use cannot be deleted, nor for a moment after that. */
public final class Certificates {
    private static final Pattern ARN = Pattern.compile("\"CertificateArn\"\\s*:\\s*\"([^\"]+)\"");
    private static final Pattern RECORD = Pattern.compile(",?\\s*\"ResourceRecord\"\\s*:\\s*\\{[^}]*\\}");
    private final Set<String> issued = new HashSet<>();
    private final Set<String> seen = new HashSet<>();
    private final Map<String, String> users = new HashMap<>();
    private final Set<String> lingering = new HashSet<>();
    private volatile boolean recordsAreThere;
    private String instead = "";

    /** The admin added the records to DNS. */
    public void addRecords() {
        recordsAreThere = true;
    }

    /** AWS gives up on them. @param status such as FAILED */
    public void fail(String status) {
        instead = status;
    }

    AwsAnswer describe(AwsCall call, Upstream moto) {
        var answer = moto.pass(call);
        var arn = arn(call);
        if (!answer.isSuccess() || answer.body().contains("IMPORTED")) {
            return answer;
        }
        if (recordsAreThere) {
            issued.add(arn);
        }
        var status = !instead.isEmpty() ? instead : issued.contains(arn) ? "ISSUED" : "PENDING_VALIDATION";
        var body = answer.body().replaceAll("\"Status\"\\s*:\\s*\"[A-Z_]+\"", "\"Status\": \"" + status + "\"")
                .replaceAll("\"ValidationStatus\"\\s*:\\s*\"[A-Z_]+\"", "\"ValidationStatus\": \"" + (status.equals("ISSUED") ? "SUCCESS" : "PENDING_VALIDATION") + "\"");
        // The records come some seconds after the request.
        return new AwsAnswer(answer.status(), answer.contentType(), seen.add(arn) ? RECORD.matcher(body).replaceAll("") : body);
    }

    AwsAnswer delete(AwsCall call, Upstream moto) throws AwsRefusal {
        var arn = arn(call);
        if (users.containsKey(arn) || lingering.remove(arn)) {
            throw new AwsRefusal("ResourceInUseException", "Certificate " + arn + " in account 123456789012 is in use.");
        }
        return moto.pass(call);
    }

    boolean isIssued(String arn) {
        return issued.contains(arn);
    }

    void uses(String certificate, String balancer) {
        users.put(certificate, balancer);
    }

    void letGo(String balancer) {
        users.entrySet().stream().filter(one -> one.getValue().equals(balancer)).map(Map.Entry::getKey).forEach(lingering::add);
        users.values().removeIf(balancer::equals);
    }

    private static String arn(AwsCall call) {
        var found = ARN.matcher(call.body());
        return found.find() ? found.group(1) : "";
    }

    void clear() {
        issued.clear();
        seen.clear();
        users.clear();
        lingering.clear();
        recordsAreThere = false;
        instead = "";
    }
}
