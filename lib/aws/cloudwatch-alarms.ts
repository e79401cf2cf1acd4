import { CloudWatchClient, type MetricAlarm, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import { alarmHash } from '../core/config/alarm-hash.ts';
import type { ApiEnvironment } from '../core/config/api-environment.ts';
import type { AlarmSource, AlarmState, ServiceAlarm } from '../core/ports/alarms.ts';
import { SMALL_CALLS } from './clients.ts';

const STATES: Readonly<Record<string, AlarmState>> = { OK: 'ok', ALARM: 'alarm' };

/** Most alarms in a page. */
const PAGE = 100;

/** How the alarms of a service are found: CloudFormation names an alarm by its stack, its logical id and some characters more. */
export type AlarmNames = Pick<ApiEnvironment, 'alarmPrefix' | 'alarmHashes'>;

/** The alarms of a service in CloudWatch. */
export class CloudWatchAlarms implements AlarmSource {
  readonly #client: CloudWatchClient;
  readonly #prefix: string;
  readonly #hashes: ReadonlySet<string>;

  constructor(client: CloudWatchClient, { alarmPrefix, alarmHashes }: AlarmNames) {
    this.#client = client;
    this.#prefix = alarmPrefix;
    this.#hashes = new Set(alarmHashes);
  }

  async read(): Promise<readonly ServiceAlarm[]> {
    const alarms: ServiceAlarm[] = [];
    const request = { AlarmNamePrefix: this.#prefix, AlarmTypes: ['MetricAlarm' as const] };
    for await (const { MetricAlarms = [] } of paginateDescribeAlarms(
      { client: this.#client, pageSize: PAGE },
      request,
    )) {
      alarms.push(...MetricAlarms.filter((alarm) => this.#isOwn(alarm)).map(alarmOf));
    }
    return alarms;
  }

  /** The names of other alarms, of this stack and of others, may begin with the same characters. */
  #isOwn({ AlarmName = '' }: MetricAlarm): boolean {
    const [, logicalId = ''] = /^([A-Za-z0-9]+)-[^-]+$/.exec(AlarmName.slice(this.#prefix.length)) ?? [];
    return this.#hashes.has(alarmHash(logicalId));
  }
}

/** A client for alarms. */
export function alarmClient(): CloudWatchClient {
  return new CloudWatchClient({ requestHandler: SMALL_CALLS });
}

function alarmOf({ AlarmName = '', AlarmDescription, StateValue, ...rest }: MetricAlarm): ServiceAlarm {
  const { StateTransitionedTimestamp, StateUpdatedTimestamp, StateReason } = rest;
  const since = (StateTransitionedTimestamp ?? StateUpdatedTimestamp)?.getTime();
  return {
    name: nameOf(AlarmName),
    state: (StateValue && STATES[StateValue]) ?? 'unknown',
    ...(since !== undefined && { since }),
    ...(StateReason && { reason: StateReason }),
    description: AlarmDescription ?? '',
  };
}

/** What the construct of an alarm is called. */
function nameOf(alarmName: string): string {
  return /.*(?:Alarms|Release)([A-Z][A-Za-z]*?)[0-9A-F]{8}-/.exec(alarmName)?.[1] ?? alarmName;
}
