import { AsyncLocalStorage } from 'node:async_hooks';
import { buffer } from 'node:stream/consumers';
import {
  type LeasedJob,
  LeaseNotHeld,
  type WorkDesk,
  WorkStopped,
  type WorkWanted,
} from '../../api/work-desk.ts';
import { DownstreamUnavailable, RetryLater } from '../../core/base/errors.ts';
import { unlessAborted } from '../../core/base/unless-aborted.ts';
import { whenAborted } from '../../core/base/when-aborted.ts';
import type { Disposition } from '../../core/model/disposition.ts';
import { secondsUntil } from '../../core/model/retry.ts';
import type { InputQueue } from '../../core/ports/message-source.ts';
import type { Processor, ProcessorRequest } from '../../core/processor/handler.ts';
import type { MessageRunner } from '../../worker/message-runner.ts';
import { type Demand, DemandedQueue } from './demanded-queue.ts';
import { TakenJob } from './taken-job.ts';

/** Largest payload that is given out with its job, and so is in memory: that of the largest message. */
const MAX_DATA_BYTES = 2 ** 20;

/** How long a taker with a job waits for jobs that were received together with it. */
const GATHER_MILLISECONDS = 20;

/** After this time, takers no longer wait for a received message to become a job: another attempt may hold its request. */
const COMING_MILLISECONDS = 1_000;

/** The shortest wait: long enough for a look into the queue. */
const LOOK_MILLISECONDS = 100;

/** A run of a message by the engine. */
interface Run {
  readonly settled: Promise<Disposition>;
  /** Called when its message is a job, or won't be one soon. */
  readonly onArrival: () => void;
}

/** A taker that waits. */
interface Taker {
  readonly max: number;
  readonly jobs: TakenJob[];
  readonly answer: () => void;
}

/**
 * Where takers, other processes, get requests to handle. To the engine it is a handler that waits for a taker to end the
 * job, so the engine counts attempts, keeps the record's lease, retries and cancels as with any handler. Messages are
 * received when a taker waits for them and not before.
 */
export class TakerDesk implements WorkDesk, Demand {
  readonly processor: Processor = { handler: (request) => this.#handle(request) };
  readonly #stop: AbortSignal;
  readonly #now: () => number;
  readonly #runs = new AsyncLocalStorage<Run>();
  readonly #takers: Taker[] = [];
  /** Jobs whose taker went away before it got them. */
  readonly #free: TakenJob[] = [];
  readonly #leased = new Map<string, TakenJob>();
  /** Messages that were received for takers and aren't jobs yet. */
  #coming = 0;
  #satisfied = new AbortController();
  #onWanted: () => void = () => {};

  /** @param stop fires when the service stops @param now milliseconds since 1970 */
  constructor(stop: AbortSignal, now: () => number) {
    this.#stop = stop;
    this.#now = now;
    whenAborted(stop, () => this.#stopWaiting());
  }

  /** The queue, whose messages are received for takers that wait. */
  queueOf(queue: InputQueue): InputQueue {
    return new DemandedQueue(queue, this);
  }

  /** The engine, whose runs the jobs belong to. */
  runnerOf(engine: MessageRunner): MessageRunner {
    return {
      run: (message, deadline) => this.#run(() => engine.run(message, deadline)),
      flush: (signal) => engine.flush(signal),
      get secondsLeft() {
        return engine.secondsLeft;
      },
      retrySeconds: (message, afterSeconds) => engine.retrySeconds(message, afterSeconds),
    };
  }

  async receive(
    { max, waitMilliseconds, leaseSeconds }: WorkWanted,
    signal: AbortSignal,
  ): Promise<readonly LeasedJob[]> {
    if (this.#stop.aborted) throw new WorkStopped();
    const jobs = await this.#waitForJobs(max, waitMilliseconds, signal);
    if (signal.aborted || this.#stop.aborted) {
      for (const job of jobs) this.#offer(job);
      return [];
    }
    const taken = jobs.filter((job) => job.take(leaseSeconds));
    for (const job of taken) this.#leased.set(job.lease, job);
    return taken;
  }

  held(lease: string): LeasedJob {
    const job = this.#leased.get(lease);
    if (!job?.isLeased) throw new LeaseNotHeld();
    return job;
  }

  get wanted(): number {
    const room = this.#takers.reduce((sum, { max, jobs }) => sum + max - jobs.length, 0);
    return room - this.#coming;
  }

  get satisfied(): AbortSignal {
    return this.#satisfied.signal;
  }

  async whenWanted(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onWanted = resolve;
    await unlessAborted(promise, signal, () => {});
  }

  onReceived(count: number): void {
    this.#coming += count;
  }

  /** Runs a message. A received message counts as coming until it is a job, or its run has ended. */
  async #run(run: () => Promise<Disposition>): Promise<Disposition> {
    const { promise, resolve } = Promise.withResolvers<Disposition>();
    let isComing = true;
    const onArrival = () => {
      clearTimeout(timer);
      if (!isComing) return;
      isComing = false;
      this.#coming--;
      this.#onDemand();
    };
    const timer = setTimeout(onArrival, COMING_MILLISECONDS);
    try {
      const disposition = await this.#runs.run({ settled: promise, onArrival }, run);
      resolve(disposition);
      return disposition;
    } finally {
      onArrival();
    }
  }

  async #handle(request: ProcessorRequest): Promise<unknown> {
    const run = this.#runs.getStore();
    if (!run) throw new Error('A taker handles only what its own runner runs');
    const { size = Number.POSITIVE_INFINITY } = request;
    const payload = size <= MAX_DATA_BYTES ? await buffer(request.stream()) : undefined;
    const job = new TakenJob(request, payload, run, this.#now);
    const stopWatching = whenAborted(request.signal, () => job.lose(this.#lossOf(job)));
    try {
      this.#offer(job);
      run.onArrival();
      return await job.ended;
    } finally {
      stopWatching();
      this.#withdraw(job);
      // A result may still arrive.
      void run.settled.then(() => this.#forget(job));
    }
  }

  /** An attempt doesn't count if the service stops. The next one must wait as long as the taker believes that it has the job. */
  #lossOf(job: TakenJob): Error {
    if (!this.#stop.aborted)
      return new RetryLater(0, 'The request was cancelled, or another attempt took over');
    return new DownstreamUnavailable('The service has stopped', {
      retryAfterSeconds: secondsUntil(job.leaseEndsAt, this.#now()),
    });
  }

  /** Gives a job to the taker that has waited longest. */
  #offer(job: TakenJob): void {
    const taker = this.#takers.find(({ max, jobs }) => jobs.length < max);
    if (taker) taker.jobs.push(job);
    else if (this.#stop.aborted) job.lose(this.#lossOf(job));
    else this.#free.push(job);
    taker?.answer();
  }

  /** Resolves with the jobs so far when the time is over, the signal fires, or no more jobs are expected soon. */
  async #waitForJobs(max: number, milliseconds: number, signal: AbortSignal): Promise<TakenJob[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let gathering: NodeJS.Timeout | undefined;
    const answer = () => {
      if (taker.jobs.length === max || this.#coming <= 1) resolve();
      else gathering ??= setTimeout(resolve, GATHER_MILLISECONDS);
    };
    const taker: Taker = { max, jobs: this.#free.splice(0, max), answer };
    if (taker.jobs.length > 0) return taker.jobs;
    this.#takers.push(taker);
    this.#onDemand();
    // Messages that were received for takers may still become jobs.
    const onTime = () => (this.#coming > 0 ? setTimeout(resolve, COMING_MILLISECONDS) : resolve());
    const timer = setTimeout(onTime, Math.max(milliseconds, LOOK_MILLISECONDS));
    const stopWatching = [whenAborted(signal, resolve), whenAborted(this.#stop, resolve)];
    await promise;
    clearTimeout(timer);
    clearTimeout(gathering);
    for (const stop of stopWatching) stop();
    this.#takers.splice(this.#takers.indexOf(taker), 1);
    this.#onDemand();
    return taker.jobs;
  }

  #onDemand(): void {
    if (this.wanted > 0) {
      this.#onWanted();
      return;
    }
    this.#satisfied.abort();
    this.#satisfied = new AbortController();
  }

  #forget(job: TakenJob): void {
    this.#leased.delete(job.lease);
    job.dispose();
  }

  /** Withdraws a job from the takers. */
  #withdraw(job: TakenJob): void {
    for (const jobs of [this.#free, ...this.#takers.map((taker) => taker.jobs)]) {
      const index = jobs.indexOf(job);
      if (index >= 0) jobs.splice(index, 1);
    }
  }

  #stopWaiting(): void {
    for (const job of [...this.#free]) job.lose(this.#lossOf(job));
  }
}
