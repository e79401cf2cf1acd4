import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';

/** Size limit of the minified client for browsers. It takes 74 kB: 20 of the signer's libraries, 5 of the checks of options. */
const MAX_BYTES = 75_000;

/** Globals of a browser that the client may use, without those of Node. */
const WEB = {
  AbortController,
  AbortSignal,
  Blob,
  btoa,
  clearTimeout,
  crypto,
  Headers,
  Response,
  setTimeout,
  TextDecoder,
  TextEncoder,
  URL,
  WritableStream,
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

test('bundles for browsers without modules of Node', () => {
  expect(bundle).not.toMatch(/\brequire\(|["']node:/);
  expect(bundle.length).toBeLessThan(MAX_BYTES);
  // A setting of deployments.
  expect(bundle).not.toContain('queue.batchWindow');
});

test('submits a request with globals of a browser only', async () => {
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
