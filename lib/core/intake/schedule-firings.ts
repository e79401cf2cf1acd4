import type { Timer } from '../ports/clock.ts';
import type { ScheduleStore } from '../ports/schedule-store.ts';
import type { ScheduleTimer, ScheduleTimers } from '../ports/schedule-timers.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { ScheduleRunner } from './schedule-runner.ts';

/** The ports of {@link ScheduleFirings}. */
export interface ScheduleFiringsPorts {
  readonly store: Pick<ScheduleStore, 'get'>;
  readonly timers: Pick<ScheduleTimers, 'stop'>;
  readonly runner: Pick<ScheduleRunner, 'run'>;
  readonly clock: Timer;
  readonly logger: Logger;
}

/** How far the clock of a timer may be ahead of that of this process. */
const MAX_SKEW_MILLISECONDS = 5_000;

/** Longest time from the start of a timer until its schedule is stored: longer than any call of the API takes. */
const PUTTING_MILLISECONDS = 60_000;

/** What happens when the timer of a schedule fires. */
export class ScheduleFirings {
  readonly #ports: ScheduleFiringsPorts;

  constructor(ports: ScheduleFiringsPorts) {
    this.#ports = ports;
  }

  /**
   * Submits the run that is due, and stops the timer if its revision of the schedule isn't stored any more, or never was.
   * @throws any error of a port: the timer should fire again then
   */
  async fire(timer: ScheduleTimer): Promise<void> {
    const { store, runner, clock } = this.#ports;
    const key = { name: timer.name, tenant: timer.tenant };
    const ran = await runner.run(key);
    const stored = ran ?? (await store.get(key));
    if (stored?.revision !== timer.revision) return this.#stop(timer);
    const { nextAt = Number.POSITIVE_INFINITY } = stored.state;
    const early = nextAt - clock.now();
    if (ran || early <= 0 || early > MAX_SKEW_MILLISECONDS) return;
    await clock.sleep(early);
    await runner.run(key);
  }

  async #stop({ name, tenant, revision, createdAt }: ScheduleTimer): Promise<void> {
    const { timers, clock, logger } = this.#ports;
    // Its schedule may be stored in a moment.
    if (clock.now() < createdAt + PUTTING_MILLISECONDS) return;
    await timers.stop({ name, tenant }, revision);
    logger.info('The timer of a schedule that was replaced or removed is stopped', {
      schedule: name,
      tenant,
    });
  }
}
