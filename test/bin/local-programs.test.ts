import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { run } from '../../lib/local/run.ts';
import { freePort } from '../local/free-port.ts';

/** Errors before the programs do anything; `npm run demo` itself covers the rest. */
describe.each(['demo.ts', 'local.ts'])('bin/%s prints one message if', (program) => {
  test('the port is in use', async () => {
    const server = createServer((socket) => socket.end('not HTTP\r\n')).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? String(address?.port) : '';

    expect(await start(program, { COATCHECK_LOCAL_PORT: port })).toBe(`
Port ${port} is in use by a program that isn't a local AWS.
Stop that program, or set COATCHECK_LOCAL_PORT to another port, for example COATCHECK_LOCAL_PORT=${Number(port) + 1}.
`);
  });

  test('the port is invalid', async () => {
    expect(await start(program, { COATCHECK_LOCAL_PORT: 'http' })).toBe(
      '\nCOATCHECK_LOCAL_PORT must be a port from 1 to 65535, got http\n',
    );
  });

  test('nothing answers at AWS_ENDPOINT_URL', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;

    expect(await start(program, { AWS_ENDPOINT_URL: endpoint })).toBe(`
Nothing answers at AWS_ENDPOINT_URL, ${endpoint}.
Start the AWS emulator there, or unset the variable to start a local AWS.
`);
  });
});

async function start(program: string, settings: NodeJS.ProcessEnv): Promise<string> {
  const { COATCHECK_LOCAL_PORT, AWS_ENDPOINT_URL, FORCE_COLOR, ...environment } = process.env;
  const path = join(import.meta.dirname, '..', '..', 'bin', program);
  const { succeeded, output } = await run(process.execPath, [path], { env: { ...environment, ...settings } });
  expect(succeeded).toBe(false);
  return output;
}
