import { Logger as Powertools } from '@aws-lambda-powertools/logger';
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

/** The logger of a process: JSON lines with the name of the service and, if it has one, the version of its handler. */
export function processLogger({
  serviceName,
  handlerVersion,
}: {
  readonly serviceName: string;
  readonly handlerVersion: string | undefined;
}): Logger {
  return new PowertoolsLogger(new Powertools({ serviceName, persistentKeys: { handlerVersion } }));
}
