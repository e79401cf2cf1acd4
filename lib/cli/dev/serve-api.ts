import type { Logger } from '../../core/ports/telemetry.ts';
import { openParts } from '../../embedded/open-service.ts';
import { Service } from '../../embedded/service.ts';
import { createServiceApi } from '../../embedded/service-api.ts';
import { note } from '../../terminal/output.ts';
import { listen } from '../http-server.ts';
import { readKeys } from '../secret-keys.ts';
import { devServiceOptions } from './service-options.ts';

/** An API that is served. */
export interface ServedApi extends AsyncDisposable {
  /** Its URL, without /v1. */
  readonly url: string;
}

/** Only this machine reaches it: the API asks for no credentials. */
const HOST = '127.0.0.1';

/**
 * Serves the API of a service, and delivers its webhooks.
 * @param port 0 for any free one
 * @throws ConfigurationError if the port is in use
 */
export async function serveApi(folder: string, port: number): Promise<ServedApi> {
  const { transfers, webhookSecret } = await readKeys(folder);
  const parts = await openParts({ ...devServiceOptions(folder, webhookSecret), logger: LOGGER }, Date);
  const service = new Service({ ...parts, processor: undefined });
  try {
    const { url, use, close } = await listen({ host: HOST, port, onlyLocal: true });
    use(createServiceApi({ ...parts, baseUrl: url, transferKey: Buffer.from(transfers, 'base64') }));
    return {
      url,
      [Symbol.asyncDispose]: async () => {
        await close();
        await service.close();
      },
    };
  } catch (error) {
    await service.close();
    throw error;
  }
}

/** Problems of the API and of webhooks. */
const LOGGER: Logger = {
  debug: () => {},
  info: () => {},
  warn: (message, fields) => note(`${message} ${JSON.stringify(fields)}`),
  error: (message, fields) => note(`${message} ${JSON.stringify(fields)}`),
  child: () => LOGGER,
};
