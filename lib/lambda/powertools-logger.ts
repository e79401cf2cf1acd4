import { Logger as Powertools } from '@aws-lambda-powertools/logger';
import type { ConstructorOptions } from '@aws-lambda-powertools/logger/types';
import type { Logger } from '../core/ports/telemetry.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The engine's logger by Powertools: JSON lines, level by `POWERTOOLS_LOG_LEVEL`. */
export class PowertoolsLogger implements Logger {
  readonly #powertools: Powertools;

  constructor(powertools: Powertools) {
    this.#powertools = powertools;
  }

  debug(message: string, fields: Fields = {}): void {
    this.#powertools.debug(message, fields);
  }

  info(message: string, fields: Fields = {}): void {
    this.#powertools.info(message, fields);
  }

  warn(message: string, fields: Fields = {}): void {
    this.#powertools.warn(message, fields);
  }

  error(message: string, fields: Fields = {}): void {
    this.#powertools.error(message, fields);
  }

  child(fields: Fields): Logger {
    return new PowertoolsLogger(this.#powertools.createChild({ persistentKeys: { ...fields } }));
  }
}

/** Creates a logger of Powertools. Its lines have `sampling_rate` only if lines are sampled (`POWERTOOLS_LOGGER_SAMPLE_RATE`). */
export function createPowertools(
  options: Pick<ConstructorOptions, 'serviceName' | 'logLevel' | 'persistentKeys'> = {},
): Powertools {
  return new Powertools({
    ...options,
    jsonReplacerFn: (key, value) => (key === 'sampling_rate' && value === 0 ? undefined : value),
  });
}

/** The logger of a process: JSON lines with the name of the service and, if it has one, the version of its handler. */
export function processLogger({
  serviceName,
  handlerVersion,
}: {
  readonly serviceName: string;
  readonly handlerVersion: string | undefined;
}): Logger {
  return new PowertoolsLogger(createPowertools({ serviceName, persistentKeys: { handlerVersion } }));
}
