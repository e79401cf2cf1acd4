import { Stack, Token } from 'aws-cdk-lib';
import type { LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { MANIFEST_FOLDER, TICKET_FOLDER } from '../../core/config/settings.ts';
import type { ProcessorService } from '../fargate/processor-service.ts';
import { allAlarms } from '../functions/api-role.ts';
import { schedulesIn } from '../functions/function-role.ts';
import type { ProcessorFunction } from '../functions/processor-function.ts';
import type { MessageRelay } from '../message-relay.ts';
import type { Release } from '../release.ts';
import type { RequestApi } from '../request-api.ts';
import type { RequestAudit } from '../request-audit.ts';
import type { PayloadSource } from '../settings/payload-props.ts';
import type { Prefixes } from '../settings/prefixes.ts';
import type { Webhooks } from '../webhooks.ts';
import { acknowledge } from './acknowledge.ts';

/** The constructs and settings that the findings refer to. */
export interface AcknowledgedScope {
  readonly payloadBucket: IBucket;
  /** Whether the service created the bucket. An existing one belongs to its owner, and so do the findings about it. */
  readonly ownsBucket: boolean;
  /** Undefined on Fargate. */
  readonly onLambda: ProcessorFunction | undefined;
  /** Undefined on Lambda. */
  readonly onFargate: ProcessorService | undefined;
  readonly release: Release | undefined;
  readonly api: RequestApi | undefined;
  readonly webhooks: Webhooks | undefined;
  readonly relay: MessageRelay | undefined;
  readonly audit: RequestAudit | undefined;
  readonly prefixes: Prefixes;
  readonly payloadSources: readonly PayloadSource[];
}

/** Acknowledges the findings of cdk-nag's AwsSolutions rules that are intended, for apps that run these rules. */
export function acknowledgeFindings(scope: AcknowledgedScope): void {
  const { payloadBucket, onLambda, onFargate, api, webhooks, prefixes } = scope;
  if (scope.ownsBucket) {
    acknowledge(payloadBucket, {
      id: 'AwsSolutions-S1',
      reason:
        'Access logs need another bucket. To audit reads, enable CloudTrail data events for this bucket.',
    });
  }
  for (const role of [onLambda?.role, onFargate?.role]) {
    if (!role) continue;
    acknowledgePrefixes(role, payloadBucket, Object.values<string>({ ...prefixes }));
    acknowledgeSources(role, scope.payloadSources);
  }
  if (onFargate) acknowledgeTasks(onFargate);
  if (webhooks) acknowledgeWebhooks(webhooks);
  if (scope.audit) {
    acknowledgePrefixes(scope.audit.role, payloadBucket, scope.audit.prefixes);
    acknowledgeSources(scope.audit.role, scope.payloadSources);
  }
  if (scope.relay) acknowledgeRelay(scope.relay, payloadBucket, prefixes);
  if (scope.release?.deployments) acknowledgeDeployments(scope.release.deployments);
  if (!api) return;
  const { uploadPrefix, payloadPrefix, resultPrefix } = prefixes;
  acknowledgePrefixes(api.role, payloadBucket, [
    uploadPrefix,
    `${uploadPrefix}${TICKET_FOLDER}`,
    payloadPrefix,
    resultPrefix,
  ]);
  acknowledge(api.role, {
    id: wildcardIn(allAlarms(api.role), api.role),
    reason: 'CloudWatch lists alarms by prefix only for principals that may list all alarms.',
  });
  if (api.schedules) {
    const { scheduleGroup, functionRole } = api.schedules;
    acknowledgeSchedules(api.role, scheduleGroup, 'Each schedule and each scheduled request');
    acknowledgeSchedules(functionRole, scheduleGroup, 'Each schedule');
    acknowledgePrefixes(functionRole, payloadBucket, [payloadPrefix]);
    acknowledge(api.schedules.deadLetterQueue, {
      id: 'AwsSolutions-SQS3',
      reason: 'It is the dead-letter queue of the schedules.',
    });
  }
  if (api.batches) {
    const { scheduleGroup, functionRole } = api.batches;
    acknowledgeSchedules(api.role, scheduleGroup, 'The timer of each batch');
    acknowledgeSchedules(functionRole, scheduleGroup, 'The timer of each batch');
    acknowledgePrefixes(functionRole, payloadBucket, [`${resultPrefix}${MANIFEST_FOLDER}`, payloadPrefix]);
    acknowledge(api.batches.deadLetterQueue, {
      id: 'AwsSolutions-SQS3',
      reason: 'It is the dead-letter queue of the stream.',
    });
  }
  if (api.actions) {
    const { scheduleGroup, functionRole } = api.actions;
    acknowledgeSchedules(api.role, scheduleGroup, 'The timer of each action');
    acknowledgeSchedules(functionRole, scheduleGroup, 'The timer of each action');
    acknowledgePrefixes(functionRole, payloadBucket, [payloadPrefix]);
  }
  if (api.auth.name === 'none') {
    acknowledge(api.httpApi, {
      id: 'AwsSolutions-APIG4',
      reason: 'ApiAuth.none() makes the API public on request.',
    });
  }
}

function acknowledgeDeployments({ role }: LambdaDeploymentGroup): void {
  acknowledge(role, {
    id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]',
    reason: 'AWS keeps the policy of CodeDeploy for Lambda up to date, and the CDK attaches it to any role.',
  });
}

function acknowledgeTasks({ role, tasks, taskDefinition, ownCluster }: ProcessorService): void {
  acknowledge(role, {
    id: wildcardIn(tasks, role),
    reason: 'A task protects itself from scale-in, and the ids of tasks are only known when they run.',
  });
  acknowledge(taskDefinition, {
    id: 'AwsSolutions-ECS2',
    reason:
      'The variables of the service are no secrets: names of queues, of the bucket and of the table, and numbers.',
  });
  acknowledge(taskDefinition.obtainExecutionRole(), {
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'ECS gets a token for ECR with ecr:GetAuthorizationToken, which supports no resource.',
  });
  if (ownCluster) {
    acknowledge(ownCluster, {
      id: 'AwsSolutions-ECS4',
      reason: 'Container Insights cost extra. To have them, pass a cluster of your own.',
    });
  }
}

function acknowledgeRelay(
  { role }: MessageRelay,
  payloadBucket: IBucket,
  { payloadPrefix, uploadPrefix }: Prefixes,
): void {
  acknowledgePrefixes(role, payloadBucket, [payloadPrefix, uploadPrefix]);
  acknowledge(role, {
    id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaMSKExecutionRole]',
    reason: 'AWS keeps the policy of event sources for MSK up to date, and the CDK attaches it to the role.',
  });
}

function acknowledgeWebhooks(webhooks: Webhooks): void {
  const { secret, role, scheduleGroup } = webhooks;
  // An existing secret belongs to its owner, and so do the findings about it.
  if (secret.node.scope === webhooks) {
    acknowledge(secret, {
      id: 'AwsSolutions-SMG4',
      reason: 'Receivers need a new secret before it is used, so its owner decides when to rotate it.',
    });
  }
  acknowledgeSchedules(role, scheduleGroup, 'Each retry of a delivery');
}

function acknowledgeSchedules(role: IRole, group: IScheduleGroup, what: string): void {
  acknowledge(role, {
    id: wildcardIn(schedulesIn(group), role),
    reason: `${what} is a separate schedule of EventBridge Scheduler in this group.`,
  });
}

function acknowledgePrefixes(role: IRole, payloadBucket: IBucket, prefixes: readonly string[]): void {
  const known = prefixes.filter((prefix) => !Token.isUnresolved(prefix));
  const findings = known.map((prefix) => ({
    id: wildcardIn(payloadBucket.arnForObjects(`${prefix}*`), role),
    reason: `Senders choose the keys under ${prefix}, or they are derived from request ids.`,
  }));
  acknowledge(role, ...findings);
}

function acknowledgeSources(role: IRole, sources: readonly PayloadSource[]): void {
  const findings = sources.map(({ bucket, prefix = '' }, index) => ({
    id: wildcardIn(bucket.arnForObjects(`${prefix}*`), role),
    reason: `payloads.sources[${index}] lets messages refer to any object there, and senders choose the keys.`,
  }));
  acknowledge(role, ...findings);
}

/** The id of the finding about a resource with a wildcard in the policy of a role. */
function wildcardIn(resource: string, role: IRole): string {
  return `AwsSolutions-IAM5[Resource::${formatValue(Stack.of(role).resolve(resource))}]`;
}

/** Formats a template value as a finding does: `arn:<AWS::Partition>:s3:::…`, `<Bucket.Arn>/…`. */
function formatValue(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Ref' in value) return `<${formatValue(value.Ref)}>`;
  if ('Fn::GetAtt' in value && Array.isArray(value['Fn::GetAtt'])) {
    return `<${value['Fn::GetAtt'].map(formatValue).join('.')}>`;
  }
  if ('Fn::Join' in value && Array.isArray(value['Fn::Join'])) {
    const [delimiter, parts] = value['Fn::Join'];
    return parts.map(formatValue).join(delimiter);
  }
  if ('Fn::ImportValue' in value) return formatValue(value['Fn::ImportValue']);
  return JSON.stringify(value);
}
