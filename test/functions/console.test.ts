import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFiles } from '../../bench/support/start-files.ts';
import { bundleFunction } from '../../bin/bundle-function.ts';
import { writeConsoleEnvironment } from '../../lib/core/config/console-environment.ts';
import { OidcIssuer } from '../support/oidc-issuer.ts';

/** What the console loads when it starts. */
const MAX_START_KIB = 228;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'console-bundle-'));
  await bundleFunction('console', folder);
});
afterAll(() => rm(folder, { recursive: true }));

test('the bundle of the console is small', async () => {
  const sizes = await Promise.all(
    startFiles(join(folder, 'index.mjs')).map(async (file) => (await stat(file)).size),
  );
  const kib = sizes.reduce((sum, size) => sum + size) / 1_024;
  expect(kib).toBeGreaterThan(100);
  expect(kib).toBeLessThan(MAX_START_KIB);
});

test('the function sends browsers to the issuer, keeps the sign-in in a cookie', async () => {
  const apiUrl = 'https://jobs.example.com';
  await using issuer = await OidcIssuer.start();
  issuer.serve(`${apiUrl}/console/signed-in`);
  const variables = writeConsoleEnvironment({
    serviceName: 'reports',
    apiUrl,
    issuer: issuer.url,
    clientId: 'console',
    scopes: ['jobs/read'],
    parameters: { audience: 'jobs' },
    operatorClaim: 'groups',
    operatorValue: 'operators',
    allowActions: false,
  });
  const [first, page] = await answersOf(variables, ['/console', '/console/requests']);
  expect([first?.statusCode, first?.headers.location]).toEqual([302, 'console/now']);
  expect(page?.statusCode).toBe(302);
  expect(page?.headers['cache-control']).toBe('no-store');
  const location = new URL(page?.headers.location ?? '');
  expect(location.origin).toBe(issuer.url);
  expect(Object.fromEntries(location.searchParams)).toMatchObject({
    audience: 'jobs',
    client_id: 'console',
    redirect_uri: `${apiUrl}/console/signed-in`,
    response_type: 'code',
    scope: 'openid jobs/read',
    code_challenge_method: 'S256',
  });
  expect(page?.cookies).toEqual([
    expect.stringMatching(
      /^__Host-coatcheck-sign-in=[\w-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    ),
  ]);
});

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
}

/** Calls the bundle in a process of its own, as Lambda does. */
async function answersOf(variables: Readonly<Record<string, string>>, paths: readonly string[]) {
  const script = `
    const { handler } = await import(${JSON.stringify(join(folder, 'index.mjs'))});
    const answers = [];
    for (const rawPath of ${JSON.stringify(paths)}) {
      const requestContext = { http: { method: 'GET' } };
      answers.push(await handler({ rawPath, rawQueryString: '', headers: {}, requestContext }, {}));
    }
    console.log(JSON.stringify(answers));`;
  const env = { ...variables, LAMBDA_TASK_ROOT: folder };
  const args = ['--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  const answers: readonly Answer[] = JSON.parse(stdout);
  return answers;
}
