import { expect, test } from 'vitest';
import { openLocalAws } from '../../lib/local/emulator.ts';
import { LocalAwsGone } from '../../lib/local/errors.ts';
import { withLocalAws } from '../../lib/local/with-local-aws.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { freePort } from './free-port.ts';

/** Allows for the first start on a machine, which installs the emulator. */
const TIMEOUT_MS = 300_000;

test('reports that the local AWS was stopped by its owner', {
  timeout: TIMEOUT_MS,
}, async () => {
  const port = await freePort();
  const owner = await openLocalAws({ port, folder: await temporaryFolder() });

  const working = withLocalAws({ port }, async () => {
    await owner[Symbol.asyncDispose]();
    throw new Error('connect ECONNREFUSED');
  });

  await expect(working).rejects.toThrow(LocalAwsGone);
});

test('passes on other errors', { timeout: TIMEOUT_MS }, async () => {
  const options = { port: await freePort(), folder: await temporaryFolder() };

  const working = withLocalAws(options, async () => {
    throw new Error('something else');
  });

  await expect(working).rejects.toThrow('something else');
});
