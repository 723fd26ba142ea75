package dev.mastodonmigration.embedded.aws;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.w3c.dom.Document;

/**
 * What a client gets.
 *
 * @param headers that say something, beside the content type: S3's
 */
record AwsAnswer(int status, String contentType, String body, Map<String, String> headers) {
    private static final Pattern CODE = Pattern.compile("(?:<Code>|\"__type\"\\s*:\\s*\")([^<\"]+)");

    AwsAnswer(int status, String contentType, String body) {
        this(status, contentType, body, Map.of());
    }

    static AwsAnswer xml(int status, String body) {
        return new AwsAnswer(status, "text/xml", body);
    }

    static AwsAnswer xml(Document document) {
        return xml(200, Xml.write(document));
    }

    /** An answer of a service that takes forms. */
    static AwsAnswer result(String action, String namespace, String content) {
        return xml(200, "<" + action + "Response xmlns=\"" + namespace + "\"><" + action + "Result>" + content + "</" + action + "Result>"
                + "<ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata></" + action + "Response>");
    }

    boolean isSuccess() {
        return status < 300;
    }

    /** The error code of a refusal. */
    Optional<String> code() {
        var found = CODE.matcher(body);
        return !isSuccess() && found.find() ? Optional.of(found.group(1)) : Optional.empty();
    }

    Document document() {
        return Xml.parse(body);
    }
}
