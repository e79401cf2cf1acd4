import { once } from 'node:events';
import { createConsole } from '../../console/console.ts';
import { CONSOLE_RETRY } from '../../console/console-retry.ts';
import { isForPeople, note, print, printCells } from '../../terminal/output.ts';
import { listen } from '../http-server.ts';
import { projectVersion } from '../project-version.ts';
import { type ConnectedService, connectService } from '../service.ts';
import type { ServiceOptions } from '../service-options.ts';
import { LoopbackAccess } from './loopback-access.ts';

/** Only this machine reaches it. */
const HOST = '127.0.0.1';

/** How to serve a console. */
export interface ConsoleRunOptions extends ServiceOptions {
  readonly port: number;
  readonly allowActions?: true;
}

/** Serves the console of a service until the signal fires. @throws ConfigurationError if the port can't be used */
export async function runConsole(options: ConsoleRunOptions, signal: AbortSignal): Promise<void> {
  const service = await connectService(options, signal, { retry: CONSOLE_RETRY });
  const access = new LoopbackAccess(service.client, options.allowActions === true);
  const server = await listen({ host: HOST, port: options.port, onlyLocal: false });
  try {
    server.use(
      createConsole({
        access,
        shell: shellOf(options, service),
        version: projectVersion(),
        remedy: service.credentials.remedy,
        logPlace: 'the output of coatcheck console',
        log: (line) => void printCells([new Date().toISOString(), line]).catch(() => {}),
        signal,
      }),
    );
    await print(access.startUrl(server.url));
    if (isForPeople({})) note(`The console of ${service.url}, for one browser. Ctrl-C stops it.`);
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await server.close();
  }
}

/** The commands work in any folder: without a stack, they name the API. */
function shellOf({ stack, service: path }: ConsoleRunOptions, { url, credentials }: ConnectedService) {
  const named = [
    ...(stack === undefined ? [] : ['--stack', stack]),
    ...(path === undefined ? [] : ['--service', path]),
  ];
  return {
    url,
    queueOptions: named,
    cliOptions: named.length > 0 ? named : ['--api', url],
    curlOptions: credentials.curlOptions,
  };
}
