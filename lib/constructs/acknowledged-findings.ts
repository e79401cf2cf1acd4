import { CfnElement, Stack, Token } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { TICKET_FOLDER } from '../core/settings.ts';
import { acknowledge } from './acknowledge.ts';
import type { Prefixes } from './prefixes.ts';
import type { RequestApi } from './request-api.ts';
import type { Webhooks } from './webhooks.ts';

/** What the findings are about. */
export interface FindingsOf {
  readonly payloadBucket: Construct;
  readonly processorRole: IRole;
  readonly api: RequestApi | undefined;
  readonly webhooks: Webhooks | undefined;
  readonly prefixes: Prefixes;
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
  const { partition, region, account } = Stack.of(role);
  const place = [
    shown(partition, 'Partition'),
    'scheduler',
    shown(region, 'Region'),
    shown(account, 'AccountId'),
  ];
  const schedules = `arn:${place.join(':')}:schedule/${scheduleGroup.scheduleGroupName}/*`;
  acknowledge(role, {
    id: `AwsSolutions-IAM5[Resource::${schedules}]`,
    reason: 'Each later attempt at a delivery is a schedule of its own in the group.',
  });
}

/** As a finding shows what is only known at deployment. */
function shown(value: string, name: string): string {
  return Token.isUnresolved(value) ? `<AWS::${name}>` : value;
}

function acknowledgePrefixes(role: IRole, payloadBucket: Construct, prefixes: readonly string[]): void {
  const known = prefixes.filter((prefix) => !Token.isUnresolved(prefix));
  acknowledge(
    role,
    ...known.map((prefix) => ({
      id: `AwsSolutions-IAM5[Resource::<${logicalIdOf(payloadBucket)}.Arn>/${prefix}*]`,
      reason: `The keys under ${prefix} are chosen by senders or derived from request ids.`,
    })),
  );
}

function logicalIdOf({ node }: Construct): string {
  const resource = node.defaultChild;
  if (!CfnElement.isCfnElement(resource)) throw new Error(`${node.path} has no CloudFormation resource`);
  return Stack.of(resource).getLogicalId(resource);
}
