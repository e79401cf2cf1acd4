import type { Schedule } from '../../lib/core/model/schedule.ts';
import type { ScheduleKey } from '../../lib/core/ports/schedule-store.ts';
import type { ScheduleTimer, ScheduleTimers } from '../../lib/core/ports/schedule-timers.ts';
import { Faults } from '../../lib/stores/memory/faults.ts';

/** Timers in memory, which fire when a test says so. */
export class MemoryScheduleTimers implements ScheduleTimers {
  readonly faults = new Faults<'start' | 'stop'>();
  readonly #running = new Map<string, ScheduleTimer>();

  /** Those that fire. */
  get running(): readonly ScheduleTimer[] {
    return [...this.#running.values()];
  }

  start({ name, tenant, createdAt }: Schedule, revision: string): Promise<void> {
    return this.faults.around('start', () => {
      this.#running.set(revision, { name, tenant, revision, createdAt });
    });
  }

  stop(_: ScheduleKey, revision: string): Promise<void> {
    return this.faults.around('stop', () => {
      this.#running.delete(revision);
    });
  }
}
