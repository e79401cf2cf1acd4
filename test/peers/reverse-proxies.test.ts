import { bearer, CoatcheckClient } from 'coatcheck/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { freePort } from '../local/free-port.ts';
import { available } from '../support/brokers/available.ts';
import { findReverseProxies, startReverseProxy } from '../support/peers/reverse-proxies.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { WorkerProcess } from '../support/worker-process.ts';

const CALLER_KEY = 'c'.repeat(32);
const OPERATOR_KEY = 'o'.repeat(32);

const proxies = (await available('reverse proxies', findReverseProxies)) ?? [];

/** A service, and a proxy in front of it. @returns the URL of the proxy */
async function serveBehind(proxy: (typeof proxies)[number]): Promise<string> {
  const port = await freePort();
  const servicePort = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const service = new WorkerProcess(
    await temporaryFolder(),
    [`${PROJECT_FOLDER}/test/support/programs/describing-processor.ts`, '--console'],
    {
      COATCHECK_PORT: String(servicePort),
      COATCHECK_URL: url,
      COATCHECK_API_KEYS: CALLER_KEY,
      COATCHECK_OPERATOR_KEYS: OPERATOR_KEY,
    },
    'serve',
  );
  onTestFinished(() => service[Symbol.dispose]());
  await service.started();
  const server = await startReverseProxy(proxy, port, servicePort);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return url;
}

/** The first event of a page of the console that follows changes, after signing in. */
async function firstEventOf(url: string): Promise<string> {
  const signedIn = await fetch(`${url}/console/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url, 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ key: OPERATOR_KEY }),
  });
  const [cookie = ''] = (signedIn.headers.get('set-cookie') ?? '').split(';');
  const stream = await fetch(`${url}/console`, { headers: { accept: 'text/event-stream', cookie } });
  expect(stream.headers.get('content-type')).toBe('text/event-stream');
  let text = '';
  for await (const bytes of stream.body ?? []) {
    text += Buffer.from(bytes).toString();
    if (text.includes('\n\n')) break;
  }
  return text;
}

describe.runIf(proxies.length > 0)('a service behind', () => {
  test.each(proxies.map((proxy) => [proxy.name, proxy] as const))('%s', async (_, proxy) => {
    const url = await serveBehind(proxy);
    const client = new CoatcheckClient({ baseUrl: url, auth: bearer(CALLER_KEY) });

    const metadata = { order_id: '17', 'a.b': 'c', plain: 'd' };
    const small = await client.submit('hello', { id: 'a/b c', metadata, waitSeconds: 20 });
    expect(await (await client.result(small.id)).json()).toEqual({ bytes: 5, metadata });

    const large = await client.submit(new Uint8Array(5_000_000), { waitSeconds: 20 });
    expect(await (await client.result(large.id)).json()).toMatchObject({ bytes: 5_000_000 });

    const headers = { authorization: `Bearer ${CALLER_KEY}` };
    expect(await fetch(`${url}/v1/requests/a%2Fb%20c`, { headers })).toMatchObject({ status: 200 });

    expect(await firstEventOf(url)).toMatch(/^data: .*\n\n$/s);
  });
});
