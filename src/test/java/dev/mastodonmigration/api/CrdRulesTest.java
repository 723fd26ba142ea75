package dev.mastodonmigration.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;

class CrdRulesTest {
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final String HEROKU = "  source:\n    heroku: {app: a, apiTokenSecretRef: {name: n, key: k}}\n";
    private static final String BY_URL = "existing: {urlSecretRef: {name: n, key: k}}";

    private static final String RDS = "instanceClass: db.t4g.small, allocatedStorageGiB: 20, engineVersion: '17', subnetIds: [subnet-a, subnet-b], securityGroupIds: [sg-a]";
    private static final String CACHE = "nodeType: cache.t4g.small, engineVersion: '8.0', subnetIds: [subnet-a], securityGroupIds: [sg-a]";

    /** A mistake, and the words that name it. Each is the smallest valid migration with one thing wrong. */
    static final List<Arguments> MISTAKES = List.of(
            Arguments.of(spec("  source: {}\n", "postgres: {" + BY_URL + "}"), "source: set exactly one of heroku, endpoints"),
            Arguments.of(spec("  source:\n    heroku: {app: a, apiTokenSecretRef: {name: n, key: k}}\n    endpoints: {}\n", "postgres: {" + BY_URL + "}"), "source: set exactly one"),
            Arguments.of(spec("", "postgres: {" + BY_URL + "}"), ".spec.source is required"),
            Arguments.of(spec(HEROKU.replace("app: a, ", ""), "postgres: {" + BY_URL + "}"), "heroku.app is required"),
            Arguments.of(spec(HEROKU.replace("app: a", "app: ''"), "postgres: {" + BY_URL + "}"), "heroku.app is too short"),
            Arguments.of(spec(HEROKU.replace("app: a", "app: a, apiUrl: 'https://elsewhere.example'"), "postgres: {" + BY_URL + "}"), "heroku.apiUrl is unknown"),
            Arguments.of(spec(HEROKU, ""), "target: set at least one of postgres, redis, compute"),
            Arguments.of(spec(HEROKU, "postgres: {}"), "target.postgres: set exactly one of rds, existing"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + ", rds: {" + RDS + "}}"), "target.postgres: set exactly one"),
            Arguments.of(spec(HEROKU, "postgres: {rds: {" + RDS.replace("20", "19") + "}}"), "allocatedStorageGiB is out of range"),
            Arguments.of(spec(HEROKU, "postgres: {rds: {" + RDS.replace("'17'", "latest") + "}}"), "engineVersion does not match"),
            Arguments.of(spec(HEROKU, "postgres: {rds: {" + RDS.replace(", subnet-b", "") + "}}"), "subnetIds is too short"),
            Arguments.of(spec(HEROKU, "postgres: {rds: {" + RDS + ", allowFrom: {cidrs: [10.0.0.0/8]}}}"), "target.postgres.rds: set exactly one of securityGroupIds, allowFrom"),
            Arguments.of(spec(HEROKU, "postgres: {rds: {" + RDS.replace("securityGroupIds: [sg-a]", "allowFrom: {}") + "}}"), "allowFrom: set securityGroupIds, cidrs or both"),
            Arguments.of(spec(HEROKU, "postgres: {rds: {" + RDS + "}}") + "  aws: {region: Frankfurt}\n", "aws.region does not match"),
            Arguments.of(spec(HEROKU, "postgres: {rds: {" + RDS + "}}") + "  aws: {region: eu-central-1, deletionPolicy: Keep}\n", "deletionPolicy is none of"),
            Arguments.of(spec(HEROKU, "redis: {elastiCache: {" + CACHE.replace("cache.t4g", "db.t4g") + "}}"), "nodeType does not match"),
            Arguments.of(spec(HEROKU, "redis: {elastiCache: {" + CACHE.replace("'8.0'", "'8'") + "}}"), "engineVersion does not match"),
            Arguments.of(spec(HEROKU, "redis: {elastiCache: {" + CACHE + ", replicas: 6}}"), "replicas is out of range"),
            Arguments.of(spec(HEROKU, "redis: {elastiCache: {" + CACHE + ", allowFrom: {cidrs: [10.0.0.0/8]}}}"), "target.redis.elastiCache: set exactly one of securityGroupIds, allowFrom"),
            Arguments.of(spec(HEROKU, "redis: {}"), "target.redis: set exactly one of elastiCache, existing"),
            Arguments.of(spec(HEROKU, "compute: {}"), "target.compute: set exactly one of kubernetes, ec2"),
            Arguments.of(spec(HEROKU, "compute: {kubernetes: {}, ec2: {instanceType: t4g.large, subnetIds: [subnet-0a, subnet-0b]}}"), "target.compute: set exactly one"),
            Arguments.of(spec(HEROKU, "compute: {ec2: {instanceType: t4g.large, subnetIds: [subnet-0a, subnet-0b], sidekiq: [{name: one}, {name: two}]}}"), "target.compute.ec2.sidekiq: exactly one entry must serve the scheduler queue"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}, dns: {}"), "target.dns: set exactly one of route53, manual"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}, dns: {route53: {hostedZoneId: Z1, front: {}}}"), "front: set exactly one of dnsName, addresses"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}, dns: {route53: {hostedZoneId: Z1, front: {addresses: [192.0.2.1], hostedZoneId: Z2}}}"), "front: hostedZoneId is of dnsName, so set that too"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}, dns: {route53: {hostedZoneId: /hostedzone/Z1}}"), "hostedZoneId does not match"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}, dns: {route53: {hostedZoneId: Z1, ttlSeconds: 0}}"), "ttlSeconds is out of range"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}, dns: {route53: {hostedZoneId: Z1, steps: [0, 100]}}"), "steps[] is out of range"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}") + "  edge: {ingress: {tlsSecretName: s}, gateway: {name: g}}\n", "edge: set at most one of ingress, gateway"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}") + "  edge: {ingress: {}}\n", "ingress.tlsSecretName is required"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}") + "  edge: {egressCidrs: [203.0.113.7]}\n", "edge.egressCidrs[] does not match"),
            Arguments.of(spec(HEROKU, sidekiq("{name: a, queues: [default]}")), "exactly one entry must serve the scheduler queue"),
            Arguments.of(spec(HEROKU, sidekiq("{name: a}, {name: b, queues: ['scheduler,1']}")), "exactly one entry must serve the scheduler queue"),
            Arguments.of(spec(HEROKU, sidekiq("{name: a, queues: [scheduler], replicas: 2}")), "must have one replica"),
            Arguments.of(spec(HEROKU, sidekiq("{name: a, replicas: 2}")), "must have one replica"),
            Arguments.of(spec(HEROKU, sidekiq("{name: A}")), "sidekiq[].name does not match"),
            Arguments.of(spec(HEROKU, sidekiq("{name: a, queues: [scheduler], concurrency: 0}")), "concurrency is out of range"),
            Arguments.of(spec(HEROKU, "compute: {kubernetes: {web: {replicas: 0}}}"), "web.replicas is out of range"),
            Arguments.of(spec(HEROKU, cron("{name: a, schedule: '@daily', command: [a]}, {name: a, schedule: '@hourly', command: [b]}")), "target.compute.kubernetes.cronJobs: two entries have the same name"),
            Arguments.of(spec(HEROKU, cron("{name: a, schedule: '@every 1h', command: [a]}")), "schedule: five fields as cron has them"),
            Arguments.of(spec(HEROKU, cron("{name: a, schedule: '60 * * * *', command: [a]}")), "schedule: five fields as cron has them"),
            Arguments.of(spec(HEROKU, sidekiq("{name: a, queues: [scheduler], burstReplicas: 3}")), "burstReplicas: not for the entry with the scheduler queue"),
            Arguments.of(spec(HEROKU, sidekiq("{name: a, burstReplicas: 3}")), "burstReplicas: not for the entry with the scheduler queue"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}") + "  retire: {backup: {}}\n", "retire.backup: set exactly one of persistentVolumeClaim, s3"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}") + "  retire: {backup: {persistentVolumeClaim: a, s3: {bucket: last-copy}}}\n", "retire.backup: set exactly one of persistentVolumeClaim, s3"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}") + "  retire: {backup: {s3: {bucket: Last_Copy}}}\n", "s3.bucket does not match"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}") + "  retire: {backup: {s3: {bucket: last-copy, prefix: /mastodon}}}\n", "s3.prefix does not match"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}") + "  retire: {backup: {s3: {prefix: mastodon}}}\n", "s3.bucket is required"),
            Arguments.of(spec(HEROKU, cron("{name: a, schedule: '0 0 * * 7', command: [a]}")), "schedule: five fields as cron has them"),
            Arguments.of(spec(HEROKU, cron("{name: a, schedule: '0 0 * *', command: [a]}")), "schedule: five fields as cron has them"),
            Arguments.of(spec(HEROKU, cron("{name: a, schedule: '@daily', command: []}")), "command is too short"),
            Arguments.of(spec(HEROKU, cron("{name: a-longer-name, schedule: '@daily', command: [a]}")), "cronJobs[].name is too short or too long"),
            Arguments.of(spec(HEROKU, "compute: {kubernetes: {web: {podTemplate: {env: [{value: a}]}}}}"), "env[].name is required"),
            Arguments.of(spec(HEROKU, "compute: {kubernetes: {podTemplate: {tolerations: [{operator: Equals}]}}}"), "tolerations[].operator is none of"),
            Arguments.of(spec(HEROKU, "compute: {kubernetes: {streaming: {podTemplate: {nodeselector: {a: b}}}}}"), "podTemplate.nodeselector is unknown"),
            Arguments.of(spec(HEROKU, "compute: {kubernetes: {podTemplate: {resources: {limits: {memory: [1]}}}}}"), "limits.memory is not of type"),
            Arguments.of(spec(HEROKU, "postgres: {existing: {urlSecretRef: {name: n, key: k}, caSecretRef: {name: n}}}"), "caSecretRef.key is required"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}") + "  strategy: {postgres: dump}\n", "strategy.postgres is none of"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}") + "  state: Stopped\n", "state is none of"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}") + "  cutover: {aproved: true}\n", "cutover.aproved is unknown"),
            Arguments.of(spec(HEROKU, "postgres: {" + BY_URL + "}").replace("localDomain: example.social", "localDomain: Example.social"), "localDomain does not match"));

    @ParameterizedTest
    @FieldSource("MISTAKES")
    void aMistakeIsRefusedWithOneClearMessage(String yaml, String words) throws IOException {
        assertThat(SchemaCheck.of(schema(), YAML.readTree(yaml), Optional.empty())).singleElement().asString().contains(words);
    }

    @Test
    void everyRuleHasAMistakeThatItCatches() throws IOException {
        var caught = new HashSet<String>();
        for (var mistake : MISTAKES) {
            SchemaCheck.of(schema(), YAML.readTree((String) mistake.get()[0]), Optional.empty()).forEach(finding -> caught.add(finding.replaceFirst("^[^:]*: ", "")));
        }
        var good = YAML.readTree(spec(HEROKU, "postgres: {" + BY_URL + "}"));
        Stream.of(good("localDomain: example.social", "localDomain: other.social"), good("app: a", "app: b")).forEach(changed ->
                SchemaCheck.of(schemaUnchecked(), changed, Optional.of(good)).forEach(finding -> caught.add(finding.replaceFirst("^[^:]*: ", ""))));
        assertThat(schema().findValues("x-kubernetes-validations").stream().flatMap(rules -> rules.findValuesAsText("message").stream())).allSatisfy(
                message -> assertThat(caught).contains(message));
    }

    @Test
    void theExamplesAndOtherGoodMigrationsAreAccepted() throws IOException {
        for (var file : List.of("deploy/examples/migration.yaml", "deploy/examples/aws.yaml", "deploy/examples/aws-ec2.yaml")) {
            var example = YAML.readTree(Files.readString(Path.of(file)));
            assertThat(SchemaCheck.of(apart(example), example, Optional.empty())).as(file).isEmpty();
        }
        for (var good : new String[] {
            spec(HEROKU, "postgres: {" + BY_URL + "}, dns: {manual: {}}"),
            spec(HEROKU, "postgres: {" + BY_URL + "}, dns: {route53: {hostedZoneId: Z1, ttlSeconds: 30, front: {dnsName: lb.example.net, hostedZoneId: Z2}}}"),
            spec(HEROKU, "postgres: {" + BY_URL + "}, dns: {route53: {hostedZoneId: Z1, front: {addresses: [192.0.2.1, '2001:db8::1']}}}"),
            spec("  source: {endpoints: {postgres: {urlSecretRef: {name: n, key: k}}}}\n", "redis: {elastiCache: {" + CACHE + ", replicas: 0}}"),
            spec(HEROKU, "postgres: {" + BY_URL + "}") + "  retire: {backup: {s3: {bucket: last.copy-1, prefix: mastodon/2026/}}}\n",
            spec(HEROKU, "postgres: {" + BY_URL + "}") + "  retire: {backup: {persistentVolumeClaim: last-copy}}\n",
            spec(HEROKU, sidekiq("{name: a}")),
            spec(HEROKU, cron("{name: a, schedule: '@weekly', command: [a]}, {name: b, schedule: '*/15 0-5,22 1,15 JAN-jun mon-5', command: [a, b]}, {name: c, schedule: '05 04 ? * 0', command: [a]}")),
            spec(HEROKU, "redis: {existing: {urlSecretRef: {name: n, key: k}, caSecretRef: {name: n, key: ca}}}"),
            spec(HEROKU, "compute: {kubernetes: {podTemplate: {resources: {requests: {cpu: 1, memory: 2Gi}}, volumes: [{name: a, emptyDir: {sizeLimit: 1Gi}}], affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1}]}},"
                    + " tolerations: [{key: a, effect: NoExecute, tolerationSeconds: 30}], env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]}, sidekiq: [{name: a, podTemplate: {securityContext: {runAsUser: 1}}}]}}"),
            spec(HEROKU, sidekiq("{name: a, queues: [push], burstReplicas: 2}, {name: b, queues: [scheduler]}")),
            spec(HEROKU, sidekiq("{name: a, queues: ['default,8'], replicas: 3}, {name: b, queues: [scheduler]}"))}) {
            assertThat(SchemaCheck.of(schema(), YAML.readTree(good), Optional.empty())).isEmpty();
        }
    }

    @Test
    void identityAndSourceCannotBeChangedTheRestCan() throws IOException {
        var before = YAML.readTree(spec(HEROKU, "postgres: {" + BY_URL + "}"));
        assertThat(SchemaCheck.of(schema(), good("image: i", "image: j"), Optional.of(before))).isEmpty();
        assertThat(SchemaCheck.of(schema(), good("localDomain: example.social", "localDomain: other.social"), Optional.of(before))).singleElement().asString().contains("immutable");
        assertThat(SchemaCheck.of(schema(), good("app: a", "app: b"), Optional.of(before))).singleElement().asString().contains("source is immutable");
    }

    private static String spec(String source, String target) {
        return "spec:\n  instance: {localDomain: example.social, image: i}\n" + source + "  target: {" + target + "}\n";
    }

    private static String cron(String entries) {
        return "compute: {kubernetes: {cronJobs: [" + entries + "]}}";
    }

    private static String sidekiq(String entries) {
        return "compute: {kubernetes: {sidekiq: [" + entries + "]}}";
    }

    private static JsonNode good(String from, String to) {
        try {
            return YAML.readTree(spec(HEROKU, "postgres: {" + BY_URL + "}").replace(from, to));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode schemaUnchecked() {
        try {
            return schema();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode schema() throws IOException {
        return CrdFile.read().at("/spec/versions/0/schema/openAPIV3Schema");
    }

    /** apiVersion, kind and metadata are the API server's own: its schema for them is not in the CRD. */
    private static JsonNode apart(JsonNode resource) throws IOException {
        ((ObjectNode) resource).remove(List.of("apiVersion", "kind", "metadata"));
        return schema();
    }
}
