import { createServer } from 'node:net';
import { type LocalAws, openLocalAws } from '../../lib/local/emulator.ts';
import { readLocalSettings } from '../../lib/local/environment.ts';

/**
 * Starts a local AWS for the tests, or uses the one that `AWS_ENDPOINT_URL` names. Disposing stops it if it was started here.
 * @param folder for its log
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
