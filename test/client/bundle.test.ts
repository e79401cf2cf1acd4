import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';

/** Most bytes of the client in a browser, minified: with the signer it takes about 40 kB. */
const MAX_BYTES = 60_000;

/** What the client may use of a browser; nothing of Node is there. */
const WEB = {
  AbortController,
  AbortSignal,
  Blob,
  btoa,
  clearTimeout,
  crypto,
  FormData,
  Headers,
  Response,
  setTimeout,
  TextDecoder,
  TextEncoder,
  URL,
};

let bundle = '';

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [`${PROJECT_FOLDER}/lib/client/index.ts`],
    bundle: true,
    format: 'iife',
    globalName: 'coatcheck',
    minify: true,
    platform: 'browser',
    target: 'es2022',
    write: false,
  });
  bundle = outputFiles[0]?.text ?? '';
});

test('the client is bundled for browsers, without anything of Node', () => {
  expect(bundle).not.toMatch(/\brequire\(|["']node:/);
  expect(bundle.length).toBeLessThan(MAX_BYTES);
});

test('it hands in a request where there is nothing but a browser', async () => {
  const calls: [URL, RequestInit][] = [];
  const fetch = async (url: URL, init: RequestInit) => {
    calls.push([url, init]);
    return Response.json({ id: 'r-1', status: 'queued' }, { status: 202 });
  };
  const context = createContext({ ...WEB, fetch });
  const program = `
    const auth = coatcheck.sigv4({
      region: 'eu-central-1', credentials: { accessKeyId: 'A', secretAccessKey: 'S' }, now: () => 0,
    });
    const client = new coatcheck.CoatcheckClient({ baseUrl: 'https://example.com/stage', auth });
    client.submitJson({ x: 1 }).then((request) => request.id)`;
  expect(await runInContext(`${bundle};${program}`, context)).toBe('r-1');
  expect(String(calls[0]?.[0])).toBe('https://example.com/stage/v1/requests');
  expect(new Headers(calls[0]?.[1].headers).get('authorization')).toMatch(
    /^AWS4-HMAC-SHA256 Credential=A\/1970/,
  );
});
