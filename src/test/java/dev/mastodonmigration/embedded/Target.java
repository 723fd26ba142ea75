package dev.mastodonmigration.embedded;

/** What the target of a migration stands on. */
public enum Target {
    /** Databases that are there beforehand, and pods of the cluster. */
    EXISTING("deploy/examples/migration.yaml", ""),
    /** The same, but for Postgres, which is created as an RDS instance. */
    RDS("deploy/examples/aws.yaml", ""),
    /** RDS, ElastiCache and one EC2 machine for everything. */
    AWS_SINGLE("deploy/examples/aws-ec2.yaml", "Single"),
    /** RDS, ElastiCache and two EC2 machines: for web and streaming, and for Sidekiq. */
    AWS_SPLIT("deploy/examples/aws-ec2.yaml", "Split");

    /** What is applied. */
    final String example;
    /** {@code spec.target.compute.ec2.topology}, where there is one. */
    final String topology;

    Target(String example, String topology) {
        this.example = example;
        this.topology = topology;
    }

    boolean createsPostgres() {
        return this != EXISTING;
    }

    /** Redis and machines too. */
    boolean createsAll() {
        return !topology.isEmpty();
    }

    /** As {@code make demo} is told: TARGET=aws, TOPOLOGY=Split. */
    static Target of(String target, String topology) {
        return !target.equals("aws") ? EXISTING : topology.equals("Split") ? AWS_SPLIT : AWS_SINGLE;
    }
}
