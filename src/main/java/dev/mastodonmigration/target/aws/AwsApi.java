package dev.mastodonmigration.target.aws;

import software.amazon.awssdk.services.acm.AcmClient;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClient;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;
import software.amazon.awssdk.services.elasticloadbalancingv2.ElasticLoadBalancingV2Client;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.rds.RdsClient;
import software.amazon.awssdk.services.route53.Route53Client;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.sts.StsClient;

/** The services of one account in one region, as one identity. */
record AwsApi(String region, RdsClient rds, ElastiCacheClient cache, Ec2Client ec2, StsClient sts, Route53Client dns, SsmClient ssm, IamClient iam, ElasticLoadBalancingV2Client balancing, AcmClient acm,
        CloudWatchLogsClient logs, S3Client storage) {}
