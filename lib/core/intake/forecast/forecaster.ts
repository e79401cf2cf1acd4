import { requestFields } from '../../base/log-fields.ts';
import { serializeError } from '../../base/serialize-error.ts';
import type { Limit } from '../../config/limits.ts';
import type { Forecast } from '../../model/forecast.ts';
import { type LimitState, UNUSED } from '../../model/limit-state.ts';
import { type LimitedKey, limitedKeysOf, limitName } from '../../model/limited-key.ts';
import { type RequestRecord, statusOf } from '../../model/request-record.ts';
import type { Admission, LoadFigures } from '../../ports/admission.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LimitStore } from '../../ports/limit-store.ts';
import type { Place, PlaceFinder } from '../../ports/place-in-queue.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { Reading } from '../admission/cached-reading.ts';
import { type Figures, forecastOf, type LimitedBy, NO_FIGURES } from './forecast.ts';

/** Options of a {@link Forecaster}. */
export interface ForecasterOptions {
  readonly admission: Pick<Admission, 'figures'>;
  /** The limits of the processor, and their states. */
  readonly limits: readonly Limit[];
  readonly limitStore: LimitStore;
  /** Counts the requests ahead of one. @default - estimates them from the backlog when the request was submitted */
  readonly places?: PlaceFinder;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Most values of keys whose states are remembered. */
const MAX_READINGS = 1_000;

/** How far past and present rates of a service differ: the standard deviation, as a part of the rate. */
const RATE_DRIFT = 0.1;

/** Says why requests wait, and when they start and end. Figures that all requests share are read every few seconds at most. */
export class Forecaster {
  readonly #options: ForecasterOptions;
  readonly #readings = new Map<string, Reading<LimitState>>();

  constructor(options: ForecasterOptions) {
    this.#options = options;
  }

  /** Never rejects: a figure that can't be read is unknown. @returns undefined if the request has ended */
  async forecast(record: RequestRecord): Promise<Forecast | undefined> {
    const { clock, logger } = this.#options;
    try {
      return forecastOf(record, await this.#figuresFor(record), clock.now());
    } catch (error) {
      const fields = { ...requestFields(record.request), error: serializeError(error) };
      logger.warn('The times of a request could not be estimated', fields);
      return forecastOf(record, NO_FIGURES, clock.now());
    }
  }

  /**
   * The forecast of a request that was just submitted, if it takes no reads besides those of its admission. Never rejects.
   */
  async forecastSubmitted(record: RequestRecord): Promise<Forecast | undefined> {
    const { places, clock } = this.#options;
    return places ? forecastOf(record, NO_FIGURES, clock.now()) : this.forecast(record);
  }

  async #figuresFor(record: RequestRecord): Promise<Figures> {
    const { admission, limits, places, clock } = this.#options;
    const { tenant, topic } = record.request;
    const status = statusOf(record, clock.now());
    if (status === 'running') return admission.figures(record.request.priority);
    if (status !== 'queued' && status !== 'scheduled') return {};
    const keys = limitedKeysOf({ tenant, topic }, limits);
    const [load, states, found] = await Promise.all([
      admission.figures(record.request.priority),
      Promise.all(keys.map((key) => this.#limitedBy(key))),
      places?.find(record),
    ]);
    const known = states.flatMap((state) => state ?? []);
    return {
      pace: load.pace,
      pause: load.pause,
      place: places ? found : estimatedPlace(record, load, clock.now()),
      limits: known,
      // The metadata of a request isn't in its record.
      hasOtherLimits: known.length < keys.length || limits.some(({ key }) => key.startsWith('metadata.')),
    };
  }

  async #limitedBy(key: LimitedKey): Promise<LimitedBy | undefined> {
    const state = await this.#readingOf(limitName(key.limit.key, key.value)).latest();
    return state && { ...key, state };
  }

  #readingOf(name: string): Reading<LimitState> {
    const known = this.#readings.get(name);
    if (known) return known;
    const { limitStore, clock, logger } = this.#options;
    const onFailure = (error: unknown) =>
      logger.warn('The state of a limit could not be read', { error: serializeError(error) });
    const reading = new Reading(
      async () => (await limitStore.read(name))?.state ?? UNUSED,
      () => clock.now(),
      onFailure,
    );
    this.#readings.set(name, reading);
    const [oldest = ''] = this.#readings.keys();
    if (this.#readings.size > MAX_READINGS) this.#readings.delete(oldest);
    return reading;
  }
}

/**
 * Estimates the place of a request in a queue that can't tell it: behind the backlog at its submission, less the requests
 * handled since at the present rate, and never behind more than the current backlog. The older the request, the less certain.
 */
function estimatedPlace(record: RequestRecord, load: LoadFigures, now: number): Place | undefined {
  const { backlog, backlogSpread = 0, pace } = load;
  if (backlog === undefined) return undefined;
  const slots = Math.round(pace?.slots ?? 1);
  const handled = pace ? ((now - record.createdAt) / 1_000) * (pace.slots / pace.meanSeconds) : 0;
  // A request that starts later, or comes back for its next attempt, is behind the whole backlog.
  const isLater = Math.max(record.request.notBefore ?? 0, record.nextAttemptAt ?? 0) > now;
  const first = isLater ? backlog : record.backlog;
  if (first === undefined || (record.request.notBefore !== undefined && !isLater)) return undefined;
  const before = isLater ? backlog : Math.min(backlog, Math.max(0, first - handled));
  return {
    waiting: Math.max(0, before - slots),
    inFlight: Math.min(before, slots),
    isExact: false,
    spread: Math.hypot(Math.min(RATE_DRIFT * (first - before), backlog), backlogSpread),
  };
}
