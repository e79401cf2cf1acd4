import { Stack, Token } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { TICKET_FOLDER } from '../../core/config/settings.ts';
import type { RequestApi } from '../request-api.ts';
import type { PayloadSource } from '../settings/payload-props.ts';
import type { Prefixes } from '../settings/prefixes.ts';
import type { Webhooks } from '../webhooks.ts';
import { acknowledge } from './acknowledge.ts';

/** What the findings are about. */
export interface FindingsOf {
  readonly payloadBucket: IBucket;
  readonly processorRole: IRole;
  readonly api: RequestApi | undefined;
  readonly webhooks: Webhooks | undefined;
  readonly prefixes: Prefixes;
  readonly payloadSources: readonly PayloadSource[];
}

/** Tells cdk-nag's AwsSolutions rules, where an app runs them, which of their findings are meant to be so. */
export function acknowledgeFindings(of: FindingsOf): void {
  const { payloadBucket, processorRole, api, webhooks, prefixes } = of;
  acknowledge(payloadBucket, {
    id: 'AwsSolutions-S1',
    reason:
      'Access logs need a bucket of their own; who must know who read what turns on CloudTrail data events.',
  });
  acknowledgePrefixes(processorRole, payloadBucket, Object.values<string>({ ...prefixes }));
  acknowledgeSources(processorRole, of.payloadSources);
  if (webhooks) acknowledgeWebhooks(webhooks);
  if (!api) return;
  const { uploadPrefix, payloadPrefix, resultPrefix } = prefixes;
  acknowledgePrefixes(api.role, payloadBucket, [
    `${uploadPrefix}${TICKET_FOLDER}`,
    payloadPrefix,
    resultPrefix,
  ]);
  if (api.auth.name === 'none') {
    acknowledge(api.httpApi, {
      id: 'AwsSolutions-APIG4',
      reason: 'That anyone may call was asked for by ApiAuth.none().',
    });
  }
}

function acknowledgeWebhooks(webhooks: Webhooks): void {
  const { secret, role, scheduleGroup } = webhooks;
  // What is somebody else's is for them to judge.
  if (secret.node.scope === webhooks) {
    acknowledge(secret, {
      id: 'AwsSolutions-SMG4',
      reason: 'Receivers must be told of a new secret before it is used: only its owner knows when they are.',
    });
  }
  const schedules = Stack.of(role).formatArn({
    service: 'scheduler',
    resource: 'schedule',
    resourceName: `${scheduleGroup.scheduleGroupName}/*`,
  });
  acknowledge(role, {
    id: wildcardIn(schedules, role),
    reason: 'Each later attempt at a delivery is a schedule of its own in the group.',
  });
}

function acknowledgePrefixes(role: IRole, payloadBucket: IBucket, prefixes: readonly string[]): void {
  const known = prefixes.filter((prefix) => !Token.isUnresolved(prefix));
  const findings = known.map((prefix) => ({
    id: wildcardIn(payloadBucket.arnForObjects(`${prefix}*`), role),
    reason: `The keys under ${prefix} are chosen by senders or derived from request ids.`,
  }));
  acknowledge(role, ...findings);
}

function acknowledgeSources(role: IRole, sources: readonly PayloadSource[]): void {
  const findings = sources.map(({ bucket, prefix = '' }, index) => ({
    id: wildcardIn(bucket.arnForObjects(`${prefix}*`), role),
    reason: `payloads.sources[${index}] lets messages refer to any object there: the keys are chosen by senders.`,
  }));
  acknowledge(role, ...findings);
}

/** The finding about a resource with a wildcard in the policy of a role. */
function wildcardIn(resource: string, role: IRole): string {
  return `AwsSolutions-IAM5[Resource::${shown(Stack.of(role).resolve(resource))}]`;
}

/** A value of a template as a finding shows it: `arn:<AWS::Partition>:s3:::…`, `<Bucket.Arn>/…`. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Ref' in value) return `<${shown(value.Ref)}>`;
  if ('Fn::GetAtt' in value && Array.isArray(value['Fn::GetAtt'])) {
    return `<${value['Fn::GetAtt'].map(shown).join('.')}>`;
  }
  if ('Fn::Join' in value && Array.isArray(value['Fn::Join'])) {
    const [delimiter, parts] = value['Fn::Join'];
    return parts.map(shown).join(delimiter);
  }
  if ('Fn::ImportValue' in value) return shown(value['Fn::ImportValue']);
  return JSON.stringify(value);
}
