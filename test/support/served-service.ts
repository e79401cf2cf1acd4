import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { listen } from '../../lib/cli/http-server.ts';
import { defineProcessor, type ProcessorRequest } from '../../lib/core/processor/handler.ts';
import { openParts, type ServiceOptions } from '../../lib/embedded/open-service.ts';
import { Service } from '../../lib/embedded/service.ts';
import { createServiceApi, type ServiceApiParts } from '../../lib/embedded/service-api.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { TestClock } from './test-clock.ts';

/** A service in a file, and its API as `coatcheck serve` has it, on a port until the test ends. Without a handler, requests wait. */
export async function openServedService(
  handler: ((request: ProcessorRequest) => unknown) | undefined,
  {
    receipts,
    shownSettings,
    clock = new TestClock(),
    ...options
  }: Pick<ServiceOptions, 'limits' | 'recordMetadata' | 'settings'> &
    Pick<ServiceApiParts, 'receipts' | 'shownSettings'> & { readonly clock?: TestClock } = {},
) {
  const logger = new CollectingLogger();
  const parts = await openParts({ ...options, file: join(await temporaryFolder(), 'a.db'), logger }, clock);
  const service = new Service({ ...parts, processor: handler && defineProcessor(handler) });
  const server = await listen({ host: '127.0.0.1', port: 0, onlyLocal: true });
  server.use(
    createServiceApi({
      ...parts,
      baseUrl: server.url,
      transferKey: randomBytes(32),
      receipts,
      shownSettings,
    }),
  );
  onTestFinished(async () => {
    await server.close();
    await service.close();
  });
  return { clock, url: server.url, service, storage: parts.storage, logger };
}
