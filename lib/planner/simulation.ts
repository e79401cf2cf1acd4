import { SQS_MAX_IN_FLIGHT_MESSAGES } from '../core/config/aws-limits.ts';
import type { EventSourceScaling } from '../core/config/event-source-scaling.ts';
import { WaitingLine } from './waiting-line.ts';

/** What is simulated. */
export interface Simulated {
  readonly batchSize: number;
  readonly batchSeconds: number;
  readonly scaling: EventSourceScaling;
  /** How many messages arrive after `from` and until `to`, in seconds; a whole number. */
  readonly arrivals: (from: number, to: number) => number;
  /** About how long a step is; a batch takes a whole number of steps. */
  readonly stepSeconds: number;
}

/** Where things stand at the end of a step. All that arrived is done, waiting or running. */
export interface Moment {
  readonly seconds: number;
  /** Messages that arrived since the beginning. */
  readonly arrived: number;
  readonly waiting: number;
  /** Messages in batches that run. */
  readonly running: number;
  readonly done: number;
  /** Batches that run. */
  readonly batches: number;
  /** Batches that may run. */
  readonly allowedBatches: number;
  /** How long the message has waited that waits longest. */
  readonly longestWaitSeconds: number;
}

/**
 * Runs a queue and its event source step by step, without end: it is the caller who stops. In each step batches end,
 * messages arrive, the event source scales if it left messages waiting, and takes as many as it may, oldest first. It
 * never scales down, since a queue that isn't empty gives it no reason to.
 */
export function* simulate(simulated: Simulated): Generator<Moment, never> {
  const { batchSize, batchSeconds, scaling, arrivals } = simulated;
  const stepsOfBatch = Math.max(1, Math.round(batchSeconds / simulated.stepSeconds));
  const stepSeconds = batchSeconds / stepsOfBatch;
  const line = new WaitingLine();
  const ending = Array.from({ length: stepsOfBatch }, () => ({ messages: 0, batches: 0 }));
  let allowed = Math.min(scaling.firstBatches, scaling.maxBatches);
  let [arrived, running, done, batches] = [0, 0, 0, 0];

  for (let step = 0; ; step++) {
    const seconds = step * stepSeconds;
    const slot = step % stepsOfBatch;
    const ended = ending[slot] ?? { messages: 0, batches: 0 };
    done += ended.messages;
    running -= ended.messages;
    batches -= ended.batches;

    if (line.length > 0) {
      const more = (scaling.moreBatchesAMinute / 60) * stepSeconds;
      allowed = Math.min(scaling.maxBatches, allowed + more);
    }
    const came = arrivals(seconds - stepSeconds, seconds);
    arrived += came;
    line.add(came, seconds);

    const free = Math.floor(allowed) - batches;
    const messages = Math.min(line.length, free * batchSize, SQS_MAX_IN_FLIGHT_MESSAGES - running);
    const started = { messages, batches: Math.ceil(messages / batchSize) };
    line.take(started.messages);
    running += started.messages;
    batches += started.batches;
    ending[slot] = started;

    const waiting = line.length;
    const longestWaitSeconds = seconds - (line.oldestSeconds ?? seconds);
    const allowedBatches = Math.floor(allowed);
    yield { seconds, arrived, waiting, running, done, batches, allowedBatches, longestWaitSeconds };
  }
}
