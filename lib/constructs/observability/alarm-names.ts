import { Lazy, Token } from 'aws-cdk-lib';
import { type Alarm, CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { alarmHash, LOGICAL_ID_HASH_LENGTH } from '../../core/config/alarm-hash.ts';

/** Most characters of an alarm's name. */
const MAX_NAME_LENGTH = 255;

/** Most characters of a stack's name, for one that is known only at the deployment. */
const MAX_STACK_NAME_LENGTH = 128;

/** What CloudFormation adds to the logical id: a hyphen, and 12 or 13 characters. */
const SUFFIX_LENGTH = 14;

/** Most characters of the beginning that the names of a service's alarms share: the stack's name fits, and the end of a name does. */
const MAX_PREFIX_LENGTH = 160;

/** What the names of alarms begin with: CloudFormation names them by their stack and their logical ids. */
export function alarmPrefixOf(alarms: readonly Alarm[]): string {
  const own = alarms.flatMap(cfnAlarmsOf);
  const [first = '', ...others] = own.map(logicalIdOf).map((id) => id.slice(0, -LOGICAL_ID_HASH_LENGTH));
  let shared = first;
  while (!others.every((id) => id.startsWith(shared))) shared = shared.slice(0, -1);
  const [alarm] = own;
  return alarm ? beginningOf(alarm, shared) : '';
}

/** The hashes of their constructs' paths: the CDK puts them at the end of logical ids. */
export function alarmHashesOf(alarms: readonly Alarm[]): string[] {
  return alarms.flatMap(cfnAlarmsOf).map((alarm) => alarmHash(logicalIdOf(alarm)));
}

/** Names an alarm itself if its name would be too long, because CloudFormation cuts the hash off then. */
export function keepHashInName(alarm: Alarm): void {
  for (const cfnAlarm of cfnAlarmsOf(alarm)) {
    const nameIfCut = () => {
      const id = logicalIdOf(cfnAlarm);
      if (stackNameLengthOf(cfnAlarm) + 1 + id.length + SUFFIX_LENGTH <= MAX_NAME_LENGTH) return undefined;
      return `${beginningOf(cfnAlarm, id)}Alarms${alarm.node.id}${id.slice(-LOGICAL_ID_HASH_LENGTH)}-0`;
    };
    cfnAlarm.alarmName = Lazy.string({ produce: nameIfCut });
  }
}

function beginningOf(alarm: CfnAlarm, logicalId: string): string {
  const room = MAX_PREFIX_LENGTH - stackNameLengthOf(alarm) - 1;
  return `${alarm.stack.stackName}-${logicalId.slice(0, room)}`;
}

function stackNameLengthOf({ stack: { stackName } }: CfnAlarm): number {
  return Token.isUnresolved(stackName) ? MAX_STACK_NAME_LENGTH : stackName.length;
}

function logicalIdOf({ stack, logicalId }: CfnAlarm): string {
  return String(stack.resolve(logicalId));
}

function cfnAlarmsOf({ node }: Alarm): CfnAlarm[] {
  return node.findAll().filter((construct) => construct instanceof CfnAlarm);
}
