package dev.mastodonmigration.embedded.aws;

import java.util.List;
import java.util.regex.Pattern;

/** Route 53 names no action: method and path say it. */
record RestAction(String method, Pattern path, String action) {
    private static final List<RestAction> ALL = List.of(
            route53("POST", "hostedzone", "CreateHostedZone"),
            route53("GET", "hostedzone", "ListHostedZones"),
            route53("GET", "hostedzonesbyname", "ListHostedZonesByName"),
            route53("GET", "hostedzone/[^/]+", "GetHostedZone"),
            route53("DELETE", "hostedzone/[^/]+", "DeleteHostedZone"),
            route53("GET", "hostedzone/[^/]+/rrset", "ListResourceRecordSets"),
            route53("POST", "hostedzone/[^/]+/rrset", "ChangeResourceRecordSets"),
            route53("GET", "hostedzone/[^/]+/dnssec", "GetDNSSEC"),
            route53("GET", "change/.+", "GetChange"),
            route53("GET", "testdnsanswer", "TestDNSAnswer"));

    private static RestAction route53(String method, String path, String action) {
        return new RestAction(method, Pattern.compile("/2013-04-01/" + path + "/?"), action);
    }

    /** S3 names none either: the query says what of an object or a bucket is meant. */
    static String ofS3(String method, String target) {
        var path = target.replaceAll("\\?.*", "");
        var query = "&" + target.replaceFirst("[^?]*\\??", "");
        var isBucket = path.matches("/[^/]+/?");
        return switch (method) {
            case "HEAD" -> isBucket ? "HeadBucket" : "HeadObject";
            case "GET" -> !isBucket ? "GetObject" : query.contains("&uploads") ? "ListMultipartUploads" : "ListObjectsV2";
            case "POST" -> query.contains("&uploadId=") ? "CompleteMultipartUpload" : query.contains("&uploads") ? "CreateMultipartUpload" : method + " " + target;
            case "PUT" -> isBucket ? "CreateBucket" : query.contains("&partNumber=") ? "UploadPart" : "PutObject";
            case "DELETE" -> query.contains("&uploadId=") ? "AbortMultipartUpload" : isBucket ? "DeleteBucket" : "DeleteObject";
            default -> method + " " + target;
        };
    }

    /** The action's name, else method and path as they are. */
    static String of(String method, String target) {
        var asked = target.replaceAll("\\?.*", "");
        return ALL.stream().filter(one -> one.method.equals(method) && one.path.matcher(asked).matches()).map(RestAction::action).findFirst().orElse(method + " " + asked);
    }
}
