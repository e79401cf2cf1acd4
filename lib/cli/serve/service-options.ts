import { ENGINE_DEFAULTS, ENGINE_NUMBERS } from '../../core/config/engine-settings.ts';
import { type ServeEnvironment, TAKERS_CONCURRENCY } from '../../core/config/serve-environment.ts';
import { NO_OUTPUT_URL } from '../../core/config/settings.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import type { ServiceOptions } from '../../embedded/open-service.ts';
import type { TakerDesk } from '../../embedded/takers/taker-desk.ts';
import { serviceFile } from '../running-service.ts';

/** The options of a service of `coatcheck serve`, in each of its processes. @param takers handle its requests, if any do */
export function serveServiceOptions(
  environment: ServeEnvironment,
  webhookSecret: string,
  logger: Logger,
  takers?: TakerDesk,
): Omit<ServiceOptions, 'processor' | 'processors'> {
  const { serviceName, handlerVersion, dataFolder, graceSeconds } = environment;
  const { callbacks, callbackPorts, webhookEvents } = environment;
  const byDefault = takers ? TAKERS_CONCURRENCY : ENGINE_DEFAULTS.concurrency;
  return {
    file: serviceFile(dataFolder),
    serviceName,
    version: handlerVersion,
    graceSeconds,
    logger,
    limits: environment.limits,
    recordMetadata: environment.recordMetadata,
    ...outputOf(environment),
    ...(environment.order === 'fifo' && { order: environment.order }),
    settings: {
      ...Object.fromEntries(ENGINE_NUMBERS.map((name) => [name, environment[name]])),
      concurrency: environment.concurrency ?? byDefault,
      resultAgeDays: environment.resultAgeDays,
    },
    webhooks: {
      secrets: [webhookSecret] as const,
      defaultUrl: environment.webhookDefaultUrl,
      events: webhookEvents,
      callbacks,
      callbackPorts,
      endpoints: environment.webhookEndpoints,
    },
  };
}

/** Nothing, unless outcomes aren't queued. */
export function outputOf({ output }: ServeEnvironment): { readonly output?: false } {
  return output === NO_OUTPUT_URL ? { output: false } : {};
}
