package dev.mastodonmigration.embedded.aws;

/** How AWS answers one action where moto answers otherwise. */
@FunctionalInterface
interface AwsRule {
    /** Answers the call, with moto's help. */
    AwsAnswer answer(AwsCall call, Upstream moto) throws AwsRefusal;
}
