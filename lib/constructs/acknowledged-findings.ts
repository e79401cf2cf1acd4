import { CfnElement, Stack, Token, Validations } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { TICKET_FOLDER } from '../core/settings.ts';
import type { Prefixes } from './prefixes.ts';
import type { RequestApi } from './request-api.ts';

/** What the findings are about. */
export interface FindingsOf {
  readonly payloadBucket: Construct;
  readonly processorRole: IRole;
  readonly api: RequestApi | undefined;
  readonly prefixes: Prefixes;
}

/** Tells cdk-nag's AwsSolutions rules, where an app runs them, which of their findings are meant to be so. */
export function acknowledgeFindings({ payloadBucket, processorRole, api, prefixes }: FindingsOf): void {
  Validations.of(payloadBucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Access logs need a bucket of their own; who must know who read what turns on CloudTrail data events.',
  });
  acknowledgePrefixes(processorRole, payloadBucket, Object.values<string>({ ...prefixes }));
  if (!api) return;
  const { uploadPrefix, payloadPrefix, resultPrefix } = prefixes;
  acknowledgePrefixes(api.role, payloadBucket, [
    `${uploadPrefix}${TICKET_FOLDER}`,
    payloadPrefix,
    resultPrefix,
  ]);
  if (api.auth.name === 'none') {
    Validations.of(api.httpApi).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason: 'That anyone may call was asked for by ApiAuth.none().',
    });
  }
}

function acknowledgePrefixes(role: IRole, payloadBucket: Construct, prefixes: readonly string[]): void {
  const known = prefixes.filter((prefix) => !Token.isUnresolved(prefix));
  Validations.of(role).acknowledge(
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
