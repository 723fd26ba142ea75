package dev.mastodonmigration.embedded.aws;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What can be ordered: a few of the versions and classes, among them one that only one zone has, and one that newer versions alone have. */
final class RdsOfferings {
    static final String NAMESPACE = "http://rds.amazonaws.com/doc/2014-10-31/";
    private static final String ENGINE = "postgres";
    /** In the order of their age; the last of a major version is what its bare number means. */
    private static final List<String> VERSIONS = List.of("14.19", "15.14", "16.10", "17.5", "17.6", "18.1");

    /**
     * A class of instances.
     *
     * @param zones letters of the zones that have it
     */
    private record Offer(String instanceClass, String zones, int sinceMajor) {}

    private static final List<Offer> OFFERS = List.of(
            new Offer("db.t3.micro", "abc", 14), new Offer("db.t4g.micro", "abc", 14), new Offer("db.t4g.small", "abc", 14), new Offer("db.t4g.medium", "abc", 14),
            new Offer("db.t4g.large", "abc", 14), new Offer("db.m7g.large", "abc", 14), new Offer("db.r7g.large", "a", 14), new Offer("db.m8g.large", "abc", 17));

    private RdsOfferings() {}

    /** The version that a request means: {@code 17} is the newest of 17; empty where it is none. */
    static Optional<String> version(String asked) {
        return VERSIONS.stream().filter(version -> version.equals(asked) || major(version) == number(asked)).max(Comparator.comparingInt(VERSIONS::indexOf));
    }

    static String family(String version) {
        return ENGINE + major(version);
    }

    static boolean isOrderable(String instanceClass, String version) {
        return OFFERS.stream().anyMatch(offer -> offer.instanceClass().equals(instanceClass) && major(version) >= offer.sinceMajor());
    }

    static boolean hasSecondZone(String instanceClass) {
        return OFFERS.stream().anyMatch(offer -> offer.instanceClass().equals(instanceClass) && offer.zones().length() > 1);
    }

    static AwsAnswer orderable(AwsCall call) throws AwsRefusal {
        var entries = versionsOf(call).flatMap(version -> OFFERS.stream().filter(offer -> major(version) >= offer.sinceMajor())
                .filter(offer -> call.parameter("DBInstanceClass").map(offer.instanceClass()::equals).orElse(true)).map(offer -> option(call, version, offer))).toList();
        return page(call, "OrderableDBInstanceOptions", entries);
    }

    private static String option(AwsCall call, String version, Offer offer) {
        var zones = offer.zones().chars().mapToObj(zone -> "<AvailabilityZone><Name>" + call.region() + (char) zone + "</Name></AvailabilityZone>").collect(Collectors.joining());
        return "<OrderableDBInstanceOption><Engine>" + ENGINE + "</Engine><EngineVersion>" + version + "</EngineVersion><DBInstanceClass>" + offer.instanceClass()
                + "</DBInstanceClass><LicenseModel>postgresql-license</LicenseModel><AvailabilityZones>" + zones + "</AvailabilityZones><MultiAZCapable>" + (offer.zones().length() > 1)
                + "</MultiAZCapable><ReadReplicaCapable>true</ReadReplicaCapable><Vpc>true</Vpc><SupportsStorageEncryption>true</SupportsStorageEncryption><StorageType>gp3</StorageType>"
                + "<SupportsIops>true</SupportsIops><MinStorageSize>20</MinStorageSize><MaxStorageSize>65536</MaxStorageSize></OrderableDBInstanceOption>";
    }

    static AwsAnswer versions(AwsCall call) throws AwsRefusal {
        var entries = versionsOf(call).filter(version -> call.parameter("DBParameterGroupFamily").map(family(version)::equals).orElse(true))
                .map(version -> "<DBEngineVersion><Engine>" + ENGINE + "</Engine><MajorEngineVersion>" + major(version) + "</MajorEngineVersion><EngineVersion>" + version
                        + "</EngineVersion><DBParameterGroupFamily>" + family(version) + "</DBParameterGroupFamily><Status>available</Status></DBEngineVersion>").toList();
        return page(call, "DBEngineVersions", entries);
    }

    private static Stream<String> versionsOf(AwsCall call) {
        if (!call.parameter("Engine").map(ENGINE::equals).orElse(true)) {
            return Stream.empty();
        }
        var asked = call.parameter("EngineVersion");
        return VERSIONS.stream().filter(version -> asked.map(wanted -> version.equals(wanted) || major(version) == number(wanted)).orElse(true));
    }

    /** At most a hundred to a page, or as many as were asked for: who reads the first page alone misses the rest. */
    private static AwsAnswer page(AwsCall call, String list, List<String> entries) throws AwsRefusal {
        var size = call.parameter("MaxRecords").map(Integer::parseInt).orElse(100);
        if (size < 20 || size > 100) {
            throw new AwsRefusal("InvalidParameterValue", "Invalid value " + size + " for MaxRecords. Must be between 20 and 100");
        }
        var from = call.parameter("Marker").map(Integer::parseInt).orElse(0);
        var to = Math.min(entries.size(), from + size);
        return AwsAnswer.result(call.action(), NAMESPACE, "<" + list + ">" + String.join("", entries.subList(from, to)) + "</" + list + ">"
                + (to < entries.size() ? "<Marker>" + to + "</Marker>" : ""));
    }

    private static int major(String version) {
        return Integer.parseInt(version.replaceAll("\\..*", ""));
    }

    /** A bare major version as a number, and -1 for all else. */
    private static int number(String asked) {
        return asked.matches("\\d{1,3}") ? Integer.parseInt(asked) : -1;
    }
}
