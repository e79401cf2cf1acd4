import {
  lastRun,
  nextRun,
  PUNCTUAL_MILLISECONDS,
  runId,
  type Schedule,
  type ScheduleState,
} from '../model/schedule.ts';
import type { Clock } from '../ports/clock.ts';
import type { ScheduleKey, ScheduleStore, StoredSchedule } from '../ports/schedule-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { RequestRecords } from '../records/request-records.ts';
import { requestOf } from './scheduled-request.ts';
import type { Submissions } from './submissions.ts';

/** The ports of a {@link ScheduleRunner}. */
export interface ScheduleRunnerPorts {
  readonly store: Pick<ScheduleStore, 'take' | 'advance'>;
  /** Those of the processor that a topic is for. */
  readonly submissionsFor: (topic: string | undefined) => Pick<Submissions, 'submit'>;
  readonly records: Pick<RequestRecords, 'find' | 'change'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How late a run may be and still isn't missed. @default PUNCTUAL_MILLISECONDS */
  readonly punctualMilliseconds?: number;
}

/** How long a process may take to submit a run. After that, another process does. */
const LEASE_MILLISECONDS = 30_000;

/** Submits the requests of schedules. Several processes may run one: each due run is leased by one of them. */
export class ScheduleRunner {
  readonly #ports: ScheduleRunnerPorts;

  constructor(ports: ScheduleRunnerPorts) {
    this.#ports = ports;
  }

  /**
   * Submits the run of a schedule that is due.
   * @returns the schedule as it was; undefined if no run was due, another process has it, or there is none
   * @throws any error of a port: the run can be tried again when its lease has ended
   */
  async run(key: ScheduleKey): Promise<StoredSchedule | undefined> {
    const { store, clock } = this.#ports;
    const now = clock.now();
    const stored = await store.take(key, now, now + LEASE_MILLISECONDS);
    if (stored) await store.advance(stored, await this.#stateAfter(stored, now));
    return stored;
  }

  /** Submits the run that is due, if one is. @returns how far the schedule is then */
  async #stateAfter({ schedule, state }: StoredSchedule, now: number): Promise<ScheduleState> {
    const next = { ...state, nextAt: nextRun(schedule, now) };
    const at = this.#dueRun(schedule, state, now);
    const id = at === undefined ? undefined : runId(schedule, at);
    if (id === undefined || !(await this.#makesWay(schedule, state, id))) {
      const { name, tenant } = schedule;
      this.#ports.logger.info('A scheduled run was left out', {
        schedule: name,
        tenant,
        overlap: id !== undefined,
      });
      return next;
    }
    await this.#ports.submissionsFor(schedule.topic).submit(requestOf(schedule), id);
    return { ...next, lastAt: at, lastRequestId: id };
  }

  /** The run to submit now: the last one that is due, unless it was missed and the schedule skips missed runs. */
  #dueRun(schedule: Schedule, { nextAt = 0 }: ScheduleState, now: number): number | undefined {
    const { punctualMilliseconds = PUNCTUAL_MILLISECONDS } = this.#ports;
    const last = lastRun(schedule, nextAt, now);
    if (last === undefined || schedule.missed === 'last') return last;
    return now - last < punctualMilliseconds ? last : undefined;
  }

  /** Cancels the request of the run before if the schedule says so. @returns whether that request lets the run be submitted */
  async #makesWay(
    { overlap, tenant }: Schedule,
    { lastRequestId }: ScheduleState,
    id: string,
  ): Promise<boolean> {
    // A run may come again after a clock was set back: it doesn't overlap with itself.
    if (overlap === 'queue' || lastRequestId === undefined || lastRequestId === id) return true;
    const request = { id: lastRequestId, source: '', tenant };
    const before = await this.#ports.records.find(request);
    if (before === undefined || before.outcome !== undefined) return true;
    if (overlap === 'cancel') await this.#ports.records.change(request, { type: 'cancel' });
    return overlap === 'cancel';
  }
}
