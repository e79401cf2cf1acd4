import { createServer } from 'node:net';
import { type LocalAws, openLocalAws } from '../../lib/local/emulator.ts';
import { readLocalSettings } from '../../lib/local/environment.ts';

/**
 * A local AWS of the tests' own, or the one `AWS_ENDPOINT_URL` names. Disposing ends it if this started it.
 * @param folder where its log goes
 */
export async function openTestAws(folder: string): Promise<LocalAws> {
  return openLocalAws({ ...readLocalSettings(process.env), port: await freePort(), folder });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
