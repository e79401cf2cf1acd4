import { EcsTaskProtection } from '../../aws/ecs-task-protection.ts';
import { serializeError } from '../../core/base/serialize-error.ts';
import { whenAborted } from '../../core/base/when-aborted.ts';
import { ENGINE_DEFAULTS } from '../../core/config/engine-settings.ts';
import type { WorkerEnvironment } from '../../core/config/worker-environment.ts';
import { Engine } from '../../core/engine/engine.ts';
import { givenSecrets } from '../../core/processor/given-secrets.ts';
import type { Processor } from '../../core/processor/handler.ts';
import { flushSpans } from '../../lambda/flush-spans.ts';
import { loadTracing } from '../../lambda/load-tracing.ts';
import { processLogger } from '../../lambda/powertools-logger.ts';
import { PrometheusMetrics } from '../../worker/prometheus-metrics.ts';
import { protectWhileBusy } from '../../worker/scale-in-protection.ts';
import { StatusServer } from '../../worker/status-server.ts';
import { Worker, type WorkerOptions } from '../../worker/worker.ts';
import { loggableSettings } from '../loggable-settings.ts';
import { PortOpener } from './open-ports.ts';
import type { WebhookDeliveries } from './worker-ports.ts';

/**
 * Runs a processor as a worker until the signal fires and what runs then has finished.
 * @throws ConfigurationError for a queue or store that can't be used
 */
export async function runWorker(
  processor: Processor,
  environment: WorkerEnvironment,
  signal: AbortSignal,
): Promise<void> {
  const { serviceName, concurrency, prefetch, graceSeconds, statusPort, tracing } = environment;
  const logger = processLogger(environment);
  await loadTracing(tracing, serviceName, logger);
  let worker: Worker | undefined;
  const status = () => {
    const state = worker?.state ?? 'starting';
    return { state, isReady: state === 'ready' };
  };
  const metrics = new PrometheusMetrics(serviceName, () => ({
    held: worker?.held ?? 0,
    isReady: status().isReady,
  }));
  await using server = await StatusServer.listen(statusPort, { status, metrics });
  await using opener = new PortOpener(logger);
  const { input, ledger, claimCheckSource, deliveries, ...ports } = await opener.open(environment);
  if (ledger) metrics.addLedger(ledger);
  const claimCheckSources = [claimCheckSource, ...environment.claimCheckSources];
  const settings = { ...ENGINE_DEFAULTS, ...environment, claimCheckSources };
  const engine = new Engine(processor, settings, {
    ...ports,
    secrets: givenSecrets(processor, process.env, 'The environment'),
    metrics,
    logger,
    clock: Date,
    random: Math.random,
  });
  const options = { concurrency, prefetch, graceSeconds, clock: Date, random: Math.random, logger };
  worker = new Worker(engine, input, options);
  const workers = [worker, ...(deliveries ? [webhookWorker(deliveries, options)] : [])];
  const isBusy = () => (worker?.held ?? 0) > 0;
  const protection = EcsTaskProtection.ofThisTask(process.env);
  await using _protection = protection && protectWhileBusy({ protection, isBusy, clock: Date, logger });
  logger.info('Worker started', { ...loggableSettings(environment), statusPort: server.port });
  whenAborted(signal, () => logger.info('Worker is stopping', { held: worker?.held, graceSeconds }));
  try {
    await runAll(workers, signal);
    logger.info('Worker stopped');
  } catch (error) {
    logger.error('Worker failed', { error: serializeError(error) });
    throw error;
  } finally {
    await flushSpans(logger);
  }
}

/** Delivers webhooks beside the requests. */
function webhookWorker({ queue, runner, concurrency }: WebhookDeliveries, options: WorkerOptions): Worker {
  const logger = options.logger.child({ queue: 'webhooks' });
  return new Worker(runner, queue, { ...options, concurrency, prefetch: 0, logger });
}

/** Runs workers until the signal fires, or until one of them fails: then the others stop too. @throws what that one threw */
async function runAll(workers: readonly Worker[], signal: AbortSignal): Promise<void> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const running = workers.map((worker) =>
    worker.run(stop).catch((error: unknown) => {
      failed.abort();
      throw error;
    }),
  );
  await Promise.allSettled(running);
  await Promise.all(running);
}
