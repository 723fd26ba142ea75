package dev.mastodonmigration.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import java.util.Map;

/** What the admin wants moved, from where, to where, and when. Optional parts are null when left out: Jackson and the CRD speak so. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MastodonMigrationSpec(
        @Required @JsonPropertyDescription("The Mastodon instance that moves.") Instance instance,
        @Required
        @ValidationRule(value = "has(self.heroku) != has(self.endpoints)", message = "source: set exactly one of heroku, endpoints")
        @ValidationRule(value = "self == oldSelf", message = "source is immutable: create another MastodonMigration instead")
        @JsonPropertyDescription("Where the instance runs now: exactly one of heroku, endpoints. Immutable.") Source source,
        @Required
        @ValidationRule(value = "has(self.postgres) || has(self.redis) || has(self.compute)", message = "target: set at least one of postgres, redis, compute")
        @JsonPropertyDescription("What stands here is what moves.") Target target,
        @JsonPropertyDescription("AWS region and identity. Required where something moves to AWS.") Aws aws,
        @JsonPropertyDescription("Pods of the operator's in front of both sides while the instance moves: the cutover becomes a pause, in which requests wait and then are answered by the target. Needs target.compute.kubernetes. Left out: what stands in front is yours, and users meet the old host's maintenance page during the freeze.") Edge edge,
        @JsonPropertyDescription("How data is copied.") Strategy strategy,
        @JsonPropertyDescription("A full copy into a scratch database before anything changes.") Rehearsal rehearsal,
        @JsonPropertyDescription("The gate before the freeze.") Cutover cutover,
        @JsonPropertyDescription("How long both sides are kept after going live.") Soak soak,
        @JsonPropertyDescription("What is removed from the old host in the end, and its gate.") Retire retire,
        @Default("Running")
        @JsonPropertyDescription("What you want now: Running, Suspended, Aborted (before the target opened) or RolledBack (after; not supported yet).") DesiredState state) {

    public static final String DNS_NAME = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

    /** 72h, 10m, 30s, 1h30m. */
    public static final String DURATION = "^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$";
    /** RFC 3339, in UTC. */
    public static final String TIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?Z$";

    public enum DesiredState { Running, Suspended, Aborted, RolledBack }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Instance(
            @Required @Pattern(DNS_NAME)
            @ValidationRule(value = "self == oldSelf", message = "instance.localDomain is immutable: it is the instance's identity in the Fediverse")
            @JsonPropertyDescription("LOCAL_DOMAIN, as in user@LOCAL_DOMAIN. Immutable.") String localDomain,
            @Pattern(DNS_NAME) @JsonPropertyDescription("WEB_DOMAIN. Default: localDomain.") String webDomain,
            @Pattern(DNS_NAME) @JsonPropertyDescription("Host name of the streaming API. Default: webDomain.") String streamingDomain,
            @Required @Size(min = 1) @JsonPropertyDescription("Image of web and Sidekiq: the version that the source runs.") String image,
            @JsonPropertyDescription("Image of streaming. Required when compute moves.") String streamingImage,
            @JsonPropertyDescription("Users and other servers who ask for localDomain are led to the target too, where it is another name than webDomain: a custom domain of the source. Default: false; it is left where it leads.") Boolean moveLocalDomain) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Source(
            @JsonPropertyDescription("Two Heroku apps with Heroku Postgres and a Redis add-on.") Heroku heroku,
            @JsonPropertyDescription("Not supported yet, refused by Preflight. A Postgres and a Redis by URL, on another host.") Endpoints endpoints) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Heroku(
            @Required @Size(min = 1) @JsonPropertyDescription("App that runs web and Sidekiq.") String app,
            @JsonPropertyDescription("App that runs streaming, if it is another one.") String streamingApp,
            @Required @JsonPropertyDescription("Secret key with a Heroku API token that may read and change both apps, as `heroku authorizations:create --scope write-protected` makes.") SecretKeyRef apiTokenSecretRef) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Endpoints(
            @JsonPropertyDescription("The source's Postgres.") Existing postgres,
            @JsonPropertyDescription("The source's Redis.") Existing redis) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record SecretKeyRef(
            @Required @Size(min = 1) @JsonPropertyDescription("Name of a Secret in the migration's namespace.") String name,
            @Required @Size(min = 1) @JsonPropertyDescription("Key in that Secret.") String key) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Existing(@Required @JsonPropertyDescription("Secret key that holds the URL, with user and password.") SecretKeyRef urlSecretRef) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record ExistingTarget(
            @Required @JsonPropertyDescription("Secret key that holds the URL, with user and password.") SecretKeyRef urlSecretRef,
            @JsonPropertyDescription("Secret key that holds the CA certificates, in PEM form, that sign the server's certificate. With it the server's name is verified too. Left out: the system's CAs.") SecretKeyRef caSecretRef) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Target(
            @ValidationRule(value = "has(self.rds) != has(self.existing)", message = "target.postgres: set exactly one of rds, existing")
            @ValidationRule(value = "!has(self.rds) || has(self.rds.securityGroupIds) != has(self.rds.allowFrom)", message = "target.postgres.rds: set exactly one of securityGroupIds, allowFrom")
            @JsonPropertyDescription("Where Postgres moves: exactly one of rds, existing.") TargetPostgres postgres,
            @ValidationRule(value = "has(self.elastiCache) != has(self.existing)", message = "target.redis: set exactly one of elastiCache, existing")
            @ValidationRule(value = "!has(self.elastiCache) || has(self.elastiCache.securityGroupIds) != has(self.elastiCache.allowFrom)", message = "target.redis.elastiCache: set exactly one of securityGroupIds, allowFrom")
            @JsonPropertyDescription("Where Redis moves: exactly one of elastiCache, existing.") TargetRedis redis,
            @ValidationRule(value = "has(self.kubernetes) != has(self.ec2)", message = "target.compute: set exactly one of kubernetes, ec2")
            @JsonPropertyDescription("Where web, streaming and Sidekiq move: exactly one of kubernetes, ec2.") Compute compute,
            @ValidationRule(value = "has(self.route53) != has(self.manual)", message = "target.dns: set exactly one of route53, manual")
            @JsonPropertyDescription("Who moves DNS: exactly one of route53, manual. Default: manual.") Dns dns) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record TargetPostgres(
            @JsonPropertyDescription("An RDS instance that the operator creates.") Rds rds,
            @JsonPropertyDescription("An empty database that you made.") ExistingTarget existing) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Rds(
            @Required @Pattern("^db[.][a-z0-9-]+[.][a-z0-9]+$") @JsonPropertyDescription("For example db.t4g.medium.") String instanceClass,
            @Required @Min(20) @Max(65536) @JsonPropertyDescription("Storage in GiB, gp3 and encrypted. It can grow later, and never shrinks.") Integer allocatedStorageGiB,
            @Required @Pattern("^[1-9][0-9](\\.[0-9]{1,2})?$") @JsonPropertyDescription("Postgres version, as 17 or 17.5: the source's major version or a newer one.") String engineVersion,
            @Default("false") @JsonPropertyDescription("A standby in a second availability zone. Default: false.") Boolean multiAz,
            @Default("7") @Min(1) @Max(35) @JsonPropertyDescription("Days for which RDS keeps its automated backups. Default: 7.") Integer backupRetentionDays,
            @Required @Size(min = 2, max = 20) @JsonPropertyDescription("Subnets of one VPC, in at least two availability zones.") List<@Pattern("^subnet-[0-9a-f]+$") String> subnetIds,
            @Size(min = 1, max = 5) @JsonPropertyDescription("Your security groups for the instance. Without them the operator creates one, for allowFrom.") List<@Pattern(SECURITY_GROUP) String> securityGroupIds,
            @ValidationRule(value = "has(self.securityGroupIds) || has(self.cidrs)", message = "allowFrom: set securityGroupIds, cidrs or both")
            @JsonPropertyDescription("Who may connect: the security group that the operator creates lets them in.") AllowFrom allowFrom,
            @JsonPropertyDescription("Secret key that holds the CA certificates, in PEM form, that sign the instance's certificate. Default: those of RDS's own in the region.") SecretKeyRef caSecretRef) {}

    public static final String SECURITY_GROUP = "^sg-[0-9a-f]+$";

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record AllowFrom(
            @Size(min = 1, max = 20) @JsonPropertyDescription("Security groups: of the cluster's nodes or pods, where the workers run, and of what runs Mastodon.") List<@Pattern(SECURITY_GROUP) String> securityGroupIds,
            @Size(min = 1, max = 20) @JsonPropertyDescription("Address ranges, as 10.0.0.0/16.") List<@Pattern("^[0-9a-f.:]+/[0-9]{1,3}$") String> cidrs) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record TargetRedis(
            @JsonPropertyDescription("An ElastiCache replication group that the operator creates: Valkey, with cluster mode disabled.") ElastiCache elastiCache,
            @JsonPropertyDescription("An empty Redis or Valkey that you made, with maxmemory-policy noeviction.") ExistingTarget existing) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record ElastiCache(
            @Required @Pattern("^cache[.][a-z0-9-]+[.][a-z0-9]+$") @JsonPropertyDescription("For example cache.t4g.small.") String nodeType,
            @Required @Pattern("^[1-9][0-9]?[.][0-9]{1,2}$") @JsonPropertyDescription("Valkey version, as 8.0: one that ElastiCache offers.") String engineVersion,
            @Default("1") @Min(0) @Max(5) @JsonPropertyDescription("Replicas beside the primary, in other availability zones, one of which takes over when it fails. Default: 1.") Integer replicas,
            @Default("7") @Min(1) @Max(35) @JsonPropertyDescription("Days for which ElastiCache keeps its daily snapshots. Default: 7.") Integer snapshotRetentionDays,
            @Required @Size(min = 1, max = 20) @JsonPropertyDescription("Subnets of one VPC; with replicas in at least two availability zones.") List<@Pattern("^subnet-[0-9a-f]+$") String> subnetIds,
            @Size(min = 1, max = 5) @JsonPropertyDescription("Your security groups for the nodes. Without them the operator creates one, for allowFrom.") List<@Pattern(SECURITY_GROUP) String> securityGroupIds,
            @ValidationRule(value = "has(self.securityGroupIds) || has(self.cidrs)", message = "allowFrom: set securityGroupIds, cidrs or both")
            @JsonPropertyDescription("Who may connect: the security group that the operator creates lets them in.") AllowFrom allowFrom,
            @JsonPropertyDescription("Secret key that holds the CA certificates, in PEM form, that sign the nodes' certificates. Default: the system's, which know ElastiCache's.") SecretKeyRef caSecretRef) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Compute(
            @JsonPropertyDescription("Deployments in the migration's namespace.") Kubernetes kubernetes,
            @JsonPropertyDescription("EC2 instances that the operator creates, behind a load balancer.") Ec2 ec2) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Kubernetes(
            @JsonPropertyDescription("Puma.") Workload web,
            @JsonPropertyDescription("The streaming server.") Workload streaming,
            @ValidationRule(value = "self.filter(s, !has(s.queues) || s.queues.exists(q, q == 'scheduler' || q.startsWith('scheduler,'))).size() == 1",
                    message = "target.compute.kubernetes.sidekiq: exactly one entry must serve the scheduler queue")
            @Size(max = 16)
            @JsonPropertyDescription("Sidekiq processes. Default: one with every queue. The scheduler queue belongs to exactly one, with one replica.") List<Sidekiq> sidekiq,
            @JsonPropertyDescription("Not supported yet, refused by Preflight. An Ingress for web and streaming.") Ingress ingress,
            @ValidationRule(value = "self.all(one, self.exists_one(other, other.name == one.name))", message = "target.compute.kubernetes.cronJobs: two entries have the same name")
            @Size(max = 10)
            @JsonPropertyDescription("Commands of the instance that are run by the clock once the target takes writes, as CronJobs: for what Mastodon does not time itself. Default: none.") List<CronJob> cronJobs,
            @Default("false") @JsonPropertyDescription("True: a Job runs tootctl search deploy once the target takes writes, where ES_ENABLED=true goes along. For a new Elasticsearch; one that both sides reach is filled already. Default: false.") Boolean searchDeploy,
            @JsonPropertyDescription("What all of Mastodon's pods get beside, or instead of, what the operator sets.") PodTemplate podTemplate) {}

    private static final String STEP = "(/[1-9][0-9]?)?";
    private static final String MINUTE = "([*?]|[0-5]?[0-9](-[0-5]?[0-9])?)" + STEP;
    private static final String HOUR = "([*?]|([01]?[0-9]|2[0-3])(-([01]?[0-9]|2[0-3]))?)" + STEP;
    private static final String DAY = "([*?]|(0?[1-9]|[12][0-9]|3[01])(-(0?[1-9]|[12][0-9]|3[01]))?)" + STEP;
    private static final String MONTH = "([*?]|(0?[1-9]|1[0-2]|[A-Za-z]{3})(-(0?[1-9]|1[0-2]|[A-Za-z]{3}))?)" + STEP;
    private static final String WEEKDAY = "([*?]|([0-6]|[A-Za-z]{3})(-([0-6]|[A-Za-z]{3}))?)" + STEP;
    /** As Kubernetes reads it (github.com/robfig/cron, ParseStandard). */
    public static final String SCHEDULE = "^(@(hourly|daily|midnight|weekly|monthly|yearly|annually)|" + MINUTE + "(," + MINUTE + ")* " + HOUR + "(," + HOUR + ")* " + DAY + "(," + DAY + ")* " + MONTH + "(," + MONTH
            + ")* " + WEEKDAY + "(," + WEEKDAY + ")*)$";

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record CronJob(
            @Required @Size(max = 12) @Pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$") @JsonPropertyDescription("Name of the entry, part of the CronJob's name.") String name,
            @Required @Size(max = 100) @ValidationRule(value = "self.matches('" + SCHEDULE + "')", message = "schedule: five fields as cron has them, for example \"30 3 * * 0\" (Sunday is 0, never 7), or @hourly, @daily, @weekly, @monthly")
            @JsonPropertyDescription("When, in UTC: five fields as cron has them, or @daily and the like.") String schedule,
            @Required @Size(min = 1, max = 32) @JsonPropertyDescription("Command and arguments, one an entry, for example [tootctl, media, remove, --prune-profiles]. No shell reads them, and they are no place for secrets.") List<@Size(max = 500) String> command) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Workload(
            @Default("1") @Min(1) @Max(100) @JsonPropertyDescription("Pods. Default: 1.") Integer replicas,
            @JsonPropertyDescription("What these pods get, over the podTemplate of all.") PodTemplate podTemplate) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    @ValidationRule(value = "!(!has(self.queues) || self.queues.exists(q, q == 'scheduler' || q.startsWith('scheduler,'))) || !has(self.replicas) || self.replicas == 1",
            message = "the Sidekiq entry with the scheduler queue must have one replica: two would publish and delete twice")
    @ValidationRule(value = "!has(self.burstReplicas) || has(self.queues) && !self.queues.exists(q, q == 'scheduler' || q.startsWith('scheduler,'))",
            message = "burstReplicas: not for the entry with the scheduler queue, of which two would publish and delete twice")
    public record Sidekiq(
            @Required @Pattern("^[a-z0-9]([-a-z0-9]{0,18}[a-z0-9])?$") @JsonPropertyDescription("Name of the entry, part of the Deployment's name.") String name,
            @Size(min = 1, max = 16) @JsonPropertyDescription("Queues, optionally weighted as in 'default,8'. Default: all of Mastodon's.") List<@Pattern("^[a-z_]+(,[0-9]+)?$") String> queues,
            @Min(1) @Max(200) @JsonPropertyDescription("Threads. Default: 5.") Integer concurrency,
            @Min(1) @Max(100) @JsonPropertyDescription("Pods. Default: 1.") Integer replicas,
            @Min(2) @Max(100) @JsonPropertyDescription("Pods from going live until no job in its queues has waited for a minute, for two hours at most: for what piled up during the move. Default: replicas.") Integer burstReplicas,
            @JsonPropertyDescription("What these pods get, over the podTemplate of all.") PodTemplate podTemplate) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Ingress(
            @JsonPropertyDescription("ingressClassName.") String className,
            @JsonPropertyDescription("Secret with the TLS certificate.") String tlsSecretName) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Ec2(
            @Default("Single") @JsonPropertyDescription("Single: one machine for all. Split: one for web and streaming, and one for Sidekiq. Default: Single.") Topology topology,
            @Required @Pattern("^[a-z][a-z0-9-]*[.][a-z0-9-]+$") @JsonPropertyDescription("For example t4g.large.") String instanceType,
            @Required @Size(min = 2, max = 20) @JsonPropertyDescription("Public subnets of one VPC, in at least two availability zones: the load balancer is in all of them, the machines are in the first.") List<@Pattern("^subnet-[0-9a-f]+$") String> subnetIds,
            @Size(min = 1, max = 4) @JsonPropertyDescription("Security groups that the machines get beside their own: those that your databases let in, where the operator did not create these.") List<@Pattern(SECURITY_GROUP) String> securityGroupIds,
            @Pattern("^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]+:certificate/[A-Za-z0-9-]+$") @JsonPropertyDescription("Your certificate in ACM, for all of the instance's domains. Left out: the operator requests one, and says which DNS records prove that the domains are yours.") String certificateArn,
            @ValidationRule(value = "self.filter(s, !has(s.queues) || s.queues.exists(q, q == 'scheduler' || q.startsWith('scheduler,'))).size() == 1",
                    message = "target.compute.ec2.sidekiq: exactly one entry must serve the scheduler queue")
            @Size(min = 1, max = 10) @JsonPropertyDescription("Sidekiq processes. Exactly one serves the scheduler queue. Default: one, with all queues and 5 threads.") List<Ec2Sidekiq> sidekiq) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Ec2Sidekiq(
            @Required @Pattern("^[a-z0-9]([-a-z0-9]{0,18}[a-z0-9])?$") @JsonPropertyDescription("Name of the process.") String name,
            @Size(min = 1, max = 16) @JsonPropertyDescription("Queues, optionally weighted as in 'default,8'. Default: all of Mastodon's.") List<@Pattern("^[a-z_]+(,[0-9]+)?$") String> queues,
            @Min(1) @Max(200) @JsonPropertyDescription("Threads. Default: 5.") Integer concurrency) {}

    public enum Topology { Single, Split }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Dns(
            @JsonPropertyDescription("A Route 53 hosted zone, in which the operator changes the records of webDomain and streamingDomain when the target takes writes.") Route53 route53,
            @JsonPropertyDescription("You move DNS yourself when the operator says so.") Manual manual) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Route53(
            @Required @Pattern("^[A-Z0-9]{1,32}$") @JsonPropertyDescription("Id of the public hosted zone that holds webDomain and streamingDomain.") String hostedZoneId,
            @Default("60") @Min(1) @Max(3600) @JsonPropertyDescription("TTL in seconds that the records get before they are changed, and keep afterwards. A lower one stays. Default: 60.") Integer ttlSeconds,
            @Size(min = 1, max = 20) @JsonPropertyDescription("With spec.edge: shares of users in percent, in order, the last one 100. Default: 10, 50, 100.") List<@Min(1) @Max(100) Integer> steps,
            @Pattern(DURATION) @Size(min = 1) @JsonPropertyDescription("With spec.edge: time to hold each step, for example 10m. Default: 10m.") String hold,
            @JsonPropertyDescription("Where the world reaches the load balancer that you have in front of the target, with a valid certificate for webDomain and streamingDomain. Default with compute.ec2: the one that the operator creates; required otherwise.") Front front) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    @ValidationRule(value = "has(self.dnsName) != has(self.addresses)", message = "front: set exactly one of dnsName, addresses")
    @ValidationRule(value = "!has(self.hostedZoneId) || has(self.dnsName)", message = "front: hostedZoneId is of dnsName, so set that too")
    public record Front(
            @Pattern(DNS_NAME) @JsonPropertyDescription("Its name, for example of a load balancer on AWS.") String dnsName,
            @Pattern("^[A-Z0-9]{1,32}$") @JsonPropertyDescription("The CanonicalHostedZoneId of that load balancer, so that the records become aliases of it. Required where webDomain is the zone's own name.") String hostedZoneId,
            @Size(min = 1, max = 8) @JsonPropertyDescription("Its addresses, IPv4 and IPv6.") List<@Pattern("^([0-9]{1,3}([.][0-9]{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*)$") String> addresses) {}

    /** Has no settings: its presence is the choice. */
    public record Manual() {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Aws(
            @Required @Pattern("^[a-z]{2}(-[a-z]+)+-[0-9]$") @JsonPropertyDescription("AWS region, as eu-central-1.") String region,
            @JsonPropertyDescription("Secret with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where they are temporary, AWS_SESSION_TOKEN. Default: the operator's own AWS identity.") SecretRef credentialsSecretRef,
            @Default("Retain") @JsonPropertyDescription("What becomes of what the operator created on AWS when the migration is aborted: Retain or Delete. Default: Retain.") DeletionPolicy deletionPolicy) {}

    public enum DeletionPolicy { Retain, Delete }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record SecretRef(@Required @Size(min = 1) @JsonPropertyDescription("Name of a Secret in the migration's namespace.") String name) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    @ValidationRule(value = "!has(self.ingress) || !has(self.gateway)", message = "edge: set at most one of ingress, gateway")
    public record Edge(
            @Default("15s") @Pattern(DURATION) @Size(min = 1) @JsonPropertyDescription("How long a request waits at most during the cutover; then it is answered with 503 and Retry-After. Default: 15s.") String hold,
            @Default("2") @Min(1) @Max(10) @JsonPropertyDescription("Pods. Default: 2.") Integer replicas,
            @JsonPropertyDescription("The operator makes an Ingress by which users come to the edge, and after the migration to web and streaming. Left out, as gateway is: what stands in front is yours.") EdgeIngress ingress,
            @JsonPropertyDescription("The operator makes routes of a Gateway of yours, by which users come to the edge, and after the migration to web and streaming.") EdgeGateway gateway,
            @Size(min = 1, max = 20) @JsonPropertyDescription("Addresses by which the cluster reaches the internet, as 203.0.113.7/32. Before the first user is led to the edge the operator sets both apps' TRUSTED_PROXY_IP so that it covers them, and sets it back later. Left out: it is yours to set.")
                    List<@Pattern("^[0-9a-fA-F.:]+/[0-9]{1,3}$") String> egressCidrs) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record EdgeIngress(
            @Size(min = 1) @JsonPropertyDescription("ingressClassName. Default: the cluster's default class.") String className,
            @Required @Size(min = 1) @JsonPropertyDescription("Secret of type kubernetes.io/tls with a certificate for webDomain and streamingDomain. It has to be valid before DNS leads here, so it cannot be obtained over HTTP: use DNS-01, or bring your own.") String tlsSecretName,
            @JsonPropertyDescription("Annotations, such as those by which your controller lets bodies of 99 MB through without buffering them.") Map<String, String> annotations) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record EdgeGateway(
            @Required @Size(min = 1) @JsonPropertyDescription("Name of the Gateway. Its listener ends TLS, with a certificate for webDomain and streamingDomain.") String name,
            @Size(min = 1) @JsonPropertyDescription("Its namespace, if that is another: its listener has to allow routes from the migration's. Default: the migration's.") String namespace,
            @Size(min = 1) @JsonPropertyDescription("Name of one of its listeners. Default: all that fit.") String sectionName) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Strategy(
            @Default("Live") @JsonPropertyDescription("Live: captured by triggers and copied while the instance runs. Dump: dumped and restored inside the freeze. Default: Live.") PostgresStrategy postgres,
            @Default("Live") @JsonPropertyDescription("Live: followed while the instance runs. Snapshot: one pass inside the freeze. Rebuild: of Redis only Sidekiq's jobs, in one pass inside the freeze; feeds are then built by tootctl, counters and trends begin anew. Default: Live.") RedisStrategy redis,
            @Default("4") @Min(1) @Max(32) @JsonPropertyDescription("With Live: pods that copy Postgres; the rehearsal is one pod with as many connections. Otherwise: connections to each side, at least 2 with Dump, at most 4 with Snapshot. Default: 4.") Integer parallelism,
            @Default("30s") @Pattern(DURATION) @Size(min = 1) @JsonPropertyDescription("How long both sides must stay in sync before the cutover. Default: 30s.") String inSyncFor,
            @Default("10m") @Pattern(DURATION) @Size(min = 1) @JsonPropertyDescription("The source is restored by itself when the freeze lasts longer. Default: 10m.") String maxDowntime) {}

    public enum PostgresStrategy { Live, Dump }

    public enum RedisStrategy { Live, Snapshot, Rebuild }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Rehearsal(
            @Default("true") @JsonPropertyDescription("Whether the copy is rehearsed. Default: true.") Boolean enabled,
            @JsonPropertyDescription("Not supported yet, refused by Preflight. A container run against the rehearsed copy.") SmokeTest smokeTest) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record SmokeTest(
            @Required @JsonPropertyDescription("Image.") String image,
            @JsonPropertyDescription("Command.") List<String> command) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Cutover(
            @Default("false") @JsonPropertyDescription("Set to true to let the freeze begin.") Boolean approved,
            @JsonPropertyDescription("True: no approval is needed.") Boolean automatic,
            @Pattern(TIME) @JsonPropertyDescription("RFC 3339 time before which the freeze does not begin.") String notBefore,
            @Pattern(TIME) @JsonPropertyDescription("RFC 3339 time after which the freeze does not begin.") String notAfter,
            @Default("false")
            @JsonPropertyDescription("True: the freeze stops one-off dynos of the source (heroku run, Scheduler, release commands) instead of waiting for them to end.") Boolean stopOneOffDynos) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Soak(
            @Default("72h") @Pattern(DURATION) @Size(min = 1) @JsonPropertyDescription("How long the target is watched, and the source kept as it is, before the old host may be retired. Default: 72h.") String duration,
            @JsonPropertyDescription("Not supported yet, refused by Preflight. Copy the target's writes back, so that going back loses nothing.") Boolean reverseReplication) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Retire(
            @Default("false") @JsonPropertyDescription("Set to true to let the old host be retired.") Boolean approved,
            @JsonPropertyDescription("Dump the source's Postgres to where backup says before anything there is given up. Default: true where add-ons or apps are deleted.") Boolean finalBackup,
            @JsonPropertyDescription("Keep the apps' formation at zero for good.") Boolean formation,
            @JsonPropertyDescription("Delete the Redis and Postgres add-ons for good that held the data which moved.") Boolean addons,
            @JsonPropertyDescription("Delete the source's apps for good, after their add-ons. Needs addons: true, because an app's add-ons go with it.") Boolean apps,
            @ValidationRule(value = "has(self.persistentVolumeClaim) != has(self.s3)", message = "retire.backup: set exactly one of persistentVolumeClaim, s3")
            @JsonPropertyDescription("Where the final backup is written: exactly one of persistentVolumeClaim, s3.") Backup backup,
            @Default("24h") @Pattern(DURATION) @Size(min = 1) @JsonPropertyDescription("How long the target must have taken writes before add-ons or apps are deleted, and where apps are, for how long nobody must have come to them by the instance's names. 0s waits for nobody. Default: 24h.") String quietFor) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Backup(
            @Pattern(DNS_NAME) @JsonPropertyDescription("Name of a PersistentVolumeClaim in the migration's namespace: a volume of its own, because Kubernetes gives what is on it to the worker's group (10001), with room for a compressed dump. The operator adds a directory to it and overwrites nothing there.") String persistentVolumeClaim,
            @JsonPropertyDescription("A bucket of S3 in aws.region. It is written to as aws.credentialsSecretRef, and nothing there is overwritten or deleted.") S3 s3) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record S3(
            @Required @Pattern("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$") @JsonPropertyDescription("Name of the bucket.") String bucket,
            @Size(max = 200) @Pattern("^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*/?$")
            @JsonPropertyDescription("Folder in it, as mastodon/last. Default: none.") String prefix) {}
}
