import { CoatcheckError, ConfigurationError, type PauseUntil, StoreUnavailable } from '../base/errors.ts';
import { requestFields } from '../base/log-fields.ts';
import { serializeError } from '../base/serialize-error.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import type { EngineSettings } from '../config/engine-settings.ts';
import { LimitLeases } from '../limits/limit-leases.ts';
import type { LimitWait, Permit } from '../limits/permit.ts';
import { MAX_SHORT_WAIT_MILLISECONDS } from '../limits/short-waits.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import type { Deadline } from './deadline.ts';
import { deferralsLeft, leastDeferralSeconds } from './deferral.ts';
import type { EnginePorts } from './engine-ports.ts';
import type { Job } from './job.ts';

/** Longest delay of a request that waits for its turn, so that it notices when a limit is raised. */
const MAX_WAIT_SECONDS = 300;

/** What a {@link Limiter} needs of the settings. */
type LimiterSettings = Pick<
  EngineSettings,
  'limits' | 'concurrency' | 'maxAttempts' | 'inputRetentionSeconds'
>;

/** The permit of a request without limits. */
export const UNLIMITED: Permit = { free() {}, [Symbol.dispose]() {} };

/** Lets requests start as the limits of their keys allow. Without limits, all requests start. */
export class Limiter {
  readonly #leases: LimitLeases | undefined;
  readonly #settings: LimiterSettings;
  readonly #ports: EnginePorts;
  /** Most requests that wait in this process, where they occupy the slots of others. */
  readonly #maxWaiting: number;
  #waiting = 0;

  /** @throws ConfigurationError for limits without a store */
  constructor(settings: LimiterSettings, ports: EnginePorts) {
    const { limits, concurrency } = settings;
    this.#settings = settings;
    this.#ports = ports;
    this.#maxWaiting = Math.ceil(concurrency / 2);
    const { limits: store, clock, random } = ports;
    if (limits.length === 0) return;
    if (!store)
      throw new ConfigurationError('limits need a store that processes share, and this host has none');
    this.#leases = new LimitLeases({ limits, store, now: () => clock.now(), random });
  }

  /**
   * Takes the permits of a request. A message that can't go back any more, because its queue would dead-letter it, gets them
   * regardless of the limits.
   * @throws StoreUnavailable
   */
  async acquire({ decoded, message }: Job, deadline: Deadline): Promise<Permit | LimitWait> {
    if (!this.#leases || 'rejection' in decoded || deferralsLeft(message, this.#settings) < 1)
      return UNLIMITED;
    const acquiring = this.#leases.acquire(decoded, deadline);
    try {
      return await unlessAborted(acquiring, deadline.startDeadline, () => {
        // An invocation ends, but not its process: a permit that comes too late would be held for good.
        acquiring.then(giveBack, () => {});
        return { retryAt: () => this.#ports.clock.now() };
      });
    } catch (error) {
      throw error instanceof CoatcheckError ? error : new StoreUnavailable('The store of limits', error);
    }
  }

  /**
   * Waits in this process until a permit may be free, if that is soon and few others wait.
   * @returns whether to try again
   */
  async waitShortly({ untilFreed }: LimitWait, { startDeadline }: Deadline): Promise<boolean> {
    if (!untilFreed || this.#waiting >= this.#maxWaiting) return false;
    const isOver = AbortSignal.any([startDeadline, AbortSignal.timeout(MAX_SHORT_WAIT_MILLISECONDS)]);
    this.#waiting++;
    try {
      await untilFreed(isOver);
    } finally {
      this.#waiting--;
    }
    return !isOver.aborted;
  }

  /**
   * How long a message waits, in seconds. Where its queue dead-letters after some number of deliveries, older messages wait
   * longer, for a random time: of messages that come back together, one would find a turn, and the others would go back together.
   */
  waitSeconds({ message }: Job, { retryAt }: LimitWait): number {
    const { delaysFractions, maxDelaySeconds } = message.source;
    const now = this.#ports.clock.now();
    const longest = Math.min(MAX_WAIT_SECONDS, maxDelaySeconds);
    const turn = (retryAt(now + longest * 1_000) - now) / 1_000;
    const least = leastDeferralSeconds(message, this.#settings, now);
    const exact = turn < least ? least * (1 + this.#ports.random()) : turn;
    return Math.min(delaysFractions ? exact : Math.ceil(exact), maxDelaySeconds);
  }

  /** Notes that the first attempt of a request starts, so that it no longer counts as waiting. */
  countStarted(request: DecodedRequest, deadline: Deadline): void {
    // The metadata of an upload is on its object: see the API, which doesn't count it by metadata either.
    const counted = request.ticketed ? { ...request, metadata: {} } : request;
    this.#leases?.countStarted(counted, deadline);
  }

  /**
   * Pauses the requests that share a key, as a handler asks. Never rejects: if it fails, the next request asks again.
   * @returns whether they pause
   */
  async pause(request: DecodedRequest, { key, until }: PauseUntil, deadline: Deadline): Promise<boolean> {
    if (key === undefined) return false;
    const { logger } = this.#ports;
    try {
      const isKnown = await this.#leases?.pause(request, key, until.getTime(), deadline);
      if (isKnown) logger.info('Requests of a key pause', { ...requestFields(request), key, until });
      else
        logger.warn('PauseUntil names a key without a limit: only this request waits', {
          ...requestFields(request),
          key,
        });
      return isKnown ?? false;
    } catch (error) {
      logger.warn('Requests of a key could not be paused', { key, error: serializeError(error) });
      return false;
    }
  }

  /** Renews and gives back permits. Never rejects. @param closing fires when there is no time left for that */
  async flush(closing: AbortSignal): Promise<void> {
    if (!this.#leases) return;
    try {
      await unlessAborted(this.#leases.tidy(), closing, () => {});
    } catch (error) {
      this.#ports.logger.warn('Permits could not be renewed', { error: serializeError(error) });
    }
  }
}

function giveBack(answer: Permit | LimitWait): void {
  if ('free' in answer) answer[Symbol.dispose]();
}
