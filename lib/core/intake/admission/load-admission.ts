import { serializeError } from '../../base/serialize-error.ts';
import type {
  Admission,
  AdmissionDecision,
  AdmissionState,
  Load,
  LoadFigures,
  Submitter,
} from '../../ports/admission.ts';
import type { Clock, Random } from '../../ports/clock.ts';
import type { Backlog, BacklogGauge } from '../../ports/message-source.ts';
import type { LoadLog, Logger, RecentWork } from '../../ports/telemetry.ts';
import { paceOf } from '../forecast/wait-time.ts';
import { type BacklogChange, BacklogTrend } from './backlog-trend.ts';
import { Reading } from './cached-reading.ts';
import { type AssumedCapacity, completionsPerSecond, measuredWork, requestsAhead } from './prediction.ts';
import { isClosed, refusalOf, retryAfterSeconds } from './refusal.ts';
import { TenantShares } from './tenant-shares.ts';

/** Settings of {@link LoadAdmission}. */
export interface AdmissionRules extends AssumedCapacity {
  readonly maxWaitSeconds: number;
  readonly tenantSharePercent: number;
}

/** Ports of {@link LoadAdmission}. */
export interface AdmissionPorts {
  readonly gauge: BacklogGauge;
  readonly log: LoadLog;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/** A reading of the backlog. */
interface BacklogRead {
  readonly backlog: Backlog;
  /** How many requests this instance had admitted by then. */
  readonly admittedBefore: number;
}

/** The latest readings; undefined if unknown. */
type Figures = [backlog: BacklogRead | undefined, recent: RecentWork | undefined];

/**
 * Admits requests while the backlog and the completion rate predict that they will be done in time. Each instance reads
 * both every few seconds, which is 200 times a second for a thousand instances, without further coordination.
 */
export class LoadAdmission implements Admission {
  readonly #rules: AdmissionRules;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #backlog: Reading<BacklogRead>;
  readonly #recent: Reading<RecentWork>;
  readonly #trend = new BacklogTrend();
  readonly #shares = new TenantShares();
  #admitted = 0;
  #closed = false;

  constructor(rules: AdmissionRules, { gauge, log, logger, clock, random }: AdmissionPorts) {
    this.#rules = rules;
    this.#clock = clock;
    this.#random = random;
    const now = () => clock.now();
    const warn = (message: string) => (error: unknown) =>
      logger.warn(message, { error: serializeError(error) });
    this.#backlog = new Reading(() => this.#readBacklog(gauge), now, warn('The backlog could not be read'));
    this.#recent = new Reading(() => log.recent(now()), now, warn('Recent work could not be read'));
  }

  async decide(submitter: Submitter): Promise<AdmissionDecision> {
    const figures = await this.#figures();
    // No await from here on, so that concurrent callers count each other's requests.
    const load = this.#load(figures);
    this.#closed = isClosed(load, this.#closed);
    const refusal = refusalOf({
      load,
      closed: this.#closed,
      overShare: this.#isOverShare(submitter),
      secondsLeft: this.#secondsLeft(submitter),
    });
    this.#shares.note(submitter.tenant, !refusal, this.#clock.now());
    if (refusal) {
      const { reason, excessSeconds } = refusal;
      const retryAfter = retryAfterSeconds(excessSeconds, this.#random());
      return { admitted: false, reason, retryAfterSeconds: retryAfter, load };
    }
    this.#admitted++;
    return { admitted: true, load, ahead: this.#ahead(load)?.mean };
  }

  async state(): Promise<AdmissionState> {
    const figures = await this.#figures();
    const [read, recent] = figures;
    const load = this.#load(figures);
    return {
      load,
      work: recent && measuredWork(recent),
      accepting: !isClosed(load, this.#closed),
      pause: recent?.pause,
      oldestSentAt: read?.backlog.oldestSentAt,
    };
  }

  async figures(): Promise<LoadFigures> {
    const figures = await this.#figures();
    const [, recent] = figures;
    const ahead = this.#ahead(this.#load(figures));
    return {
      backlog: ahead?.mean,
      backlogSpread: ahead?.spread,
      pace: recent && paceOf(recent, this.#rules.firstSlots),
      pause: recent?.pause,
    };
  }

  #figures(): Promise<Figures> {
    return Promise.all([this.#backlog.latest(), this.#recent.latest()]);
  }

  async #readBacklog(gauge: BacklogGauge): Promise<BacklogRead> {
    const [admittedBefore, at] = [this.#admitted, this.#clock.now()];
    const backlog = await gauge.read();
    this.#trend.note({ requests: backlog.waiting + backlog.inFlight, admitted: admittedBefore, at });
    return { backlog, admittedBefore };
  }

  /** An estimate of the current backlog, by its trend since it was read. Admission uses only what was measured. */
  #ahead({ backlog, completionsPerSecond = 0 }: Load): BacklogChange | undefined {
    if (backlog === undefined) return undefined;
    const { mean, spread } = this.#trend.changeUntil(this.#clock.now(), completionsPerSecond);
    return { mean: Math.max(0, backlog + mean), spread };
  }

  /** The backlog that was read, plus the requests that this instance admitted since. */
  #load([read, recent]: Figures): Load {
    const { maxWaitSeconds } = this.#rules;
    const backlog = known(
      read && requestsAhead(read.backlog, recent, this.#rules) + this.#admitted - read.admittedBefore,
    );
    const rate = known(recent && completionsPerSecond(recent, this.#rules));
    const wait = backlog === undefined || rate === undefined ? undefined : known(backlog / rate);
    return { backlog, completionsPerSecond: rate, predictedWaitSeconds: wait, maxWaitSeconds };
  }

  #isOverShare({ tenant }: Submitter): boolean {
    if (tenant === undefined) return false;
    return this.#shares.isOver(tenant, this.#rules.tenantSharePercent, this.#clock.now());
  }

  /** At least 0: with an empty backlog, even an expired request is admitted. */
  #secondsLeft({ expiresAt = Number.POSITIVE_INFINITY }: Submitter): number {
    return Math.max(0, (expiresAt - this.#clock.now()) / 1_000);
  }
}

/** NaN and Infinity count as unknown: JSON can't express them. */
function known(figure: number | undefined): number | undefined {
  return Number.isFinite(figure) ? figure : undefined;
}
