import { serializeError } from '../base/serialize-error.ts';
import type { Limit } from '../config/limits.ts';
import type { Priority } from '../model/priority.ts';
import type {
  Admission,
  AdmissionDecision,
  AdmissionState,
  LoadFigures,
  Submitter,
} from '../ports/admission.ts';
import type { Clock, Random } from '../ports/clock.ts';
import type { LimitStore } from '../ports/limit-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import { WaitingCap } from './waiting-cap.ts';

/** Seconds after which a client whose key is full should try again, at least; at most twice as many. */
const RETRY_SECONDS = 5;

/** The ports of a {@link CappedAdmission}. */
export interface CappedAdmissionPorts {
  readonly store: LimitStore;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/** Admits what another admission admits, unless too many requests of a key wait. */
export class CappedAdmission implements Admission {
  readonly #inner: Admission;
  readonly #ports: CappedAdmissionPorts;
  readonly #cap: WaitingCap;

  constructor(inner: Admission, limits: readonly Limit[], ports: CappedAdmissionPorts) {
    this.#inner = inner;
    this.#ports = ports;
    this.#cap = new WaitingCap({
      limits,
      store: ports.store,
      now: () => ports.clock.now(),
      random: ports.random,
      backlog: async () => (inner.backlog ? inner.backlog() : (await inner.state()).load.backlog),
    });
  }

  async decide(submitter: Submitter): Promise<AdmissionDecision> {
    const decision = await this.#inner.decide(submitter);
    if (!decision.admitted) return decision;
    const { logger, random } = this.#ports;
    try {
      const full = await this.#cap.enter(submitter);
      if (!full) return { ...decision, countsAsWaiting: true };
      const retryAfterSeconds = Math.ceil(RETRY_SECONDS * (1 + random()));
      return { ...decision, admitted: false, reason: 'too_many_waiting', retryAfterSeconds, full };
    } catch (error) {
      // A store that fails must not stop the service: the queue keeps the request.
      logger.warn('Waiting requests could not be counted', { error: serializeError(error) });
      return decision;
    }
  }

  async leave(submitter: Submitter): Promise<void> {
    try {
      await this.#cap.leave(submitter);
    } catch (error) {
      this.#ports.logger.warn('A request still counts as waiting', { error: serializeError(error) });
    }
  }

  state(): Promise<AdmissionState> {
    return this.#inner.state();
  }

  figures(priority?: Priority): Promise<LoadFigures> {
    return this.#inner.figures(priority);
  }
}

/** An admission with the caps of limits; the given one if no limit has a cap. */
export function withCaps(inner: Admission, limits: readonly Limit[], ports: CappedAdmissionPorts): Admission {
  const isCapped = limits.some(({ maxWaiting }) => maxWaiting !== undefined);
  return isCapped ? new CappedAdmission(inner, limits, ports) : inner;
}
