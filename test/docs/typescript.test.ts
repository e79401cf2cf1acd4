import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { run } from '../../lib/local/run.ts';
import { type Consumer, linkPackage, makeConsumer } from '../package/consumer.ts';
import { installJsPeers } from '../support/peers/js.ts';
import { fileOf, readSnippets } from './snippets.ts';

/** Building the package, and downloading TypeScript 5 once. */
const PREPARATION_TIMEOUT_MILLISECONDS = 300_000;

/** Checking the types of the whole CDK takes seconds on a small machine. */
const COMPILER_TIMEOUT_MILLISECONDS = 120_000;

/** What the pages leave to their readers. */
const AMBIENT = `
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Stack } from 'aws-cdk-lib';
import type { OutboxRow } from 'coatcheck/outbox';

declare global {
  const stack: Stack;
  const topic: ITopic;
  const webApp: IGrantable;
  const resultWriter: IGrantable;
  const backend: IGrantable;
  const signal: AbortSignal;
  const queueUrl: string;
  const row: OutboxRow;
  const order: object;
  const client: { query(sql: string, values?: unknown[]): Promise<unknown> };
  interface PrismaTable { create(options: { data: object }): Promise<unknown> }
  const prisma: { order: PrismaTable; outbox: PrismaTable; $transaction(work: Promise<unknown>[]): Promise<unknown> };
  const queue: { push(event: unknown): Promise<void> };
  function currentToken(): Promise<string>;
  function save(requestId: string, result: unknown): Promise<void>;
  function complain(requestId: string, problem: unknown): Promise<void>;
}
`;

/** A package that nothing here depends on. */
const NODE_SERVER = `
declare module '@hono/node-server' {
  export function serve(options: { fetch(request: Request): Response | Promise<Response>; port?: number }): unknown;
}
`;

const snippets = (await readSnippets()).filter(({ language }) => language === 'ts');

let parent: string;
let consumer: Consumer;
let typescript5: string;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'coatcheck-snippets-'));
  const [made, peers] = await Promise.all([makeConsumer(parent), installJsPeers()]);
  // Snippets and examples use them; the package has them built in.
  for (const name of ['hono', 'standardwebhooks']) await linkPackage(name, made.folder);
  consumer = made;
  typescript5 = join(peers.folder, 'node_modules', 'typescript', 'bin', 'tsc');
  await cp(join(PROJECT_FOLDER, 'examples'), join(consumer.folder, 'examples'), { recursive: true });
  for (const snippet of snippets) await write(fileOf(snippet), snippet.code);
  await write('ambient.d.ts', AMBIENT);
  await write('node-server.d.ts', NODE_SERVER);
}, PREPARATION_TIMEOUT_MILLISECONDS);

afterAll(() => rm(parent, { recursive: true, force: true }));

async function write(file: string, text: string): Promise<void> {
  const path = join(consumer.folder, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

test('E14: the pages have snippets in TypeScript', () => {
  expect(snippets.length).toBeGreaterThan(10);
});

test.each([
  { compiler: 'TypeScript 7', libraries: ['es2024'] },
  { compiler: 'TypeScript 7', libraries: ['es2024', 'dom', 'dom.iterable'] },
  { compiler: 'TypeScript 5', libraries: ['es2024', 'dom', 'dom.iterable'] },
])(
  'E14: $compiler finds no error in the snippets with $libraries',
  { timeout: COMPILER_TIMEOUT_MILLISECONDS },
  async ({ compiler, libraries }) => {
    const project = `tsconfig.${libraries.join('-')}.json`;
    await write(project, JSON.stringify(projectWith(libraries)));
    const typescript7 = join(PROJECT_FOLDER, 'node_modules', '@typescript/native', 'bin', 'tsc');
    const program = compiler === 'TypeScript 5' ? typescript5 : typescript7;
    const { output } = await run(process.execPath, [program, '--project', project], { cwd: consumer.folder });
    expect(output).toBe('');
  },
);

function projectWith(libraries: readonly string[]) {
  return {
    compilerOptions: {
      target: 'es2024',
      lib: libraries,
      module: 'nodenext',
      types: ['node'],
      strict: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      noEmit: true,
    },
    files: ['ambient.d.ts', 'node-server.d.ts', ...snippets.map(fileOf)],
  };
}

test('E14: every processor of the pages loads', async () => {
  const processors = snippets.filter(({ code }) => code.includes('export const handler'));
  const urls = processors.map((snippet) => pathToFileURL(join(consumer.folder, fileOf(snippet))).href);
  const script = `for (const url of ${JSON.stringify(urls)}) console.log(typeof (await import(url)).handler);`;
  const { output } = await run(process.execPath, ['--input-type=module', '--eval', script]);
  expect(output).toBe('function\n'.repeat(urls.length));
  expect(urls.length).toBeGreaterThan(4);
});
