/** Whether what an alarm is about is the case. */
export type AlarmState = 'ok' | 'alarm' | 'unknown';

/** An alarm of a service. */
export interface ServiceAlarm {
  /** As docs/operations.md names it, such as `DeadLetters`. */
  readonly name: string;
  readonly state: AlarmState;
  /** Since when, in milliseconds since 1970; absent if that isn't known. */
  readonly since?: number;
  /** Why it is in this state, for people; absent if there is nothing to say. */
  readonly reason?: string;
  /** What raises it, and what to do then. */
  readonly description: string;
}

/** Where the alarms of a service are. */
export interface AlarmSource {
  read(): Promise<readonly ServiceAlarm[]>;
}
