package dev.mastodonmigration.target.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mastodonmigration.mastodon.Example;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodTemplateRulesTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{volumes: [{name: a, secret: {secretNam: x}}]} | web.podTemplate.volumes \"a\": a Kubernetes Volume has no field secret.secretNam.",
        "{volumes: [{emptyDir: {}}]} | web.podTemplate.volumes: each needs a name.",
        "{volumes: [text]} | web.podTemplate.volumes: each needs a name.",
        "{volumes: [{name: migration-ca, emptyDir: {}}]} | web.podTemplate.volumes: migration-ca is the operator's own",
        "{volumeMounts: [{name: a, mountPath: /a}]} | web.podTemplate.volumeMounts: there is no volume a.",
        "{volumeMounts: [{name: tmp, mountPath: a}]} | web.podTemplate.volumeMounts: a must be an absolute path",
        "{affinity: {nodeAfinity: {}}} | web.podTemplate.affinity: a Kubernetes Affinity has no field nodeAfinity.",
        "{affinity: text} | web.podTemplate.affinity: this is not as a Kubernetes Affinity has it.",
        "{topologySpreadConstraints: [{maxSkew: many}]} | topologySpreadConstraints[]: maxSkew is not as a Kubernetes TopologySpreadConstraint has it.",
        "{securityContext: {runAsUser: root}} | web.podTemplate.securityContext: runAsUser is not as",
        "{env: [{name: LOCAL_DOMAIN, value: other.social}]} | web.podTemplate.env: LOCAL_DOMAIN makes the instance itself",
        "{env: [{name: A, value: a, valueFrom: {fieldRef: {fieldPath: a}}}]} | web.podTemplate.env: A has both value and valueFrom.",
        "{env: [{name: A, valueFrom: {secretRef: {}}}]} | web.podTemplate.env \"A\".valueFrom: a Kubernetes EnvVarSource has no field secretRef.",
        "{labels: {app.kubernetes.io/name: x}} | web.podTemplate.labels: app.kubernetes.io/name is the operator's own",
        "{resources: {limits: {memory: lots}}} | web.podTemplate.resources: memory: lots is no quantity"})
    void aMistakeIsNamedWithItsField(String podTemplate, String words) {
        assertThat(violations(podTemplate)).isNotEmpty().first().asString().startsWith("spec.target.compute.kubernetes.").contains(words);
    }

    @Test
    void whatIsRightIsLetThrough() {
        assertThat(violations("{volumes: [{name: a, persistentVolumeClaim: {claimName: c}}], volumeMounts: [{name: a, mountPath: /a, subPath: b}], securityContext: {runAsUser: 1000},"
                + " affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: t}}]}},"
                + " env: [{name: DB_HOST, value: pgbouncer}, {name: B, valueFrom: {configMapKeyRef: {name: c, key: k}}}], resources: {requests: {cpu: 1, memory: 1.5Gi}}, labels: {team: a}}")).isEmpty();
    }

    @Test
    void aVolumeOfAllMayBeMountedByOne() {
        var all = "        web: {replicas: 2}";
        var spec = Example.migration(all, "        podTemplate: {volumes: [{name: shared, emptyDir: {}}]}\n        web: {replicas: 2, podTemplate: {volumeMounts: [{name: shared, mountPath: /s}]}}").getSpec();
        assertThat(PodTemplateRules.violations(spec.target().compute().kubernetes())).isEmpty();
    }

    private static List<String> violations(String podTemplate) {
        return PodTemplateRules.violations(Example.migration("web: {replicas: 2}", "web: {replicas: 2, podTemplate: " + podTemplate + "}").getSpec().target().compute().kubernetes());
    }
}
