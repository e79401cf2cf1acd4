import { setTimeout as wait } from 'node:timers/promises';
import { startHeartbeat } from '../core/base/heartbeat.ts';
import { serializeError } from '../core/base/serialize-error.ts';
import { unlessAborted } from '../core/base/unless-aborted.ts';
import { whenAborted } from '../core/base/when-aborted.ts';
import { Deadline } from '../core/engine/deadline.ts';
import { GroupOrder, mayGoBack } from '../core/engine/ordering.ts';
import { type Disposition, UNTOUCHED } from '../core/model/disposition.ts';
import type { ReceivedMessage } from '../core/model/received-message.ts';
import type { Clock, Random } from '../core/ports/clock.ts';
import type { InputQueue } from '../core/ports/message-source.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { LaneUnreachable } from './lane-unreachable.ts';
import type { MessageRunner } from './message-runner.ts';
import { reconnectWait } from './reconnect-wait.ts';
import { SlotTimes } from './slot-times.ts';
import { VisibilityHeartbeat } from './visibility-heartbeat.ts';

/** Length of a lease: a killed worker frees its requests within that time. */
const LEASE_SECONDS = 30;

/** Time between two flushes of the engine, and between two checks whether a pause has ended early. */
const FLUSH_INTERVAL_MILLISECONDS = 1_000;

/** A receive that hasn't failed by then waits for messages: the queue is reachable. */
const REACHABLE_AFTER_MILLISECONDS = 1_000;

/**
 * Most messages of ordered groups that wait in memory for those before them, or for their next attempt. They don't take up
 * the places of others.
 */
export const MAX_WAITING_IN_ORDER = 1_000;

/** Most urgent messages that a worker takes although its places are full. */
const MAX_URGENT = 2;

/** Longest wait of a timer in Node.js. */
const LONGEST_TIMER_MILLISECONDS = 2 ** 31 - 1;

/** What a worker is doing. */
export type WorkerState = 'starting' | 'ready' | 'unreachable' | 'draining' | 'stopped';

/** Options of a {@link Worker}. */
export interface WorkerOptions {
  /** Most messages handled at a time, as the engine's settings say. */
  readonly concurrency: number;
  /** Most messages that wait for a slot in memory. */
  readonly prefetch: number;
  /** How long running requests may take to finish once the worker is asked to stop. */
  readonly graceSeconds: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * A process that takes messages from a queue and runs an engine over them, as long as a job takes. It renews leases and
 * keeps messages hidden, settles each message when its outcome is published, and waits when the queue is unreachable.
 */
export class Worker {
  readonly #engine: MessageRunner;
  readonly #queue: InputQueue;
  readonly #options: WorkerOptions;
  readonly #visibility: VisibilityHeartbeat;
  readonly #slotTimes: SlotTimes;
  readonly #order = new GroupOrder();
  readonly #held = new Set<Promise<void>>();
  /** Messages that are handled or wait for a slot. */
  #active = 0;
  #state: WorkerState = 'starting';
  #freed: PromiseWithResolvers<void> | undefined;

  constructor(engine: MessageRunner, queue: InputQueue, options: WorkerOptions) {
    this.#engine = engine;
    this.#queue = queue;
    this.#options = options;
    this.#slotTimes = new SlotTimes(options.clock);
    this.#visibility = new VisibilityHeartbeat(queue.visibilitySeconds, options.logger);
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Messages that aren't settled yet. */
  get held(): number {
    return this.#held.size;
  }

  /** {@link SlotTimes.read} of the messages of this worker, including the time that they wait for a slot. */
  readSlotTime(): number | undefined {
    return this.#slotTimes.read();
  }

  /**
   * Runs until the signal fires. Then it receives nothing more, returns messages that haven't started at once, lets running
   * ones finish within the grace time, and returns the rest. Disposes of the queue. Failures of messages don't reject it.
   */
  async run(stop: AbortSignal): Promise<void> {
    const { clock, graceSeconds, logger } = this.#options;
    using deadline = new Deadline(clock.now(), Number.POSITIVE_INFINITY, { leaseSeconds: LEASE_SECONDS });
    await using _queue = this.#queue;
    await using _visibility = this.#visibility.start();
    await using _flush = startHeartbeat({
      intervalMilliseconds: FLUSH_INTERVAL_MILLISECONDS,
      beat: () => this.#engine.flush(deadline.responseDeadline),
      onError: (error) => logger.warn('Figures could not be passed on', { error: serializeError(error) }),
    });
    // An operator may have paused processing before this process started.
    await this.#engine.flush(deadline.responseDeadline);
    this.#state = 'ready';
    whenAborted(stop, () => {
      this.#state = 'draining';
      deadline.drain(clock.now() + graceSeconds * 1000, clock.now());
    });
    await Promise.all([this.#receive(deadline, stop), this.#receiveUrgent(deadline, stop)]);
    while (this.#held.size > 0) await Promise.all(this.#held);
    await this.#engine.flush(deadline.responseDeadline);
    this.#state = 'stopped';
  }

  async #receive(deadline: Deadline, stop: AbortSignal): Promise<void> {
    let failures = 0;
    while (!stop.aborted) {
      const places = await this.#freePlaces(stop);
      if (stop.aborted) return;
      try {
        const messages = await this.#receiveOnce(places, stop);
        this.#reached();
        failures = 0;
        for (const message of messages) this.#hold(message, deadline);
      } catch (error) {
        if (stop.aborted) return;
        if (error instanceof LaneUnreachable) this.#noteLane(error);
        else await this.#waitAfter(error, ++failures, stop);
      }
    }
  }

  /** Takes urgent messages while others wait for slots, so that they start before them. */
  async #receiveUrgent(deadline: Deadline, stop: AbortSignal): Promise<void> {
    const { concurrency, prefetch } = this.#options;
    // Without a prefetch, messages that can't start at once stay in the queue, where another worker can take them.
    if (!this.#queue.receiveUrgent || prefetch === 0) return;
    while (!stop.aborted) {
      const { secondsLeft } = this.#engine;
      if (secondsLeft > 0) await sleep(Math.min(secondsLeft * 1_000, FLUSH_INTERVAL_MILLISECONDS), stop);
      else if (this.#active >= concurrency + prefetch + MAX_URGENT) await this.#whenFreed(stop);
      else for (const message of await this.#queue.receiveUrgent(stop)) this.#hold(message, deadline);
    }
  }

  async #receiveOnce(max: number, stop: AbortSignal): Promise<readonly ReceivedMessage[]> {
    const reachable = setTimeout(() => this.#reached(), REACHABLE_AFTER_MILLISECONDS);
    try {
      return await this.#queue.receive(max, stop);
    } finally {
      clearTimeout(reachable);
    }
  }

  #reached(): void {
    if (this.#state !== 'unreachable') return;
    this.#state = 'ready';
    this.#options.logger.info('The input queue is reachable again');
  }

  /** The other lanes go on. */
  #noteLane({ lane, failures, retryInMilliseconds, cause }: LaneUnreachable): void {
    const fields = { lane, failures, retryInMilliseconds, error: serializeError(cause) };
    this.#options.logger.warn('A lane of the input queue is unreachable', fields);
  }

  async #waitAfter(error: unknown, failures: number, stop: AbortSignal): Promise<void> {
    const { random, logger } = this.#options;
    const milliseconds = reconnectWait(failures, random);
    this.#state = 'unreachable';
    logger.warn('The input queue is unreachable', {
      failures,
      retryInMilliseconds: milliseconds,
      error: serializeError(error),
    });
    await sleep(milliseconds, stop);
  }

  /**
   * Waits until there is room for more messages and nothing is paused. A few messages are received at a time rather than
   * one by one, but no slot stays free for that.
   */
  async #freePlaces(stop: AbortSignal): Promise<number> {
    const { concurrency, prefetch } = this.#options;
    const fewest = Math.max(1, Math.floor(prefetch / 2));
    while (!stop.aborted) {
      const { secondsLeft } = this.#engine;
      const places = concurrency + prefetch;
      const free = Math.min(places - this.#active, places + MAX_WAITING_IN_ORDER - this.#held.size);
      if (secondsLeft > 0) await sleep(Math.min(secondsLeft * 1_000, FLUSH_INTERVAL_MILLISECONDS), stop);
      else if (free >= fewest) return free;
      else await this.#whenFreed(stop);
    }
    return 0;
  }

  async #whenFreed(stop: AbortSignal): Promise<void> {
    this.#freed ??= Promise.withResolvers();
    await unlessAborted(this.#freed.promise, stop, () => {});
  }

  #onFreed(): void {
    this.#freed?.resolve();
    this.#freed = undefined;
  }

  #hold(message: ReceivedMessage, deadline: Deadline): void {
    const release = this.#visibility.hold(message);
    const running = this.#order
      .run(message, async (isHeldBack) => {
        using _place = this.#takePlace();
        const disposition = isHeldBack ? UNTOUCHED : await this.#run(message, deadline);
        // A late extension would overwrite the wait before the next attempt.
        await unlessAborted(release(), deadline.responseDeadline, () => {});
        await this.#settleQuietly(message, disposition, deadline);
        return disposition;
      })
      .finally(() => {
        this.#held.delete(running);
        this.#onFreed();
      });
    this.#held.add(running);
  }

  #takePlace(): Disposable {
    const endSlot = this.#slotTimes.start();
    this.#active++;
    return {
      [Symbol.dispose]: () => {
        this.#active--;
        endSlot();
      },
    };
  }

  /** Runs a message. One that may not go back waits here for its next attempt, until the worker is asked to stop. */
  async #run(message: ReceivedMessage, deadline: Deadline): Promise<Disposition> {
    const { startDeadline } = deadline;
    for (;;) {
      const disposition = await this.#engine.run(message, deadline);
      if (disposition.action !== 'retry' || mayGoBack(message) || startDeadline.aborted) return disposition;
      this.#active--;
      this.#onFreed();
      await sleep(this.#engine.retrySeconds(message, disposition.afterSeconds) * 1000, startDeadline);
      this.#active++;
    }
  }

  async #settleQuietly(
    message: ReceivedMessage,
    disposition: Disposition,
    deadline: Deadline,
  ): Promise<void> {
    try {
      const settling = this.#settle(message, disposition);
      await unlessAborted(settling, deadline.responseDeadline, () => {
        throw new Error("the queue didn't respond before the deadline");
      });
    } catch (error) {
      const fields = { messageIds: [message.id], action: disposition.action, error: serializeError(error) };
      this.#options.logger.warn('A message could not be settled: it will be delivered again', fields);
    }
  }

  #settle(message: ReceivedMessage, disposition: Disposition): Promise<void> {
    if (disposition.action !== 'retry') return message.ack();
    return message.retryAfter(this.#engine.retrySeconds(message, disposition.afterSeconds));
  }
}

/** Resolves after the time, or when the signal fires. */
function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  const timer = Math.min(milliseconds, LONGEST_TIMER_MILLISECONDS);
  return wait(timer, undefined, { signal }).catch(() => {});
}
