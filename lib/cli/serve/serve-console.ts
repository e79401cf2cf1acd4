import type { Hono } from 'hono';
import { bearer, CoatcheckClient } from '../../client/index.ts';
import type { ConsoleAccess } from '../../console/access.ts';
import { createConsole } from '../../console/console.ts';
import { CONSOLE_RETRY } from '../../console/console-retry.ts';
import { KeyAccess } from '../../console/key-access.ts';
import { mountConsole } from '../../console/mount-console.ts';
import { CONSOLE_PATH } from '../../core/config/console-environment.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { type ApiKeys, keyFinder } from '../../embedded/api-keys.ts';
import { isLoopback } from '../http-server.ts';
import { projectVersion } from '../project-version.ts';
import { TOKEN_VARIABLE } from '../service-options.ts';

/** What the console of `coatcheck serve` is made of. */
export interface ServeConsoleOptions {
  /** The API, which it calls within the process. */
  readonly api: Hono;
  /** The URL of the API for clients, without /v1. */
  readonly url: string;
  /** @default - the API asks for no credentials, and so does the console */
  readonly apiKeys: ApiKeys | undefined;
  readonly mayAct: boolean;
  readonly logger: Logger;
  /** Ends live pages when it fires. */
  readonly signal: AbortSignal;
}

/** The console of `coatcheck serve`. */
export function serveConsole(options: ServeConsoleOptions): Hono {
  const { url, apiKeys, logger, signal } = options;
  const served = createConsole({
    access: accessOf(options),
    shell: {
      url,
      cliOptions: ['--api', url],
      queueOptions: [],
      curlOptions: apiKeys ? [`-H "authorization: Bearer $${TOKEN_VARIABLE}"`] : [],
    },
    version: projectVersion(),
    logPlace: 'the log of coatcheck serve',
    log: (line, caller) => logger.info(line, caller === undefined ? {} : { caller }),
    signal,
  });
  return mountConsole(CONSOLE_PATH, served);
}

function accessOf({ api, url, apiKeys, mayAct }: ServeConsoleOptions): ConsoleAccess {
  const fetch = async (...call: Parameters<typeof globalThis.fetch>) => api.fetch(new Request(...call));
  const clientFor = (key: string) => {
    const auth = apiKeys && bearer(key);
    return new CoatcheckClient({ baseUrl: url, retry: CONSOLE_RETRY, fetch, ...(auth && { auth }) });
  };
  const howToAct = 'Start the service with --console actions to change anything.';
  if (apiKeys) {
    const find = keyFinder(apiKeys);
    return new KeyAccess({ find, clientFor, mayAct, howToAct, isLocal: isLoopback });
  }
  return {
    guard: (_, next) => next(),
    clientOf: () => clientFor(''),
    mayAct: () => mayAct,
    howToAct,
    notice: 'Every program of this machine may use this console: the service has no keys.',
  };
}
