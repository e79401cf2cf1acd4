import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigurationError } from '../../core/base/errors.ts';
import type { ServeEnvironment } from '../../core/config/serve-environment.ts';
import { signerOf } from '../../core/model/receipt-keys.ts';
import type { Processor } from '../../core/processor/handler.ts';
import type { ApiKeys } from '../../embedded/api-keys.ts';
import { openParts } from '../../embedded/open-service.ts';
import { Service } from '../../embedded/service.ts';
import { createServiceApi } from '../../embedded/service-api.ts';
import { TakerDesk } from '../../embedded/takers/taker-desk.ts';
import { flushSpans } from '../../lambda/flush-spans.ts';
import { loadTracing } from '../../lambda/load-tracing.ts';
import { processLogger } from '../../lambda/powertools-logger.ts';
import { PrometheusMetrics } from '../../worker/prometheus-metrics.ts';
import { StatusServer } from '../../worker/status-server.ts';
import { isLoopback, listen } from '../http-server.ts';
import { loggableSettings } from '../loggable-settings.ts';
import { announceService, serviceFile } from '../running-service.ts';
import { readKeys } from '../secret-keys.ts';
import { effectiveSettings, type VariableSources } from './effective-settings.ts';
import { outputOf, serveServiceOptions } from './service-options.ts';
import { terminalLogger } from './terminal-logger.ts';

/** Addresses that stand for all of a machine. */
const ALL_ADDRESSES = ['0.0.0.0', '::'];

/**
 * Runs a service until the signal fires and what runs then has finished.
 * @param processor without one, takers handle the requests
 * @param sources where variables came from that the environment didn't have
 * @throws ConfigurationError if it would be open to other machines, or a port can't be used
 */
export async function runServe(
  processor: Processor | undefined,
  environment: ServeEnvironment,
  sources: VariableSources,
  signal: AbortSignal,
): Promise<void> {
  const { serviceName, host, port, dataFolder, statusPort, tracing } = environment;
  const apiKeys = keysOf(environment);
  assertReachableSafely(environment, apiKeys);
  const takers = processor ? undefined : new TakerDesk(signal, () => Date.now());
  const logger = process.stdout.isTTY ? terminalLogger() : processLogger(environment);
  await loadTracing(tracing, serviceName, logger);
  // For its own user only: it has payloads, results and keys.
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const keys = await readKeys(dataFolder);
  let service: Service | undefined;
  const status = () => {
    const state = signal.aborted ? 'draining' : (service?.processing?.state ?? 'starting');
    return { state, isReady: state === 'ready' };
  };
  const metrics = new PrometheusMetrics(serviceName, () => ({
    held: service?.processing?.held ?? 0,
    isReady: status().isReady,
  }));
  await using statusServer = await StatusServer.listen(statusPort, { status, metrics }, host);
  const parts = await openParts(serveServiceOptions(environment, keys.webhookSecret, logger, takers), Date);
  const opened = new Service({ ...parts, processor, takers, metrics });
  await using _opened = opened;
  metrics.addLedger(parts.storage.ledger());
  const api = await listen({ host, port, onlyLocal: !apiKeys });
  try {
    const baseUrl = environment.url || api.url;
    const transferKey = Buffer.from(keys.transfers, 'base64');
    const receipts = await receiptSigner(environment);
    // Processors that take requests over HTTP take as many as they want.
    const concurrency = takers ? undefined : parts.settings.concurrency;
    const shownSettings = effectiveSettings({ ...environment, concurrency }, sources, process.env);
    const served = createServiceApi({
      ...parts,
      takers,
      baseUrl,
      transferKey,
      apiKeys,
      shownSettings,
      ...(receipts && { receipts }),
    });
    if (environment.console !== 'off') {
      const { serveConsole } = await import('./serve-console.ts');
      const mayAct = environment.console === 'actions';
      // Before the API, which answers all other paths.
      api.use(serveConsole({ api: served, url: baseUrl, apiKeys, mayAct, logger, signal }));
    }
    api.use(served);
    await using _announcement = await announceService(dataFolder, {
      url: urlOnMachine(api.url),
      pid: process.pid,
      command: 'serve',
      ...outputOf(environment),
    });
    service = opened;
    logger.info('Service started', {
      ...loggableSettings(environment),
      // Processors that write with complete() open it too.
      file: resolve(serviceFile(dataFolder)),
      url: baseUrl,
      statusPort: statusServer.port,
      concurrency: parts.settings.concurrency,
    });
    if (!signal.aborted) await once(signal, 'abort');
    logger.info('Service stops after running requests have finished');
    await opened.drain();
  } finally {
    await api.close();
    await flushSpans(logger);
  }
  logger.info('Service stopped');
}

/** Undefined if the API asks for no credentials. */
function keysOf({ apiKeys: callers, operatorKeys: operators }: ServeEnvironment): ApiKeys | undefined {
  return callers.length + operators.length > 0 ? { callers, operators } : undefined;
}

/** @throws ConfigurationError */
function assertReachableSafely({ host, url }: ServeEnvironment, apiKeys: ApiKeys | undefined): void {
  if (isLoopback(host)) return;
  if (!apiKeys) {
    throw new ConfigurationError(
      `COATCHECK_API_KEYS must be set to listen at ${host}, since other machines reach it: set keys, or listen at 127.0.0.1`,
    );
  }
  if (url === '' && ALL_ADDRESSES.includes(host)) {
    throw new ConfigurationError(
      `COATCHECK_URL must be set to listen at ${host}: the URL by which clients reach the API, which links to uploads and results begin with`,
    );
  }
}

async function receiptSigner({ receiptKeys: [current, ...previous] }: ServeEnvironment) {
  return current === undefined ? undefined : signerOf([current, ...previous]);
}

/** The URL for programs of this machine. */
function urlOnMachine(url: string): string {
  const onMachine = new URL(url);
  if (ALL_ADDRESSES.some((address) => onMachine.hostname.includes(address))) onMachine.hostname = '127.0.0.1';
  return onMachine.origin;
}
