import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { PermanentError, type ProcessorRequest, processor } from 'coatcheck';
import { openService, type ReceivedOutcome, type Rehearsal, type ServiceOptions } from 'coatcheck/embedded';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-rehearsals-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const logger = new CollectingLogger();

function open(handler: (request: ProcessorRequest) => unknown, options: Partial<ServiceOptions> = {}) {
  const file = join(folder, 'jobs.db');
  const settings = { maxAttempts: 1, concurrency: 50 };
  return openService({ file, processor: processor(handler), logger, settings, ...options });
}

/** Everything that the service keeps: all rows of all tables, and all files. */
async function contentOf(): Promise<Record<string, unknown>> {
  using database = new DatabaseSync(join(folder, 'jobs.db'), { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all();
  const rows = tables.map(({ name }) => [name, database.prepare(`SELECT * FROM "${name}"`).all()] as const);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('jobs.db'))
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted();
  const contents = files.map(async (file) => [file, await readFile(file, 'base64')] as const);
  return Object.fromEntries([...rows, ...(await Promise.all(contents))]);
}

function deadLetters(): number {
  using database = new DatabaseSync(join(folder, 'jobs.db'), { readOnly: true });
  const counted = database
    .prepare("SELECT count(*) AS count FROM messages WHERE queue = 'dead-letters'")
    .get();
  return Number(counted?.count);
}

const COUNT = 500;

/** Too large for the file: it goes to the directory. */
const LARGE = 'x'.repeat(1_100_000);

/** The errors of five causes. */
const CAUSES = [
  () => new TypeError('total is undefined'),
  () => new RangeError('Invalid array length'),
  () => Object.assign(new Error('syntax error at or near "FORM"'), { code: '42601' }),
  () => Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:443'), { code: 'ECONNREFUSED' }),
  () => new Error('Unknown currency'),
];

async function numberOf(request: ProcessorRequest): Promise<number> {
  const { number } = Object(await request.json());
  return number;
}

async function broken(request: ProcessorRequest): Promise<never> {
  throw CAUSES[(await numberOf(request)) % 5]?.();
}

/** Fixes three causes, and fails by another error for one of the others. */
async function fixed(request: ProcessorRequest): Promise<unknown> {
  const number = await numberOf(request);
  await request.checkpoint({ number });
  if (number % 5 === 3) throw CAUSES[3]?.();
  if (number % 5 === 4) throw new PermanentError('No such currency', { code: 'currency_unknown' });
  return number % 100 === 0 ? LARGE : { number };
}

/** What became of a request, as a rehearsal says it. */
function endOf({ requestId: id, tenant, ...outcome }: ReceivedOutcome): Omit<Rehearsal, 'message'> {
  const request = { id, source: '', ...(tenant !== undefined && { tenant }) };
  if (outcome.status === 'succeeded') return { ...request, result: 'succeeds' };
  const { code, details } = outcome.problem;
  const last = code === 'attempts_exhausted' ? Object(details).lastError : { code };
  return { ...request, result: 'fails', code: last.code ?? last.name };
}

test('500 dead letters of five causes, and a fix of three: the rehearsal foretells the redrive, and changes nothing', async () => {
  const numbers = Array.from({ length: COUNT }, (_, number) => number);
  const tenantOf = (number: number) => (number % 7 === 0 ? { tenant: 'blue' } : {});
  {
    await using before = await open(broken, { output: false });
    const submit = (number: number) =>
      before.submit({ number, more: number % 100 === 0 ? LARGE : '' }, tenantOf(number));
    await Promise.all(numbers.map(submit));
    await eventually(() => expect(deadLetters()).toBe(COUNT));
  }

  // Otherwise the redrive would put back once more what fails again.
  const redriven = Promise.withResolvers<void>();
  let rehearsed = 0;
  await using service = await open(async (request) => {
    if (request.isRehearsal) rehearsed++;
    else await redriven.promise;
    return fixed(request);
  });
  const before = await contentOf();
  const foretold = await service.rehearse();
  expect(await contentOf()).toEqual(before);
  expect(rehearsed).toBe(COUNT);
  expect(counted(foretold)).toEqual({ succeeds: 300, ECONNREFUSED: 100, currency_unknown: 100 });

  const ends = new Map<string, Omit<Rehearsal, 'message'>>();
  service.consume((outcome) => ends.set(outcome.requestId, endOf(outcome)));
  expect(await service.redrive()).toBe(COUNT);
  redriven.resolve();
  await eventually(() => expect(ends.size).toBe(COUNT));
  expect(foretold.map(({ id }) => ends.get(id))).toEqual(foretold.map(({ message: _, ...each }) => each));
});

function counted(found: readonly Rehearsal[]): Record<string, number> {
  const groups = Map.groupBy(found, ({ result, code }) => code ?? result);
  return Object.fromEntries([...groups].map(([name, { length }]) => [name, length]));
}

test('a rehearsal ends with its signal, and with the service', async () => {
  {
    await using before = await open(broken);
    await before.submit({ number: 1 });
    await eventually(() => expect(deadLetters()).toBe(1));
  }
  const started: (() => void)[] = [];
  const stoppable = ({ signal }: ProcessorRequest) => {
    for (const start of started.splice(0)) start();
    return sleep(60_000, undefined, { signal });
  };
  const service = await open(stoppable, { graceSeconds: 1 });
  const controller = new AbortController();
  started.push(() => controller.abort(new Error('Not now')));
  await expect(service.rehearse({ signal: controller.signal })).rejects.toThrow('Not now');
  started.push(() => void service.close());
  await expect(service.rehearse()).rejects.toThrow('aborted');
  await service.close();
  expect(deadLetters()).toBe(1);
});

test('a service without a processor rehearses nothing', async () => {
  await using service = await openService({ file: join(folder, 'jobs.db'), logger });
  await expect(service.rehearse()).rejects.toThrow('rehearse() needs a processor');
});
