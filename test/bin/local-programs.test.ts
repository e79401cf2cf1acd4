import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { run } from '../../lib/local/run.ts';
import { freePort } from '../local/free-port.ts';

/** What stops the programs before they touch anything; what they do else is the work of `npm run demo` itself. */
describe.each(['demo.ts', 'local.ts'])('bin/%s ends with one message when', (program) => {
  test('something else has the port', async () => {
    const server = createServer((socket) => socket.end('not HTTP\r\n')).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? String(address?.port) : '';

    expect(await start(program, { COATCHECK_LOCAL_PORT: port })).toBe(`
Port ${port} is taken by something that isn't a local AWS.
Stop that, or choose another port by setting COATCHECK_LOCAL_PORT, for example COATCHECK_LOCAL_PORT=${Number(port) + 1}.
`);
  });

  test('the port is no port', async () => {
    expect(await start(program, { COATCHECK_LOCAL_PORT: 'http' })).toBe(
      '\nCOATCHECK_LOCAL_PORT must be a port from 1 to 65535, got http\n',
    );
  });

  test('nothing answers at AWS_ENDPOINT_URL', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;

    expect(await start(program, { AWS_ENDPOINT_URL: endpoint })).toBe(`
AWS_ENDPOINT_URL is ${endpoint}, and nothing answers there.
Start what should, or unset the variable to have a local AWS started.
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
