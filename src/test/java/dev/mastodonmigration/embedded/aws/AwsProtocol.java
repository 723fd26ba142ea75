package dev.mastodonmigration.embedded.aws;

/** How a service writes a refusal. */
enum AwsProtocol {
    /** Form in, XML out: RDS, ElastiCache, load balancers, IAM, STS. */
    QUERY,
    /** As {@link #QUERY}, with errors of its own shape. */
    EC2,
    /** Route 53. */
    REST_XML,
    /** S3: as Route 53, with errors of its own shape. */
    S3,
    /** Names its action in a header: ACM, Systems Manager, Secrets Manager, logs, prices. */
    JSON;

    private static final String REQUEST_ID = "00000000-0000-4000-8000-000000000000";

    AwsAnswer error(int status, String code, String message) {
        var told = "<Code>" + code + "</Code><Message>" + Xml.escape(message) + "</Message>";
        return switch (this) {
            case QUERY, REST_XML -> AwsAnswer.xml(status, "<ErrorResponse><Error><Type>" + (status < 500 ? "Sender" : "Receiver") + "</Type>" + told + "</Error><RequestId>" + REQUEST_ID + "</RequestId></ErrorResponse>");
            case S3 -> AwsAnswer.xml(status, "<Error>" + told + "<RequestId>" + REQUEST_ID + "</RequestId></Error>");
            case EC2 -> AwsAnswer.xml(status, "<Response><Errors><Error>" + told + "</Error></Errors><RequestID>" + REQUEST_ID + "</RequestID></Response>");
            case JSON -> new AwsAnswer(status, "application/x-amz-json-1.1", "{\"__type\":\"" + code + "\",\"message\":\"" + message.replace("\\", "\\\\").replace("\"", "\\\"") + "\"}");
        };
    }

    /** The words in which it says that there are too many calls. */
    AwsAnswer throttled() {
        return switch (this) {
            case EC2 -> error(503, "RequestLimitExceeded", "Request limit exceeded.");
            case S3 -> error(503, "SlowDown", "Please reduce your request rate.");
            case QUERY, REST_XML -> error(400, "Throttling", "Rate exceeded");
            case JSON -> error(400, "ThrottlingException", "Rate exceeded");
        };
    }
}
