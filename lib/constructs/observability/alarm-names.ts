import { Stack } from 'aws-cdk-lib';
import { type Alarm, CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { ALARM_HASH_LENGTH } from '../../core/config/api-environment.ts';

/** What the names of alarms begin with: CloudFormation names them by their stack and their logical ids. */
export function alarmPrefixOf(alarms: readonly Alarm[]): string {
  const [first = '', ...others] = logicalIdsOf(alarms).map((id) => id.slice(0, -ALARM_HASH_LENGTH));
  let shared = first;
  while (!others.every((id) => id.startsWith(shared))) shared = shared.slice(0, -1);
  const [alarm] = alarms;
  return alarm ? `${Stack.of(alarm).stackName}-${shared}` : '';
}

/** The ends of their logical ids: the CDK puts a hash of the construct's path there. */
export function alarmHashesOf(alarms: readonly Alarm[]): string[] {
  return logicalIdsOf(alarms).map((id) => id.slice(-ALARM_HASH_LENGTH));
}

function logicalIdsOf(alarms: readonly Alarm[]): string[] {
  return alarms.flatMap((alarm) =>
    alarm.node
      .findAll()
      .filter((construct) => construct instanceof CfnAlarm)
      .map(({ logicalId }) => String(Stack.of(alarm).resolve(logicalId))),
  );
}
