package dev.mastodonmigration.itinerary;

import dev.mastodonmigration.api.MastodonMigrationSpec.DesiredState;
import dev.mastodonmigration.api.MastodonMigrationSpec.SecretKeyRef;
import dev.mastodonmigration.api.MastodonMigrationSpec.Sidekiq;
import dev.mastodonmigration.api.MastodonMigrationSpec;
import dev.mastodonmigration.api.SpecDefaults;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Every rule of the schema once more, because not every API server runs CEL, and every field that this version would otherwise silently ignore. */
public final class SpecRules {
    private static final Pattern DNS_NAME = Pattern.compile(MastodonMigrationSpec.DNS_NAME);
    private static final Pattern SIDEKIQ_NAME = Pattern.compile("^[a-z0-9]([-a-z0-9]{0,18}[a-z0-9])?$");
    private static final Pattern TIME = Pattern.compile(MastodonMigrationSpec.TIME);
    private static final Pattern QUEUE = Pattern.compile("^[a-z_]+(,[0-9]+)?$");

    private final List<String> violations = new ArrayList<>();

    private SpecRules() {}

    /** What is wrong with the spec, each in one sentence that names the field; empty when nothing is. */
    public static List<String> violations(MastodonMigrationSpec spec) {
        var rules = new SpecRules();
        if (spec == null) {
            return List.of("spec is missing.");
        }
        rules.instance(spec);
        rules.source(spec);
        rules.target(spec);
        rules.strategy(spec);
        rules.gates(spec);
        return List.copyOf(rules.violations);
    }

    private void instance(MastodonMigrationSpec spec) {
        if (spec.instance() == null) {
            violations.add("spec.instance is required.");
            return;
        }
        if (blank(spec.instance().localDomain()) || !DNS_NAME.matcher(spec.instance().localDomain()).matches()) {
            violations.add("spec.instance.localDomain must be a host name in lower case.");
        }
        domain("webDomain", spec.instance().webDomain());
        domain("streamingDomain", spec.instance().streamingDomain());
        if (blank(spec.instance().image())) {
            violations.add("spec.instance.image is required: the image of the version that the source runs.");
        }
        if (spec.target() != null && spec.target().compute() != null && blank(spec.instance().streamingImage())) {
            violations.add("spec.instance.streamingImage is required when compute moves.");
        }
    }

    private void domain(String field, String value) {
        if (value != null && !DNS_NAME.matcher(value).matches()) {
            violations.add("spec.instance." + field + " must be a host name in lower case.");
        }
    }

    private void source(MastodonMigrationSpec spec) {
        var source = spec.source();
        if (source == null || (source.heroku() == null) == (source.endpoints() == null)) {
            violations.add("spec.source: set exactly one of heroku, endpoints.");
            return;
        }
        if (source.endpoints() != null) {
            notYet("spec.source.endpoints", "use spec.source.heroku");
            return;
        }
        if (blank(source.heroku().app())) {
            violations.add("spec.source.heroku.app is required.");
        }
        secret("spec.source.heroku.apiTokenSecretRef", source.heroku().apiTokenSecretRef());
    }

    private void target(MastodonMigrationSpec spec) {
        var target = spec.target();
        if (target == null) {
            violations.add("spec.target is required: what stands there is what moves.");
            return;
        }
        postgres(target.postgres());
        redis(target.redis());
        compute(target.compute());
        if (target.dns() != null) {
            if ((target.dns().route53() == null) == (target.dns().manual() == null)) {
                violations.add("spec.target.dns: set exactly one of route53, manual.");
            } else if (target.dns().route53() != null) {
                notYet("spec.target.dns.route53", "set spec.target.dns.manual: {} and move DNS when the operator says so");
            }
        }
        if (target.postgres() == null || target.redis() == null || target.compute() == null) {
            violations.add("spec.target: moving only a part is not supported yet: set postgres, redis and compute together.");
        }
        if (spec.aws() != null) {
            notYet("spec.aws", "remove it");
        }
    }

    private void postgres(MastodonMigrationSpec.TargetPostgres postgres) {
        if (postgres == null) {
            return;
        }
        if ((postgres.rds() == null) == (postgres.existing() == null)) {
            violations.add("spec.target.postgres: set exactly one of rds, existing.");
        } else if (postgres.rds() != null) {
            notYet("spec.target.postgres.rds", "create an empty database yourself and name it under spec.target.postgres.existing");
        } else {
            secret("spec.target.postgres.existing.urlSecretRef", postgres.existing().urlSecretRef());
        }
    }

    private void redis(MastodonMigrationSpec.TargetRedis redis) {
        if (redis == null) {
            return;
        }
        if ((redis.elastiCache() == null) == (redis.existing() == null)) {
            violations.add("spec.target.redis: set exactly one of elastiCache, existing.");
        } else if (redis.elastiCache() != null) {
            notYet("spec.target.redis.elastiCache", "create an empty Redis or Valkey yourself and name it under spec.target.redis.existing");
        } else {
            secret("spec.target.redis.existing.urlSecretRef", redis.existing().urlSecretRef());
        }
    }

    private void compute(MastodonMigrationSpec.Compute compute) {
        if (compute == null) {
            return;
        }
        if ((compute.kubernetes() == null) == (compute.ec2() == null)) {
            violations.add("spec.target.compute: set exactly one of kubernetes, ec2.");
            return;
        }
        if (compute.ec2() != null) {
            notYet("spec.target.compute.ec2", "use spec.target.compute.kubernetes");
            return;
        }
        var kubernetes = compute.kubernetes();
        if (kubernetes.ingress() != null) {
            notYet("spec.target.compute.kubernetes.ingress", "remove it and create the Ingress for the Services yourself");
        }
        replicas("web", Optional.ofNullable(kubernetes.web()).map(MastodonMigrationSpec.Workload::replicas));
        replicas("streaming", Optional.ofNullable(kubernetes.streaming()).map(MastodonMigrationSpec.Workload::replicas));
        if (kubernetes.sidekiq() != null) {
            sidekiq(kubernetes.sidekiq());
        }
    }

    private void replicas(String workload, Optional<Integer> replicas) {
        if (replicas.filter(count -> count < 1 || count > 100).isPresent()) {
            violations.add("spec.target.compute.kubernetes." + workload + ".replicas must be 1 to 100.");
        }
    }

    private void sidekiq(List<Sidekiq> entries) {
        var names = new HashSet<String>();
        for (var entry : entries) {
            var at = "spec.target.compute.kubernetes.sidekiq \"" + entry.name() + "\": ";
            if (entry.name() == null || !SIDEKIQ_NAME.matcher(entry.name()).matches()) {
                violations.add(at + "name must be at most 20 lower-case letters, digits and dashes.");
            } else if (!names.add(entry.name())) {
                violations.add(at + "the name stands twice.");
            }
            if (entry.queues() != null && (entry.queues().isEmpty() || !entry.queues().stream().allMatch(queue -> QUEUE.matcher(queue).matches()))) {
                violations.add(at + "queues must be names such as default or default,8.");
            }
            if (entry.concurrency() != null && (entry.concurrency() < 1 || entry.concurrency() > 200)) {
                violations.add(at + "concurrency must be 1 to 200.");
            }
            replicas("sidekiq \"" + entry.name() + "\"", Optional.ofNullable(entry.replicas()));
            if (schedules(entry) && entry.replicas() != null && entry.replicas() != 1) {
                violations.add(at + "the entry with the scheduler queue must have one replica: two would publish and delete twice.");
            }
        }
        if (entries.stream().filter(SpecRules::schedules).count() != 1) {
            violations.add("spec.target.compute.kubernetes.sidekiq: exactly one entry must serve the scheduler queue.");
        }
    }

    /** An entry without a list serves every queue, the scheduler's too. */
    private static boolean schedules(Sidekiq entry) {
        return entry.queues() == null || entry.queues().stream().anyMatch(queue -> queue.equals("scheduler") || queue.startsWith("scheduler,"));
    }

    private void strategy(MastodonMigrationSpec spec) {
        if (spec.strategy() == null) {
            return;
        }
        var parallelism = spec.strategy().parallelism();
        if (parallelism != null && (parallelism < 1 || parallelism > 32)) {
            violations.add("spec.strategy.parallelism must be 1 to 32.");
        }
        duration("spec.strategy.inSyncFor", spec.strategy().inSyncFor());
        duration("spec.strategy.maxDowntime", spec.strategy().maxDowntime());
    }

    private void gates(MastodonMigrationSpec spec) {
        if (spec.rehearsal() != null && spec.rehearsal().smokeTest() != null) {
            notYet("spec.rehearsal.smokeTest", "remove it");
        }
        if (spec.cutover() != null) {
            time("spec.cutover.notBefore", spec.cutover().notBefore());
            time("spec.cutover.notAfter", spec.cutover().notAfter());
        }
        if (spec.soak() != null) {
            duration("spec.soak.duration", spec.soak().duration());
            if (Boolean.TRUE.equals(spec.soak().reverseReplication())) {
                notYet("spec.soak.reverseReplication: true", "remove it");
            }
        }
        if (spec.retire() != null) {
            retire("finalBackup", spec.retire().finalBackup());
            retire("addons", spec.retire().addons());
            retire("apps", spec.retire().apps());
        }
        if (SpecDefaults.state(spec) == DesiredState.RolledBack) {
            notYet("spec.state: RolledBack", "set spec.state: Running, or Aborted as long as the target was not opened");
        }
    }

    private void retire(String field, Boolean wanted) {
        if (Boolean.TRUE.equals(wanted)) {
            notYet("spec.retire." + field + ": true", "remove it and do that by hand in the end");
        }
    }

    private void duration(String field, String text) {
        try {
            if (text != null) {
                SpecDefaults.duration(text);
            }
        } catch (IllegalArgumentException e) {
            violations.add(field + ": " + e.getMessage() + ".");
        }
    }

    private void time(String field, String text) {
        try {
            if (text != null && !TIME.matcher(text).matches()) {
                throw new DateTimeException(text);
            }
            Optional.ofNullable(text).ifPresent(OffsetDateTime::parse);
        } catch (DateTimeException e) {
            violations.add(field + ": \"" + text + "\" is not a time such as 2026-11-22T20:00:00Z.");
        }
    }

    private void secret(String field, SecretKeyRef ref) {
        if (ref == null || blank(ref.name()) || blank(ref.key())) {
            violations.add(field + " needs the name and the key of a Secret.");
        }
    }

    private void notYet(String field, String instead) {
        violations.add(field + " is not supported yet: " + instead + ".");
    }

    private static boolean blank(String text) {
        return text == null || text.isBlank();
    }
}
