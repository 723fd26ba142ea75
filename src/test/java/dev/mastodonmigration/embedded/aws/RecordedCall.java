package dev.mastodonmigration.embedded.aws;

/**
 * A call and what became of it, for audits afterwards.
 *
 * @param call   as the client sent it, secrets and all
 * @param result the status, with AWS's code of a refusal
 */
public record RecordedCall(AwsCall call, Outcome outcome, String result) {
    /** Whether AWS did it, and whether the client knows. */
    public enum Outcome {
        ANSWERED,
        /** Done, or refused by AWS, and the client does not know which. */
        ANSWER_LOST,
        /** It never reached AWS. */
        NOT_REACHED
    }

    @Override
    public String toString() {
        return call.name() + " " + outcome + " " + result;
    }
}
