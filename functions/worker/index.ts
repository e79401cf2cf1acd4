/**
 * Runs a processor as a worker on the resources of a deployment: the program of a Fargate task.
 */

import { Metrics } from '@aws-lambda-powertools/metrics';
import { EcsTaskProtection } from '../../lib/aws/ecs-task-protection.ts';
import { SQS } from '../../lib/aws/sqs-broker.ts';
import { isFifo } from '../../lib/aws/sqs-fifo.ts';
import { ConfigurationError } from '../../lib/core/base/errors.ts';
import { startHeartbeat } from '../../lib/core/base/heartbeat.ts';
import { serializeError } from '../../lib/core/base/serialize-error.ts';
import { whenAborted } from '../../lib/core/base/when-aborted.ts';
import { METRIC_NAMESPACE } from '../../lib/core/config/metric-names.ts';
import { readTaskEnvironment, type TaskEnvironment } from '../../lib/core/config/task-environment.ts';
import type { Logger } from '../../lib/core/ports/telemetry.ts';
import { type Processor, processorOf } from '../../lib/core/processor/handler.ts';
import { flushSpans } from '../../lib/lambda/flush-spans.ts';
import { loadTracing } from '../../lib/lambda/load-tracing.ts';
import { createPowertools, PowertoolsLogger, processLogger } from '../../lib/lambda/powertools-logger.ts';
import { PowertoolsMetrics } from '../../lib/lambda/powertools-metrics.ts';
import { protectWhileBusy } from '../../lib/worker/scale-in-protection.ts';
import { Worker } from '../../lib/worker/worker.ts';
import { openEngine } from '../processor/open-engine.ts';

/** Twice a minute, so that each minute of CloudWatch has a value. */
const GAUGE_MILLISECONDS = 30_000;

/** A task is busy with long jobs, so what another task could start must not wait in its memory. */
const PREFETCH = 0;

/**
 * Runs a processor until the process receives SIGTERM and what runs then has finished. Never rejects: a failure is
 * logged, and the exit code is 1.
 * @param handler what `processor()` returned
 */
export async function runWorker(handler: unknown): Promise<void> {
  const logger = new PowertoolsLogger(createPowertools());
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stopping.abort());
  try {
    const processor = processorOf(handler);
    if (!processor) throw new ConfigurationError('The handler of a worker must be what processor() returned');
    const environment = readTaskEnvironment(process.env);
    await run(processor, environment, stopping.signal, processLogger(environment));
  } catch (error) {
    logger.error('Worker failed', { error: serializeError(error) });
    process.exitCode = 1;
  }
  // A handler that ignores its signal would run on until ECS kills the task, beside the one that takes over.
  if (stopping.signal.aborted) process.exit();
}

async function run(
  processor: Processor,
  environment: TaskEnvironment,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  const { serviceName, concurrency, graceSeconds, maxAttempts, tracing } = environment;
  await loadTracing(tracing, serviceName, logger);
  const { engine, deadLetters } = await openEngine(processor, environment, logger);
  const maxInFlight = concurrency + PREFETCH;
  const ordered = isFifo(environment.inputQueueUrl);
  const queueOptions = { deadLetters, maxInFlight, ordered, maxAttempts, logger };
  const input = await SQS.openInput(new URL(environment.inputQueueUrl), queueOptions);
  const options = { concurrency, prefetch: PREFETCH, graceSeconds, clock: Date, random: Math.random, logger };
  const worker = new Worker(engine, input, options);
  const protection = EcsTaskProtection.ofThisTask(process.env);
  await using _protection =
    protection && protectWhileBusy({ protection, isBusy: () => worker.held > 0, clock: Date, logger });
  await using _gauge = reportSlotTime(worker, serviceName, logger);
  logger.info('Worker started', { concurrency, graceSeconds });
  whenAborted(signal, () => logger.info('Worker is stopping', { held: worker.held, graceSeconds }));
  await worker.run(signal);
  await flushSpans(logger);
  logger.info('Worker stopped');
}

/** Reports the metric that decides how many tasks there are. */
function reportSlotTime(worker: Worker, serviceName: string, logger: Logger): AsyncDisposable {
  const metrics = new PowertoolsMetrics(new Metrics({ namespace: METRIC_NAMESPACE, serviceName }));
  return startHeartbeat({
    intervalMilliseconds: GAUGE_MILLISECONDS,
    beat: async () => {
      const milliseconds = worker.readSlotTime();
      if (milliseconds !== undefined) metrics.gauge('SlotTime', milliseconds);
    },
    onError: (error) => logger.warn('A metric could not be written', { error: serializeError(error) }),
  });
}
