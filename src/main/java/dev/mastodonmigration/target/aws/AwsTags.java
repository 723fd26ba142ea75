package dev.mastodonmigration.target.aws;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.ec2.model.TagSpecification;
import software.amazon.awssdk.services.rds.model.Tag;

/** Tags as each service spells them, because each has a type of its own. */
final class AwsTags {
    private AwsTags() {}

    static List<Tag> rds(Map<String, String> tags) {
        return tags.entrySet().stream().map(tag -> Tag.builder().key(tag.getKey()).value(tag.getValue()).build()).toList();
    }

    static Map<String, String> ofRds(List<Tag> tags) {
        return tags.stream().collect(Collectors.toMap(Tag::key, Tag::value));
    }

    static List<software.amazon.awssdk.services.elasticache.model.Tag> cache(Map<String, String> tags) {
        return tags.entrySet().stream().map(tag -> software.amazon.awssdk.services.elasticache.model.Tag.builder().key(tag.getKey()).value(tag.getValue()).build()).toList();
    }

    static Map<String, String> ofCache(List<software.amazon.awssdk.services.elasticache.model.Tag> tags) {
        return tags.stream().collect(Collectors.toMap(software.amazon.awssdk.services.elasticache.model.Tag::key, software.amazon.awssdk.services.elasticache.model.Tag::value));
    }

    static TagSpecification ec2(ResourceType type, Map<String, String> tags) {
        return TagSpecification.builder().resourceType(type)
                .tags(tags.entrySet().stream().map(tag -> software.amazon.awssdk.services.ec2.model.Tag.builder().key(tag.getKey()).value(tag.getValue()).build()).toList()).build();
    }

    static Map<String, String> ofEc2(List<software.amazon.awssdk.services.ec2.model.Tag> tags) {
        return tags.stream().collect(Collectors.toMap(software.amazon.awssdk.services.ec2.model.Tag::key, software.amazon.awssdk.services.ec2.model.Tag::value));
    }

    static List<software.amazon.awssdk.services.ssm.model.Tag> ssm(Map<String, String> tags) {
        return tags.entrySet().stream().map(tag -> software.amazon.awssdk.services.ssm.model.Tag.builder().key(tag.getKey()).value(tag.getValue()).build()).toList();
    }

    static Map<String, String> ofSsm(List<software.amazon.awssdk.services.ssm.model.Tag> tags) {
        return tags.stream().collect(Collectors.toMap(software.amazon.awssdk.services.ssm.model.Tag::key, software.amazon.awssdk.services.ssm.model.Tag::value));
    }

    static List<software.amazon.awssdk.services.iam.model.Tag> iam(Map<String, String> tags) {
        return tags.entrySet().stream().map(tag -> software.amazon.awssdk.services.iam.model.Tag.builder().key(tag.getKey()).value(tag.getValue()).build()).toList();
    }

    static Map<String, String> ofIam(List<software.amazon.awssdk.services.iam.model.Tag> tags) {
        return tags.stream().collect(Collectors.toMap(software.amazon.awssdk.services.iam.model.Tag::key, software.amazon.awssdk.services.iam.model.Tag::value));
    }

    static List<software.amazon.awssdk.services.elasticloadbalancingv2.model.Tag> balancing(Map<String, String> tags) {
        return tags.entrySet().stream().map(tag -> software.amazon.awssdk.services.elasticloadbalancingv2.model.Tag.builder().key(tag.getKey()).value(tag.getValue()).build()).toList();
    }

    static Map<String, String> ofBalancing(List<software.amazon.awssdk.services.elasticloadbalancingv2.model.Tag> tags) {
        return tags.stream().collect(Collectors.toMap(software.amazon.awssdk.services.elasticloadbalancingv2.model.Tag::key, software.amazon.awssdk.services.elasticloadbalancingv2.model.Tag::value));
    }

    static List<software.amazon.awssdk.services.acm.model.Tag> acm(Map<String, String> tags) {
        return tags.entrySet().stream().map(tag -> software.amazon.awssdk.services.acm.model.Tag.builder().key(tag.getKey()).value(tag.getValue()).build()).toList();
    }

    static Map<String, String> ofAcm(List<software.amazon.awssdk.services.acm.model.Tag> tags) {
        return tags.stream().collect(Collectors.toMap(software.amazon.awssdk.services.acm.model.Tag::key, software.amazon.awssdk.services.acm.model.Tag::value));
    }
}
