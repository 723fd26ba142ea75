package dev.mastodonmigration.target.aws.ec2;

/** Where things stand in Parameter Store. A machine's role may read the first two, and write its own report. */
public record ParameterPaths(String root) {
    /** @param name under which all of the migration's things stand on AWS */
    static String of(String name) {
        return "/mastodon-migration/" + name;
    }

    public static ParameterPaths named(String name) {
        return new ParameterPaths(of(name));
    }

    public String desired() {
        return root + "/desired";
    }

    public String environment(String revision) {
        return root + "/environment/" + revision;
    }

    /** In their order by name. */
    public String document(String revision, int index) {
        return environment(revision) + "/%03d".formatted(index);
    }

    public String report(String instanceId) {
        return root + "/machines/" + instanceId;
    }
}
