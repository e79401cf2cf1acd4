import { copyFile, cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { ACTION_ROUTES } from '../../lib/api/action-routes.ts';
import { ACTIVITY_ROUTES } from '../../lib/api/activity-routes.ts';
import { BATCH_ROUTES } from '../../lib/api/batch-routes.ts';
import { openApiDocument } from '../../lib/api/openapi-document.ts';
import { SCHEDULE_ROUTES } from '../../lib/api/schedule-routes.ts';
import { WORK_ROUTES } from '../../lib/api/work-routes.ts';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { ApiHarness } from '../support/api-harness.ts';
import { INSTALL_TIMEOUT_MILLISECONDS, peerFolder } from '../support/peers/installation.ts';
import { installJavaPeers } from '../support/peers/java.ts';
import { installJsPeers } from '../support/peers/js.ts';
import { installPythonPeers } from '../support/peers/python.ts';
import { runProgram } from '../support/peers/run-program.ts';
import { hasToolchain } from '../support/peers/toolchain.ts';
import { ServedApi } from '../support/served-api.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const hasPython = await hasToolchain('python');
const hasGo = await hasToolchain('go');
const hasJava = await hasToolchain('java');
const timeout = INSTALL_TIMEOUT_MILLISECONDS;

/** The requests the programs submit, as the handler must get them: JSON once encoded, bytes untouched. */
const SUBMITTED = [
  { contentType: 'application/json', body: { x: 6, text: 'ü', list: [1, null] } },
  { contentType: 'application/octet-stream', body: '\x00\xff{}' },
];

/** What the programs print. */
const PRINTED = { statuses: ['succeeded', 'succeeded'], result: '{"done":true}', upload: 'POST' };

test('the types of coatcheck/client are those of the description', { timeout }, async () => {
  const { folder: peers } = await installJsPeers();
  const folder = await describedIn(await temporaryFolder());
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
    const folder = await describedIn(await temporaryFolder());
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

  test('@hey-api/openapi-ts 0.99', { timeout }, async () => {
    await using service = await recordingService();
    const { folder: peers } = await installJsPeers('openapi-js');
    const folder = await describedIn(await temporaryFolder());
    const generator = join(peers, 'node_modules', '@hey-api', 'openapi-ts', 'bin', 'run.js');
    await runProgram(process.execPath, [generator, '-i', 'openapi.json', '-o', 'hey-api', '--silent'], {
      cwd: folder,
    });
    expect(await submitted('submit-by-hey-api', folder, service.url)).toEqual(PRINTED);
    expect(service.received).toEqual(SUBMITTED);
  });

  test.runIf(hasJava)('openapi-generator 7.24 for TypeScript, but for bytes', { timeout }, async () => {
    await using service = await recordingService();
    const folder = await describedIn(await temporaryFolder());
    const generator = ['-cp', await installJavaPeers('openapi-generator'), OPENAPI_GENERATOR, 'generate'];
    const options = ['-i', 'openapi.json', '-g', 'typescript-fetch', '-o', 'openapi-generator'];
    await runProgram('java', [...generator, ...options], { cwd: folder });
    const printed = await submitted('submit-by-openapi-generator', folder, service.url);
    expect(printed).toEqual({ ...PRINTED, statuses: ['succeeded'] });
    expect(service.received).toEqual(SUBMITTED.slice(0, 1));
  });

  test.runIf(hasPython)('openapi-python-client', { timeout }, async () => {
    await using service = await recordingService();
    const python = await installPythonPeers();
    const folder = await describedIn(await temporaryFolder());
    // Formatting the client is all the hooks do, and a formatter that is missing is a warning.
    await writeFile(join(folder, 'config.yml'), `post_hooks: []\ncontent_type_overrides: ${OVERRIDES}\n`);
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

  test.runIf(hasGo)('ogen 1.25', { timeout }, async () => {
    await using service = await recordingService();
    const folder = await goModule();
    await go(folder, 'tool', 'ogen', '--target', 'ogen/api', '--package', 'api', 'openapi.json');
    expect(JSON.parse(await go(folder, 'run', './ogen', service.url))).toEqual(PRINTED_BY_GO);
    expect(service.received).toEqual(SUBMITTED);
  });

  test.runIf(hasGo)('oapi-codegen 2.8', { timeout }, async () => {
    await using service = await recordingService();
    const folder = await goModule();
    const out = join(folder, 'oapi-codegen', 'api');
    await mkdir(out);
    const options = ['-generate', 'types,client', '-package', 'api', '-o', join(out, 'client.gen.go')];
    await go(folder, 'tool', 'oapi-codegen', ...options, 'openapi.json');
    expect(JSON.parse(await go(folder, 'run', './oapi-codegen', service.url))).toEqual(PRINTED_BY_GO);
    expect(service.received).toEqual(SUBMITTED);
  });

  test.runIf(hasGo && hasJava)('openapi-generator 7.24 for Go, but for bytes', { timeout }, async () => {
    await using service = await recordingService();
    const folder = await goModule();
    const generator = ['-cp', await installJavaPeers('openapi-generator'), OPENAPI_GENERATOR, 'generate'];
    const output = ['-g', 'go', '-o', 'openapi-generator/api'];
    const properties = 'enumClassPrefix=true,packageName=api,withGoMod=false';
    const options = ['-i', 'openapi.json', ...output, '--additional-properties', properties];
    await runProgram('java', [...generator, ...options], { cwd: folder });
    const printed = await go(folder, 'run', './openapi-generator', service.url);
    expect(JSON.parse(printed)).toEqual({ ...PRINTED_BY_GO, statuses: ['succeeded'] });
    expect(service.received).toEqual(SUBMITTED.slice(0, 1));
  });
});

/** Bundles a program with the client in a folder, as a web application does, and runs it. @returns what it submitted */
async function submitted(program: string, folder: string, url: string): Promise<unknown> {
  const file = join(folder, `${program}.ts`);
  await copyFile(join(peerFolder('openapi-js'), `${program}.ts`), file);
  const outfile = join(folder, `${program}.mjs`);
  await build({ entryPoints: [file], bundle: true, format: 'esm', outfile, logLevel: 'error' });
  const { submit } = await import(pathToFileURL(outfile).href);
  return submit(url);
}

/** Their programs also open an upload that is too large for one call, and for an integer of 32 bits. */
const PRINTED_BY_GO = {
  statuses: PRINTED.statuses,
  result: PRINTED.result,
  uploads: ['POST', 'PUT_PARTS'],
};

const OPENAPI_GENERATOR = 'org.openapitools.codegen.OpenAPIGenerator';

/** The Go programs, with the description for the generators of their clients. */
async function goModule(): Promise<string> {
  const folder = await describedIn(await temporaryFolder());
  await cp(peerFolder('openapi'), folder, { recursive: true });
  return folder;
}

function go(cwd: string, ...args: readonly string[]): Promise<string> {
  return runProgram('go', args, { cwd });
}

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

/** Has the client send and read lines as bytes. */
const OVERRIDES = '{"application/x-ndjson": "application/octet-stream"}';

const OPTIONS = ['--meta', 'none', '--fail-on-warning', '--config', 'config.yml'];

/** The API over HTTP, with a handler that keeps what it is given. */
async function recordingService(): Promise<ServedApi & { readonly received: readonly object[] }> {
  const received: object[] = [];
  const api = new ApiHarness(async (request) => {
    const body = Buffer.from(await request.bytes());
    const isJson = request.contentType === 'application/json';
    received.push({
      contentType: request.contentType,
      body: isJson ? JSON.parse(body.toString()) : body.toString('latin1'),
    });
    return { done: true };
  });
  return Object.assign(await new ServedApi(api).start(), { received });
}

/** Writes the description into a folder, with the routes that only some hosts have. */
async function describedIn(folder: string): Promise<string> {
  const description = openApiDocument('none', [
    ...SCHEDULE_ROUTES,
    ...BATCH_ROUTES,
    ...WORK_ROUTES,
    ...ACTION_ROUTES,
    ...ACTIVITY_ROUTES,
  ]);
  await writeFile(join(folder, 'openapi.json'), JSON.stringify(description));
  return folder;
}
