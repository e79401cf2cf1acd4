import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { ApiHarness } from '../support/api-harness.ts';
import { INSTALL_TIMEOUT_MILLISECONDS, peerFolder } from '../support/peers/installation.ts';
import { installJsPeers } from '../support/peers/js.ts';
import { installPythonPeers } from '../support/peers/python.ts';
import { runProgram } from '../support/peers/run-program.ts';
import { hasToolchain } from '../support/peers/toolchain.ts';
import { ServedApi } from '../support/served-api.ts';

const hasPython = await hasToolchain('python');
const timeout = INSTALL_TIMEOUT_MILLISECONDS;

/** The requests the programs submit, as the handler must get them: JSON once encoded, bytes untouched. */
const SUBMITTED = [
  { contentType: 'application/json', body: JSON.stringify({ x: 6, text: 'ü', list: [1, null] }) },
  { contentType: 'application/octet-stream', body: '\x00\xff{}' },
];

/** What the programs print. */
const PRINTED = { statuses: ['succeeded', 'succeeded'], result: '{"done":true}', upload: 'POST' };

test('the types of coatcheck/client are those of the description', { timeout }, async () => {
  await using service = await recordingService();
  const { folder: peers } = await installJsPeers();
  const folder = await describedIn(await temporaryFolder(), service);
  const program = 'client-types.ts';
  await mkdir(join(folder, 'node_modules'));
  await symlink(PROJECT_FOLDER, join(folder, 'node_modules', 'coatcheck'));
  await copyFile(join(peerFolder('js'), program), join(folder, program));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  const node = (...args: readonly string[]) => runProgram(process.execPath, args, { cwd: folder });
  const tools = join(peers, 'node_modules');
  await node(join(tools, 'openapi-typescript/bin/cli.js'), 'openapi.json', '-o', 'api.d.ts');
  expect(
    await node(join(tools, 'typescript/bin/tsc'), ...STRICT, '--skipLibCheck', ...NODE_TYPES, program),
  ).toBe('');
});

describe('B9: a client generated from the description submits JSON as JSON and bytes as bytes', () => {
  test('openapi-typescript and openapi-fetch', { timeout }, async () => {
    await using service = await recordingService();
    const { folder: peers } = await installJsPeers();
    const folder = await describedIn(await temporaryFolder(), service);
    const program = 'submit-by-openapi-fetch.ts';
    await symlink(join(peers, 'node_modules'), join(folder, 'node_modules'));
    await copyFile(join(peerFolder('js'), program), join(folder, program));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    const node = (...args: readonly string[]) => runProgram(process.execPath, args, { cwd: folder });
    await node('node_modules/openapi-typescript/bin/cli.js', 'openapi.json', '-o', 'api.d.ts');
    await node('node_modules/typescript/bin/tsc', ...STRICT, program);
    const run = `console.log(JSON.stringify(await (await import('./${program}')).submit('${service.url}')))`;
    const printed = await node('--input-type=module', '--eval', run);
    expect(JSON.parse(printed)).toEqual(PRINTED);
    expect(service.received).toEqual(SUBMITTED);
  });

  test.runIf(hasPython)('openapi-python-client', { timeout }, async () => {
    await using service = await recordingService();
    const python = await installPythonPeers();
    const folder = await describedIn(await temporaryFolder(), service);
    // Formatting the client is all the hooks do, and a formatter that is missing is a warning.
    await writeFile(join(folder, 'config.yml'), 'post_hooks: []\n');
    await runProgram(
      python,
      [
        '-m',
        'openapi_python_client',
        'generate',
        '--path',
        'openapi.json',
        '--output-path',
        'client',
        ...OPTIONS,
      ],
      { cwd: folder },
    );
    const program = join(peerFolder('python'), 'submit_by_generated_client.py');
    const printed = await runProgram(python, [program, folder, service.url]);
    expect(JSON.parse(printed)).toEqual(PRINTED);
    expect(service.received).toEqual(SUBMITTED);
  });
});

const STRICT = [
  '--noEmit',
  '--strict',
  '--allowImportingTsExtensions',
  '--module',
  'nodenext',
  '--lib',
  'es2024,dom',
];

/** The client is made for Node, too. */
const NODE_TYPES = ['--types', 'node', '--typeRoots', join(PROJECT_FOLDER, 'node_modules', '@types')];

const OPTIONS = ['--meta', 'none', '--fail-on-warning', '--config', 'config.yml'];

/** The API over HTTP, with a handler that keeps what it is given. */
async function recordingService(): Promise<ServedApi & { readonly received: readonly object[] }> {
  const received: object[] = [];
  const api = new ApiHarness(async (request) => {
    const body = Buffer.from(await request.bytes());
    const isJson = request.contentType === 'application/json';
    received.push({ contentType: request.contentType, body: body.toString(isJson ? 'utf8' : 'latin1') });
    return { done: true };
  });
  return Object.assign(await new ServedApi(api).start(), { received });
}

/** Writes the description into a folder. */
async function describedIn(folder: string, { api }: ServedApi): Promise<string> {
  const response = await api.call('GET', '/v1/openapi.json');
  await writeFile(join(folder, 'openapi.json'), await response.text());
  return folder;
}
