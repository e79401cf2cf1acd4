import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { bearer, CoatcheckClient } from 'coatcheck/client';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../local/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { WorkerProcess } from '../support/worker-process.ts';

test('the taker in Python handles requests, across a kill of the service, and ends in order', async () => {
  const folder = await temporaryFolder();
  const key = 'k'.repeat(32);
  const variables = { COATCHECK_PORT: String(await freePort()), COATCHECK_API_KEYS: key };
  const first = new WorkerProcess(folder, [], variables, 'serve');
  onTestFinished(() => first[Symbol.dispose]());
  await first.started();
  const taker = spawn('python3', ['examples/python-taker/taker.py', first.apiUrl], {
    stdio: 'ignore',
    env: { PATH: process.env.PATH, COATCHECK_TOKEN: key },
  });
  onTestFinished(() => void taker.kill('SIGKILL'));
  const client = new CoatcheckClient({ baseUrl: first.apiUrl, auth: bearer(key) });
  const submit = async (payload: Blob | Uint8Array<ArrayBuffer>, contentType?: string) => {
    const { id } = await client.submit(payload, { contentType });
    return id;
  };
  const text = await submit(new Blob(['to be or not']), 'text/plain');
  expect(await client.wait(text)).toMatchObject({ status: 'succeeded' });
  expect(await (await client.result(text)).json()).toEqual({ words: 4, characters: 12 });
  const broken = await submit(new Uint8Array([0xff]));
  expect(await client.wait(broken)).toMatchObject({ status: 'failed', problem: { code: 'text_invalid' } });
  const large = await submit(new Blob(['word '.repeat(400_000)]), 'text/plain');
  expect(await client.wait(large)).toMatchObject({ status: 'succeeded' });
  first.child.kill('SIGKILL');
  await first.exit();
  const second = new WorkerProcess(folder, [], variables, 'serve');
  onTestFinished(() => second[Symbol.dispose]());
  await second.started();
  const after = await submit(new Blob(['after the kill']), 'text/plain');
  expect(await client.wait(after)).toMatchObject({ status: 'succeeded' });
  taker.kill('SIGTERM');
  expect((await once(taker, 'exit'))[0]).toBe(0);
});
