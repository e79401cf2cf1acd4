import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openServiceAt } from '../../lib/embedded/open-service.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { handler } from './programs/processor.ts';

const PROGRAM = join(import.meta.dirname, 'programs', 'submit-and-handle.ts');
const KILLS = 12;

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-kills-'));
  file = join(folder, 'jobs.db');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs the program and notes the ids of the requests that were accepted. @returns kills it, as `kill -9` does */
function run(name: string, accepted: string[]): () => Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, file, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface(child.stdout).on('line', (line) => {
    if (/^[0-9a-f-]{36}$/.test(line)) accepted.push(line);
  });
  const closed = once(child, 'close');
  return async () => {
    child.kill('SIGKILL');
    expect((await closed)[1], `${name} ended by itself`).toBe('SIGKILL');
  };
}

test('processes that are killed at random lose no request: each that was accepted ends, once', async () => {
  const accepted: string[] = [];
  const killSteady = run('steady', accepted);
  for (let kills = 0; kills < KILLS; kills++) {
    const before = accepted.length;
    const kill = run(`killed ${kills}`, accepted);
    await vi.waitFor(() => expect(accepted.length).toBeGreaterThan(before + 20), { timeout: 30_000 });
    // The moment of the kill is what the test is about.
    await sleep(randomInt(60));
    await kill();
  }
  await killSteady();

  // A clock that is ahead: leases of the killed are over.
  const clock = { now: () => Date.now() + 60_000 };
  const logger = new CollectingLogger();
  await using service = await openServiceAt({ file, processor: handler, logger }, clock);
  const ends = new Map<string, Set<string>>();
  service.consume(({ requestId, id, status }) => {
    expect(status).toBe('succeeded');
    ends.set(requestId, (ends.get(requestId) ?? new Set()).add(id));
  });
  for (const id of accepted) expect(await service.wait(id)).toMatchObject({ status: 'succeeded' });
  await vi.waitFor(() => expect(accepted.filter((id) => !ends.has(id))).toEqual([]), { timeout: 30_000 });
  expect([...ends.values()].filter(({ size }) => size !== 1)).toEqual([]);
  console.log(`${accepted.length} requests, ${KILLS + 1} kills: none lost`);
});
