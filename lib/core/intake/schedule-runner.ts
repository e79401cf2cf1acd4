import { serializeError } from '../base/serialize-error.ts';
import {
  lastRun,
  nextRun,
  PUNCTUAL_MILLISECONDS,
  runId,
  type Schedule,
  type ScheduleState,
} from '../model/schedule.ts';
import type { Clock } from '../ports/clock.ts';
import type { ScheduleStore, StoredSchedule } from '../ports/schedule-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { RequestRecords } from '../records/request-records.ts';
import type { Submissions } from './submissions.ts';

/** The ports of a {@link ScheduleRunner}. */
export interface ScheduleRunnerPorts {
  readonly store: ScheduleStore;
  readonly submissions: Pick<Submissions, 'submit'>;
  readonly records: Pick<RequestRecords, 'find' | 'change'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long a process has to submit what it took. After that, another one does. */
const LEASE_MILLISECONDS = 30_000;

/** Submits the requests of schedules. Several processes may: each due run is leased by one of them. */
export class ScheduleRunner {
  readonly #ports: ScheduleRunnerPorts;

  constructor(ports: ScheduleRunnerPorts) {
    this.#ports = ports;
  }

  /** Submits what is due. A run that can't be submitted is tried again when its lease has ended. */
  async run(): Promise<void> {
    const { store, clock, logger } = this.#ports;
    const now = clock.now();
    for (const stored of await store.takeDue(now, now + LEASE_MILLISECONDS)) {
      try {
        await store.advance(stored, await this.#stateAfter(stored, now));
      } catch (error) {
        const { name, tenant } = stored.schedule;
        logger.error('A scheduled run could not be submitted', {
          schedule: name,
          tenant,
          error: serializeError(error),
        });
      }
    }
  }

  /** Submits the run that is due, if one is. @returns how far the schedule is then */
  async #stateAfter({ schedule, state }: StoredSchedule, now: number): Promise<ScheduleState> {
    const next = { ...state, nextAt: nextRun(schedule, now) };
    const at = dueRun(schedule, state, now);
    if (at === undefined || !(await this.#makesWay(schedule, state))) {
      const { name, tenant } = schedule;
      this.#ports.logger.info('A scheduled run was left out', {
        schedule: name,
        tenant,
        overlap: at !== undefined,
      });
      return next;
    }
    const lastRequestId = runId(schedule, at);
    await this.#submit(schedule, lastRequestId);
    return { ...next, lastAt: at, lastRequestId };
  }

  /** Whether the run may be submitted, as far as the request of the run before is concerned, which this may cancel. */
  async #makesWay({ overlap, tenant }: Schedule, { lastRequestId: id }: ScheduleState): Promise<boolean> {
    if (overlap === 'queue' || id === undefined) return true;
    const request = { id, source: '', tenant };
    const before = await this.#ports.records.find(request);
    if (before === undefined || before.outcome !== undefined) return true;
    if (overlap === 'cancel') await this.#ports.records.change(request, { type: 'cancel' });
    return overlap === 'cancel';
  }

  async #submit({ tenant, payload, contentType, metadata, topic }: Schedule, id: string): Promise<void> {
    await this.#ports.submissions.submit(
      { tenant, payload: Buffer.from(payload, 'base64'), contentType, metadata, topic },
      id,
    );
  }
}

/** The run to submit now: the last of those that are due, unless it was missed and isn't made up for. */
function dueRun(schedule: Schedule, { nextAt = 0 }: ScheduleState, now: number): number | undefined {
  const last = lastRun(schedule, nextAt, now);
  if (last === undefined || schedule.missed === 'last') return last;
  return now - last < PUNCTUAL_MILLISECONDS ? last : undefined;
}
