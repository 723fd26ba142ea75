package dev.mastodonmigration.embedded.aws;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * One call as the client made it. Whatever the protocol, it is named as a policy names it: {@code rds:CreateDBInstance}.
 *
 * @param service    as the signature's scope says
 * @param region     as the signature's scope says
 * @param parameters of a form, in their order; empty in other protocols, where the body says it
 * @param target     path and query
 * @param headers    names in lower case
 */
public record AwsCall(String service, String region, String action, Map<String, String> parameters, String method, String target, Map<String, String> headers, String body) {
    private static final Pattern SCOPE = Pattern.compile("Credential=[^/]+/\\d+/([^/]+)/([^/]+)/aws4_request");
    private static final Map<String, String> VERSIONS = Map.of("ec2", "2016-11-15", "rds", "2014-10-31", "elasticache", "2015-02-02", "elasticloadbalancing", "2015-12-01");
    private static final Pattern KEY = Pattern.compile("Credential=([^/]+)/");
    private static final String S3 = "s3";
    private static final String FORM = "application/x-www-form-urlencoded";

    static AwsCall of(String method, String target, Map<String, String> headers, String body) {
        var scope = SCOPE.matcher(headers.getOrDefault("authorization", ""));
        var isSigned = scope.find();
        var form = headers.getOrDefault("content-type", "").startsWith(FORM) ? form(body) : Map.<String, String>of();
        var action = Optional.ofNullable(form.get("Action")).or(() -> Optional.ofNullable(headers.get("x-amz-target")).map(name -> name.substring(name.lastIndexOf('.') + 1)))
                .orElseGet(() -> isSigned && scope.group(2).equals(S3) ? RestAction.ofS3(method, target) : RestAction.of(method, target));
        return new AwsCall(isSigned ? scope.group(2) : "unsigned", isSigned ? scope.group(1) : "", action, form, method, target, headers, body);
    }

    /** A call of our own to a service that takes forms, in the region of this one. */
    AwsCall another(String otherService, String otherAction, Map<String, String> otherParameters) {
        var all = new LinkedHashMap<>(Map.of("Action", otherAction, "Version", VERSIONS.get(otherService)));
        all.putAll(otherParameters);
        return new AwsCall(otherService, region, otherAction, Map.of(), "POST", "/", Map.of("content-type", FORM + "; charset=utf-8", "authorization",
                "AWS4-HMAC-SHA256 Credential=proxy/20260101/" + region + "/" + otherService + "/aws4_request, SignedHeaders=host, Signature=0"), "").with(all);
    }

    /** What is stored in S3 is bytes, each of which is a character here. */
    static Charset charset(Map<String, String> headers) {
        var scope = SCOPE.matcher(headers.getOrDefault("authorization", ""));
        return scope.find() && scope.group(2).equals(S3) ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8;
    }

    /** Id of the access key that signed it; empty where it is unsigned. */
    public String accessKey() {
        var key = KEY.matcher(headers.getOrDefault("authorization", ""));
        return key.find() ? key.group(1) : "";
    }

    /** Whether it changes something. */
    public boolean isChange() {
        return !action.matches("(Describe|Get|Head|List|Simulate|Lookup|Search|Test).*") && !isDryRun();
    }

    /** Whether EC2 is only to say what it would do. */
    boolean isDryRun() {
        return service.equals("ec2") && parameter("DryRun").filter("true"::equals).isPresent();
    }

    /** As a policy names it. */
    public String name() {
        return service + ":" + action;
    }

    public Optional<String> parameter(String name) {
        return Optional.ofNullable(parameters.get(name)).filter(value -> !value.isEmpty());
    }

    /** The values of a list, however the protocol names its members: {@code SubnetIds.SubnetIdentifier.1}, {@code GroupId.1}. */
    public List<String> list(String name) {
        var member = Pattern.compile(Pattern.quote(name) + "(\\.[A-Za-z]+)?\\.\\d+");
        return parameters.entrySet().stream().filter(entry -> member.matcher(entry.getKey()).matches()).map(Map.Entry::getValue).toList();
    }

    AwsCall with(String name, String value) {
        var changed = new LinkedHashMap<>(parameters);
        changed.put(name, value);
        return with(changed);
    }

    AwsCall without(Iterable<String> names) {
        var changed = new LinkedHashMap<>(parameters);
        names.forEach(changed::remove);
        return with(changed);
    }

    private AwsCall with(Map<String, String> form) {
        var text = form.entrySet().stream().map(entry -> entry.getKey() + "=" + URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8)).collect(Collectors.joining("&"));
        return new AwsCall(service, region, action, form, method, target, headers, text);
    }

    AwsCall withBody(String text) {
        return new AwsCall(service, region, action, parameters, method, target, headers, text);
    }

    AwsProtocol protocol() {
        if (headers.containsKey("x-amz-target")) {
            return AwsProtocol.JSON;
        }
        return service.equals(S3) ? AwsProtocol.S3 : service.equals("ec2") ? AwsProtocol.EC2 : parameters.isEmpty() ? AwsProtocol.REST_XML : AwsProtocol.QUERY;
    }

    private static Map<String, String> form(String body) {
        var fields = new LinkedHashMap<String, String>();
        for (var field : body.split("&")) {
            var at = field.indexOf('=');
            if (at > 0) {
                fields.put(URLDecoder.decode(field.substring(0, at), StandardCharsets.UTF_8), URLDecoder.decode(field.substring(at + 1), StandardCharsets.UTF_8));
            }
        }
        return fields;
    }
}
